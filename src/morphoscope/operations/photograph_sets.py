"""Labelled photographs as a training and a validation set."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.progress import Reporter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.learning.datasets import DataSet

_HELD_OUT = 4  # every fourth photograph of a class is for validation
_LEAST = 4  # of a class


def are_photographs(data: str | Path) -> bool:
    """Whether a folder is no ensemble, and has a subfolder or a table that could give its files classes."""
    from morphoscope.ensembles.store import LEDGER_FILE, PLAN_FILE

    folder = Path(data)
    if not folder.is_dir() or any((folder / name).exists() for name in (LEDGER_FILE, PLAN_FILE)):
        return False
    return any(path.is_dir() or path.suffix.lower() == ".csv" for path in folder.iterdir())


def photograph_sets(
    data: str | Path,
    validation: str | Path | None,
    settings: Preparation | None,
    seed: int,
    progress: Reporter,
) -> tuple[DataSet, DataSet]:
    """The training and the validation set of a folder of labelled photographs, after their preparation.

    Every fourth photograph of each class, at random, is for validation, unless another folder is given for it. Raises
    UsageError if photographs have no class, or a class has fewer than four.
    """
    if validation is not None:
        return _prepared(data, settings, progress), _prepared(validation, settings, progress)
    whole = _prepared(data, settings, progress)
    labels = np.array(whole.labels)
    random = np.random.default_rng(seed)
    held = np.zeros(len(labels), dtype=bool)
    for name in whole.classes:
        members = random.permutation(np.flatnonzero(labels == name))
        if len(members) < _LEAST:
            raise UsageError(
                f"{data}: class {name!r} has {len(members)} photographs; expected at least {_LEAST}, of which one is "
                "for validation"
            )
        held[members[::_HELD_OUT]] = True
    return _part(whole, np.flatnonzero(~held)), _part(whole, np.flatnonzero(held))


def _prepared(folder: str | Path, settings: Preparation | None, progress: Reporter) -> DataSet:
    from morphoscope.ensembles.imports.opening import listed
    from morphoscope.ensembles.magnitude import homogeneity_scale
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.ensembles.photographs.sources import Picture, Pictures
    from morphoscope.learning.datasets import DataSet, input_of
    from morphoscope.learning.training_runs import TrainingRuns

    if not are_photographs(folder):
        raise UsageError(f"{folder} is no folder of photographs, as the other set is; give two of one kind")
    found = [(path, known) for path, known in listed([Path(folder)]) if known.label]
    if not found:
        raise DataError(
            f"{folder}: no photograph has a class; put those of each class into a subfolder of its name, or add a "
            "table (CSV) with the columns file and class"
        )
    pictures = Pictures([Picture(path, settings or Preparation()) for path, _ in found], progress)
    plan, sources = pictures.plan(Path(folder).resolve().name, [known for _, known in found])
    for note in dict.fromkeys(note for source in sources for note in source.notes):
        progress.message(note)
    return DataSet(
        name=plan.name,
        plan_hash=plan.hash,
        frames=np.stack([source.read(0)["u"] for source in sources]),
        labels=[str(known.label) for _, known in found],
        points=[tuple(run.parameters.given.items()) for run in plan.runs],
        input=input_of(plan),
        runs=TrainingRuns.of(plan),
        magnitude=homogeneity_scale(plan),
        times=plan.times,
    )


def _part(whole: DataSet, runs: NDArray[np.intp]) -> DataSet:
    chosen = runs.tolist()
    return dataclasses.replace(
        whole,
        frames=whole.frames[runs],
        labels=[whole.labels[run] for run in chosen],
        points=[whole.points[run] for run in chosen],
    )
