"""The report: the first pass's figures and tables, the second pass's where it was made, and the page around them."""

from __future__ import annotations

import csv
from pathlib import Path

from morphoscope.atlas import Atlas, ordered, titled
from morphoscope.core.storage import write_json
from morphoscope.learning.evaluation import Evaluation
from morphoscope.reports import class_map, montage
from morphoscope.reports.html import Picture, Section, Table, write_report
from morphoscope.workflows.scholz2022.parts import (
    MONTAGE_MOST,
    confusion_picture,
    confusions,
    draw,
    history_picture,
    percent,
    saliency_picture,
    training_text,
)
from morphoscope.workflows.scholz2022.passes import REPORT, Results
from morphoscope.workflows.scholz2022.second_pass import Comparison
from morphoscope.workflows.scholz2022.second_report import second_sections
from morphoscope.workflows.stages import Study

#: What the paper states, for the column beside ours.
PAPER_ACCURACY = {"train": "> 99 %", "validation": "> 99 %", "test": "≈ 96 %"}
PAPER_TIMES = {
    "simulate train": "2 h",
    "simulate validation": "2 h",
    "simulate test": "2 h",
    "train the network": "1.4 h",
    "simulate scan": "24 h",
}


def write_study_report(study: Study, first: Results, comparison: Comparison | None, command: str) -> Path:
    """Draw all figures as PNG and SVG into figures/, write numbers.json and accuracies.csv, then report.html."""
    _write_numbers(study, first, comparison)
    _write_accuracies(study.folder / "accuracies.csv", first, comparison)
    sections = _first_sections(first, study.folder)
    if comparison is not None:
        sections += second_sections(comparison, study.folder)
    sections.append(Section("What was run", [_stage_text(study)], tables=[_stage_table(study)], code=command))
    passes = "The first pass" if comparison is None else "Both passes"
    made_by = first.classifier.provenance["versions"]["morphoscope"]
    lead = (
        f"{passes} of C. Scholz & S. Scholz, “Exploring complex pattern formation with convolutional neural "
        f"networks” (Am. J. Phys., 2022), repeated with Morphoscope {made_by}; "
        f"profile {study.options['profile']}, network {first.classifier.network}, seed {study.options['seed']}."
    )
    return write_report(study.folder / "report.html", "Gray–Scott patterns, read by a network", lead, sections)


def _first_sections(first: Results, folder: Path) -> list[Section]:
    figures, atlas, evaluations = folder / "figures", first.atlas, first.evaluations
    map_picture = draw(class_map(atlas), figures / "class_map")
    margin_picture = draw(class_map(atlas, color="margin"), figures / "margin")
    return [
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
            pictures=[confusion_picture(first, folder, name) for name in ("test", "validation", "train")],
        ),
        Section("How it was trained", [training_text(first.classifier)], pictures=[history_picture(first, figures)]),
        Section(
            "Where the network looks",
            ["Saliency for one pattern of each class of the test set. Bright: a change of u there changes the score."],
            pictures=[saliency_picture(first, folder)],
        ),
        Section(
            "Patterns by class",
            [f"What the scan's patterns were read as, most certain first, at most {MONTAGE_MOST} a class."],
            folded=_montages(atlas, figures),
        ),
    ]


def _montages(atlas: Atlas, figures: Path) -> list[Picture]:
    counts = atlas.counts()
    pictures = []
    for name in ordered(list(atlas.classes)):
        if counts[name]:
            path = draw(montage(atlas, name, most=MONTAGE_MOST), figures / f"montage-{name}")
            pictures.append(Picture(path, f"{titled(name)}: {counts[name]} patterns"))
    return pictures


def _write_numbers(study: Study, first: Results, comparison: Comparison | None) -> None:
    write_json(
        study.folder / "numbers.json",
        {
            "options": study.options,
            "evaluations": {name: e.to_dict() for name, e in first.evaluations.items()},
            "scan": {"runs": len(first.atlas.runs), "read_as": first.atlas.counts()},
            "second_pass": comparison.to_dict() if comparison else None,
            "seconds": {name: study.seconds(name) for name in _stages(study)},
        },
    )


def _write_accuracies(path: Path, first: Results, comparison: Comparison | None) -> None:
    read = [("first", name, e, PAPER_ACCURACY[name]) for name, e in first.evaluations.items()]
    if comparison is not None:
        read += [("second", name, e, "") for name, e in comparison.second.evaluations.items()]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["pass", "set", "points", "runs", "accuracy", "low95", "high95", "paper"])
        for number, name, e, paper in read:
            for points, a in (("all", e.accuracy), ("seen", e.seen), ("unseen", e.unseen)):
                writer.writerow([number, name, points, a.n, a.value, a.low, a.high, paper])


def _accuracy_table(evaluations: dict[str, Evaluation]) -> Table:
    head = ["set", "accuracy", "paper", "at (f, k) seen in training", "at unseen (f, k)", "calibration error"]
    rows = [
        [
            name,
            percent(e.accuracy),
            PAPER_ACCURACY[name],
            percent(e.seen),
            percent(e.unseen),
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
    return [
        "Training and validation sets share their parameter points, so they say nothing about other parameters: "
        "the column for unseen points does.",
        f"Most frequent confusions in the test set: {confusions(test)}.",
    ]


def _map_text(atlas: Atlas) -> str:
    return (
        f"{len(atlas.runs)} runs of {atlas.plan.model.title} ({', '.join(atlas.plan.model.equations())}), one a point, "
        "each with its own random start. At one point several classes can coexist; one run shows one of them. "
        "The dashed line is k = (√f − 2f)/2: to its left the non-trivial homogeneous state exists. "
        "At the dotted one it begins to oscillate (Hopf), at the other one waves begin to grow on it (Turing)."
    )


def _stage_text(study: Study) -> str:
    total = sum(study.seconds(name) for name in _stages(study))
    return f"All stages before this page took {total / 60:.1f} minutes. To repeat the study, with the same seeds:"


def _stage_table(study: Study) -> Table:
    rows = [[name, f"{study.seconds(name):.1f} s", PAPER_TIMES.get(name, "–")] for name in _stages(study)]
    return Table(["stage", "time", "paper (full sets)"], rows)


def _stages(study: Study) -> list[str]:
    """What was done before this page."""
    return [name for name in study.stages if name != REPORT]
