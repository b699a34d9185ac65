"""Building blocks for the reports of both passes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.atlas import symbol
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.evaluation import Accuracy, Evaluation
from morphoscope.reports import save
from morphoscope.reports.html import Picture
from morphoscope.reports.training_figures import history_figure
from morphoscope.workflows.scholz2022.passes import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INTERVALS = "Accuracy with 95 % bootstrap intervals over runs; Wilson intervals where all runs are right or none is."
MONTAGE_LIMIT = 60  # patterns per class; the command montage can show more


def save_figure(figure: Figure, stem: Path) -> Path:
    """Save a figure as SVG and PNG; returns the path of the PNG."""
    save(figure, stem.with_name(f"{stem.name}.svg"))
    return save(figure, stem.with_name(f"{stem.name}.png"))


def percent(accuracy: Accuracy) -> str:
    """An accuracy with its confidence interval and number of runs, for a table cell."""
    if accuracy.value is None or accuracy.low is None or accuracy.high is None:
        return "–"
    return f"{accuracy.value:.1%} [{accuracy.low:.1%}, {accuracy.high:.1%}] of {accuracy.n}"


def confusions(evaluation: Evaluation) -> str:
    """The most frequent confusions as text."""
    confused = [f"{symbol(a)} read as {symbol(b)}: {n}" for a, b, n in evaluation.confused()]
    return "; ".join(confused) if confused else "none"


def training_text(classifier: Classifier) -> str:
    """How a classifier was trained."""
    made = classifier.provenance
    return (
        f"{classifier.network} on {made['training']['runs']} runs of {made['training']['name']}; "
        f"epoch {made['kept_epoch']} of {len(made['history'])} was kept: the last one whose accuracy on "
        f"{made['validation']['runs']} validation runs equals the best one. "
        f"Probabilities are calibrated on the validation set (temperature {classifier.temperature:.2f})."
    )


def history_picture(results: Results, figures: Path) -> Picture:
    """The training history of a pass."""
    made = results.classifier.provenance
    figure = history_figure(made["history"], made["kept_epoch"])
    path = save_figure(figure, figures / results.study_pass.folder("history"))
    return Picture(path, "Losses and error rates by epoch.")


def confusion_picture(results: Results, folder: Path, name: str) -> Picture:
    """The confusion matrix that evaluating a pass has saved in the study's folder."""
    path = folder / results.study_pass.folder("evaluation") / name / "confusion.png"
    return Picture(path, f"Confusion matrix, {name} set.")


def saliency_picture(results: Results, folder: Path) -> Picture:
    """The gallery that explaining a pass has saved in the study's folder."""
    path = folder / results.study_pass.folder("saliency") / "saliency.png"
    return Picture(path, f"Saliency gallery, {results.study_pass.explained} set.")
