"""The report of the first pass: figures, tables and the page around them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.atlas import Atlas, ordered, symbol, titled
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.evaluation import Accuracy, Evaluation
from morphoscope.reports import class_map, montage, save
from morphoscope.reports.html import Picture, Section, Table, write_report
from morphoscope.reports.training_figures import history_figure
from morphoscope.stages import Study
from morphoscope.storage import write_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What the paper states, for the column beside ours.
PAPER_ACCURACY = {"train": "> 99 %", "validation": "> 99 %", "test": "≈ 96 %"}
PAPER_TIMES = {
    "simulate train": "2 h",
    "simulate validation": "2 h",
    "simulate test": "2 h",
    "train the network": "1.4 h",
    "simulate scan": "24 h",
}
_MONTAGE_MOST = 60  # a class; the command montage shows more


def write_study_report(
    study: Study,
    atlas: Atlas,
    classifier: Classifier,
    evaluations: dict[str, Evaluation],
    command: str,
) -> Path:
    """Draw all figures as PNG and SVG into figures/, write numbers.json and accuracies.csv, then report.html."""
    folder = study.folder
    figures = folder / "figures"
    history = classifier.provenance["history"]
    kept = classifier.provenance["kept_epoch"]
    map_picture = _draw(class_map(atlas), figures / "class_map")
    margin_picture = _draw(class_map(atlas, color="margin"), figures / "margin")
    history_picture = _draw(history_figure(history, kept), figures / "history")
    _write_numbers(folder, evaluations, atlas, study)
    sections = [
        Section(
            "Class map",
            [_map_text(atlas)],
            pictures=[
                Picture(map_picture, "Class read at each point of the scan, one run a point."),
                Picture(margin_picture, "Margin of the most probable class: dark along the borders."),
            ],
        ),
        Section(
            "How good the classifier is",
            _accuracy_text(evaluations["test"]),
            tables=[_accuracy_table(evaluations), _class_table(evaluations["test"])],
            pictures=[
                Picture(folder / "evaluation" / name / "confusion.png", f"Confusion matrix, {name} set.")
                for name in ("test", "validation", "train")
            ],
        ),
        Section(
            "How it was trained",
            [_training_text(classifier)],
            pictures=[Picture(history_picture, "Losses and error rates over the epochs.")],
        ),
        Section(
            "Where the network looks",
            ["Saliency for one pattern of each class of the test set. Bright: a change of u there changes the score."],
            pictures=[Picture(folder / "saliency" / "saliency.png", "Saliency gallery.")],
        ),
        Section(
            "Patterns by class",
            [f"What the scan's patterns were read as, most certain first, at most {_MONTAGE_MOST} a class."],
            folded=_montages(atlas, figures),
        ),
        Section(
            "What was run",
            [_stage_text(study)],
            tables=[_stage_table(study)],
            code=command,
        ),
    ]
    made_by = classifier.provenance["versions"]["morphoscope"]
    lead = (
        "The first pass of C. Scholz & S. Scholz, “Exploring complex pattern formation with convolutional neural "
        f"networks” (Am. J. Phys., 2022), repeated with Morphoscope {made_by}; "
        f"profile {study.options['profile']}, network {classifier.network}, seed {study.options['seed']}."
    )
    return write_report(folder / "report.html", "Gray–Scott patterns, read by a network", lead, sections)


def _draw(figure: Figure, stem: Path) -> Path:
    save(figure, stem.with_suffix(".svg"))
    return save(figure, stem.with_suffix(".png"))


def _montages(atlas: Atlas, figures: Path) -> list[Picture]:
    counts = atlas.counts()
    pictures = []
    for name in ordered(list(atlas.classes)):
        if counts[name]:
            path = _draw(montage(atlas, name, most=_MONTAGE_MOST), figures / f"montage-{name}")
            pictures.append(Picture(path, f"{titled(name)}: {counts[name]} patterns"))
    return pictures


def _write_numbers(folder: Path, evaluations: dict[str, Evaluation], atlas: Atlas, study: Study) -> None:
    write_json(
        folder / "numbers.json",
        {
            "options": study.options,
            "evaluations": {name: e.to_dict() for name, e in evaluations.items()},
            "scan": {"runs": len(atlas.runs), "read_as": atlas.counts()},
            "seconds": {name: study.seconds(name) for name in study.stages},
        },
    )
    with (folder / "accuracies.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["set", "points", "runs", "accuracy", "low95", "high95", "paper"])
        for name, e in evaluations.items():
            for points, a in (("all", e.accuracy), ("seen", e.seen), ("unseen", e.unseen)):
                writer.writerow([name, points, a.n, a.value, a.low, a.high, PAPER_ACCURACY[name]])


def _percent(accuracy: Accuracy) -> str:
    if accuracy.value is None or accuracy.low is None or accuracy.high is None:
        return "–"
    return f"{accuracy.value:.1%} [{accuracy.low:.1%}, {accuracy.high:.1%}] of {accuracy.n}"


def _accuracy_table(evaluations: dict[str, Evaluation]) -> Table:
    head = ["set", "accuracy", "paper", "at (f, k) seen in training", "at unseen (f, k)", "calibration error"]
    rows = [
        [
            name,
            _percent(e.accuracy),
            PAPER_ACCURACY[name],
            _percent(e.seen),
            _percent(e.unseen),
            f"{e.expected_calibration_error:.3f}",
        ]
        for name, e in evaluations.items()
    ]
    return Table(head, rows, "Accuracy with 95 % bootstrap intervals over runs.")


def _class_table(evaluation: Evaluation) -> Table:
    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.1%}"

    rows = [
        [titled(n), str(evaluation.support[n]),
         share(evaluation.precision[n]), share(evaluation.recall[n])]
        for n in ordered(list(evaluation.classes))
    ]  # fmt: skip
    return Table(["class", "runs", "precision", "recall"], rows, "Test set by class.")


def _accuracy_text(test: Evaluation) -> list[str]:
    confused = [f"{symbol(a)} read as {symbol(b)}: {n}" for a, b, n in test.confused()]
    most = "; ".join(confused) if confused else "none"
    return [
        "Training and validation sets share their parameter points, so they say nothing about other parameters: "
        "the column for unseen points does.",
        f"Most frequent confusions in the test set: {most}.",
    ]


def _map_text(atlas: Atlas) -> str:
    return (
        f"{len(atlas.runs)} runs of {atlas.plan.model.title} ({', '.join(atlas.plan.model.equations())}), one a point, "
        "each with its own random start. At one point several classes can coexist; one run shows one of them. "
        "The dashed line is k = (√f − 2f)/2: to its left the non-trivial homogeneous state exists."
    )


def _training_text(classifier: Classifier) -> str:
    made = classifier.provenance
    return (
        f"{classifier.network} on {made['training']['runs']} runs of {made['training']['name']}; "
        f"epoch {made['kept_epoch']} of {len(made['history'])} was kept, the last one that is "
        f"as good as the best on {made['validation']['runs']} validation runs. "
        f"Probabilities are calibrated on the validation set (temperature {classifier.temperature:.2f})."
    )


def _stage_text(study: Study) -> str:
    total = sum(study.seconds(name) for name in study.stages)
    return f"All stages before this page took {total / 60:.1f} minutes. To repeat the study, with the same seeds:"


def _stage_table(study: Study) -> Table:
    rows = [[name, f"{study.seconds(name):.1f} s", PAPER_TIMES.get(name, "–")] for name in study.stages]
    return Table(["stage", "time", "paper (full sets)"], rows)
