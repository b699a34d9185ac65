"""The report's section about the time axis: three networks beside each other, and what ten frames tell apart."""

from __future__ import annotations

from pathlib import Path

from morphoscope.atlas import symbol
from morphoscope.reports.html import Picture, Section, Table
from morphoscope.workflows.scholz2022.report_parts import INTERVALS, percent
from morphoscope.workflows.scholz2022.time_axis import Confusion, TimeAxis, Trained


def time_section(found: TimeAxis, folder: Path) -> Section:
    """The section, with the figures that evaluating the networks has saved in the study's folder."""
    pictures = []
    for name, one in found.trained.items():
        path = folder / one.study_pass.folder("evaluation") / one.study_pass.sets[-1] / "confusion.png"
        pictures.append(Picture(path, f"Confusion matrix of {name}, test set."))
    return Section("Time axis", _text(found), tables=[_networks(found), _confusions(found)], pictures=pictures)


def _text(found: TimeAxis) -> list[str]:
    two, three = found.trained["scholz2022-2d"], found.trained["scholz2022-3d"]
    gone = [c for c in found.confusions() if c.verdict == "disappears"]
    new = [c for c in found.confusions() if c.verdict == "new"]
    stay = [c for c in found.confusions() if c.verdict in ("fewer", "as many", "more")]
    return [
        f"The 2D network reads {_frames(two)}, the 3D network and the sequence network {_frames(three)}, of the same "
        f"runs (same parameters and seeds). The 2D and the 3D network were trained for the same number of epochs, "
        f"{len(two.classifier.provenance['history'])} and {len(three.classifier.provenance['history'])}. The pooling "
        "of the 3D network over time leaves out the last two of its ten frames.",
        f"Confusions of the 2D network that disappear with the 3D network: {_names(gone)}. That stay: {_names(stay)}. "
        f"That are new with it: {_names(new)}.",
    ]


def _frames(one: Trained) -> str:
    read = one.classifier.input
    return f"{read.frames} frames {read.spaced()}"


def _names(confusions: list[Confusion]) -> str:
    return ", ".join(f"{symbol(c.true)} read as {symbol(c.read)}" for c in confusions) or "none"


def _networks(found: TimeAxis) -> Table:
    head = [
        "network", "frames", "trained parameters", "epochs", "time of training",
        "train", "validation", "test", "test, unseen (f, k)",
    ]  # fmt: skip
    rows = []
    for name, one in found.trained.items():
        history = one.classifier.provenance["history"]
        accuracies = [percent(e.accuracy) for e in one.evaluations.values()]
        rows.append(
            [
                name, _frames(one), f"{one.weights:,}", str(len(history)), f"{history[-1]['seconds']:.0f} s",
                *accuracies, percent(one.test.unseen),
            ]
        )  # fmt: skip
    return Table(head, rows, INTERVALS)


def _confusions(found: TimeAxis) -> Table:
    rows = [
        [symbol(c.true), symbol(c.read), *(str(runs) for runs in c.runs.values()), c.verdict]
        for c in found.confusions()
    ]
    head = ["class", "read as", *found.trained, "with the 3D network"]
    return Table(head, rows, "Confusions in the test set, in runs.")
