"""Folders with the evaluation of a classifier, or its saliency maps: JSON, CSV, NPZ, and figures as PNG and SVG."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import FILES, Finding, record_files
from morphoscope.core.errors import DataError
from morphoscope.core.recorded_files import inspect_folder
from morphoscope.core.storage import check_output, read_json, recover, staged_folder, write_json
from morphoscope.learning.evaluation import Evaluation
from morphoscope.learning.saliency import Saliency
from morphoscope.rendering.composite import CONCENTRATION
from morphoscope.rendering.scale import Range
from morphoscope.rendering.style import save
from morphoscope.reports.training_figures import confusion_figure, saliency_gallery

EVALUATION_MARKER = "evaluation.json"
SALIENCY_MARKER = "saliency.npz"


def check_evaluation_folder(folder: Path) -> None:
    """Raise UsageError if the folder contains files that are not an evaluation."""
    check_output(folder, EVALUATION_MARKER, overwrite=True)


def save_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Write evaluation.json, confusion.csv and the figure; an earlier evaluation in the folder is replaced."""
    with staged_folder(folder, EVALUATION_MARKER, overwrite=True) as part:
        with (part / "confusion.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["class", *evaluation.classes])
            for name, row in zip(evaluation.classes, evaluation.confusion, strict=True):
                writer.writerow([name, *row])
        figure = confusion_figure(evaluation)
        for suffix in ("png", "svg"):
            save(figure, part / f"confusion.{suffix}")
        write_json(part / EVALUATION_MARKER, {**evaluation.to_dict(), FILES: record_files(part)})


def load_evaluation(folder: Path) -> Evaluation:
    """Read an evaluation that :func:`save_evaluation` wrote. Raises DataError if it is missing or damaged."""
    recover(folder)
    values = read_json(folder / EVALUATION_MARKER, "an evaluation")
    if isinstance(values, dict):
        values.pop(FILES, None)
    try:
        return Evaluation.from_dict(values)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{folder / EVALUATION_MARKER} is damaged ({error}); evaluate again") from error


def inspect_evaluation(folder: Path) -> list[Finding]:
    """What is wrong with the files of an evaluation's folder; empty if nothing is."""
    return inspect_folder(folder, EVALUATION_MARKER, "an evaluation", "evaluate again")


def check_saliency_folder(folder: Path) -> None:
    """Raise UsageError if the folder contains files that are not saliency maps."""
    check_output(folder, SALIENCY_MARKER, overwrite=True)


def save_saliency(
    frames: NDArray[np.float32], labels: list[str], saliency: Saliency, folder: Path, ends: Range = CONCENTRATION
) -> None:
    """Write saliency.npz and the gallery, whose colours cover the range ``ends``; earlier files are replaced."""
    with staged_folder(folder, SALIENCY_MARKER, overwrite=True) as part:
        np.savez_compressed(
            part / SALIENCY_MARKER,
            frames=frames,
            label=np.array(labels),
            read_as=np.array(saliency.classes),
            smoothed_gradient=saliency.smoothed_gradient,
            integrated_gradients=saliency.integrated_gradients,
        )
        figure = saliency_gallery(frames, labels, saliency, ends)
        for suffix in ("png", "svg"):
            save(figure, part / f"saliency.{suffix}")
