"""The report of the study: figures and tables of the first pass and, if it was made, of the second pass."""

from __future__ import annotations

import csv
from pathlib import Path

from morphoscope.atlas import Atlas, ordered, titled
from morphoscope.core.storage import write_json
from morphoscope.learning.evaluation import Evaluation
from morphoscope.reports import class_map, montage
from morphoscope.reports.html import Picture, Section, Table, write_report
from morphoscope.reports.verification import verification_section
from morphoscope.workflows.scholz2022.passes import REPORT, Results
from morphoscope.workflows.scholz2022.report_parts import (
    INTERVALS,
    MONTAGE_LIMIT,
    confusion_picture,
    confusions,
    history_picture,
    percent,
    saliency_picture,
    save_figure,
    training_text,
)
from morphoscope.workflows.scholz2022.second_pass import Comparison
from morphoscope.workflows.scholz2022.second_report import second_sections
from morphoscope.workflows.scholz2022.time_axis import TimeAxis
from morphoscope.workflows.scholz2022.time_report import time_section
from morphoscope.workflows.stages import Study

#: The paper's values, shown next to ours.
PAPER_ACCURACY = {"train": "> 99 %", "validation": "> 99 %", "test": "≈ 96 %"}
PAPER_TIMES = {
    "simulate train": "2 h",
    "simulate validation": "2 h",
    "simulate test": "2 h",
    "train the network": "1.4 h",
    "train the network, 2D network": "1.4 h",
    "train the network, 3D network": "14 h",
    "simulate scan": "24 h",
}


def write_study_report(
    study: Study, first: Results, comparison: Comparison | None, time_axis: TimeAxis | None, command: str
) -> Path:
    """Save all figures as PNG and SVG in figures/, write numbers.json and accuracies.csv, then report.html."""
    _write_numbers(study, first, comparison, time_axis)
    _write_accuracies(study.folder / "accuracies.csv", first, comparison, time_axis)
    sections = _first_sections(first, study.folder)
    if comparison is not None:
        sections += second_sections(comparison, study.folder)
    if time_axis is not None:
        sections.append(time_section(time_axis, study.folder))
    last = (comparison.second if comparison is not None else first).atlas
    if last.verification is not None:
        sections.append(verification_section(last, last.verification, study.folder / "figures" / "verification.png"))
    sections.append(Section("Stages and command", [_stage_text(study)], tables=[_stage_table(study)], code=command))
    passes = "The first pass" if comparison is None else "Both passes"
    made_by = first.classifier.provenance["versions"]["morphoscope"]
    lead = (
        f"{passes} of C. Scholz & S. Scholz, “Exploring complex pattern formation with convolutional neural "
        f"networks” (Am. J. Phys., 2022), reproduced with Morphoscope {made_by}; "
        f"profile {study.options['profile']}, network {first.classifier.network}, seed {study.options['seed']}."
    )
    return write_report(study.folder / "report.html", "Gray–Scott patterns, classified by a network", lead, sections)


def _first_sections(first: Results, folder: Path) -> list[Section]:
    figures, atlas, evaluations = folder / "figures", first.atlas, first.evaluations
    map_picture = save_figure(class_map(atlas), figures / "class_map")
    margin_picture = save_figure(class_map(atlas, color="margin"), figures / "margin")
    return [
        Section(
            "Class map",
            [_map_text(atlas)],
            pictures=[
                Picture(map_picture, "Class of each point of the scan, as read by the network from one run per point."),
                Picture(margin_picture, "Margin of the most probable class: dark along class boundaries."),
            ],
        ),
        Section(
            "Accuracy of the classifier",
            _accuracy_text(evaluations["test"]),
            tables=[_accuracy_table(evaluations), _class_table(evaluations["test"])],
            pictures=[confusion_picture(first, folder, name) for name in ("test", "validation", "train")],
        ),
        Section("Training", [training_text(first.classifier)], pictures=[history_picture(first, figures)]),
        Section(
            "Saliency",
            ["Where the network looks, one pattern per test class. Bright: a change of u changes the score."],
            pictures=[saliency_picture(first, folder)],
        ),
        Section(
            "Patterns by class",
            [f"Patterns of the scan by class, in descending order of probability; at most {MONTAGE_LIMIT} per class."],
            folded=_montages(atlas, figures),
        ),
    ]


def _montages(atlas: Atlas, figures: Path) -> list[Picture]:
    counts = atlas.counts()
    pictures = []
    for name in ordered(list(atlas.classes)):
        if counts[name]:
            path = save_figure(montage(atlas, name, most=MONTAGE_LIMIT), figures / f"montage-{name}")
            pictures.append(Picture(path, f"{titled(name)}: {counts[name]} patterns"))
    return pictures


def _write_numbers(study: Study, first: Results, comparison: Comparison | None, time_axis: TimeAxis | None) -> None:
    write_json(
        study.folder / "numbers.json",
        {
            "options": study.options,
            "evaluations": {name: e.to_dict() for name, e in first.evaluations.items()},
            "scan": {"runs": len(first.atlas.runs), "read_as": first.atlas.counts()},
            "second_pass": comparison.to_dict() if comparison else None,
            "time_axis": time_axis.to_dict() if time_axis else None,
            "seconds": {name: study.seconds(name) for name in _stages(study)},
        },
    )


def _write_accuracies(path: Path, first: Results, comparison: Comparison | None, time_axis: TimeAxis | None) -> None:
    read = [("first", name, e, PAPER_ACCURACY[name]) for name, e in first.evaluations.items()]
    if comparison is not None:
        read += [("second", name, e, "") for name, e in comparison.second.evaluations.items()]
    if time_axis is not None:
        read += [(name, key, e, "") for name, one in time_axis.trained.items() for key, e in one.evaluations.items()]
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
    return Table(head, rows, INTERVALS)


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
        "Training and validation sets have the same parameter points, so they do not show the accuracy at other "
        "parameters. The column for unseen points does.",
        f"Most frequent confusions in the test set: {confusions(test)}.",
    ]


def _map_text(atlas: Atlas) -> str:
    return (
        f"{len(atlas.runs)} runs of {atlas.plan.model.title} ({', '.join(atlas.plan.model.equations())}), "
        "one per point, each with its own random initial condition. Several classes can coexist at a point; "
        "one run shows one of them. "
        "The dashed line is k = (√f − 2f)/2: to its left, the non-trivial homogeneous state exists. "
        "At the dotted line this state starts to oscillate (Hopf); at the other line, waves start to grow (Turing)."
    )


def _stage_text(study: Study) -> str:
    total = sum(study.seconds(name) for name in _stages(study))
    return (
        f"The stages before this report took {total / 60:.1f} minutes. Command to repeat the study with the same seeds:"
    )


def _stage_table(study: Study) -> Table:
    rows = [[name, f"{study.seconds(name):.1f} s", PAPER_TIMES.get(name, "–")] for name in _stages(study)]
    return Table(["stage", "time", "paper (full sets)"], rows)


def _stages(study: Study) -> list[str]:
    """The stages before this report."""
    return [name for name in study.stages if name != REPORT]
