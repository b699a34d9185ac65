"""The runs of a confirmed chart as labelled sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.regroup import chart_of
from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.learning.datasets import DataSet, initials_of, input_of
from morphoscope.learning.training_runs import TrainingRuns

MOST = 200  # runs of a class
_LEAST = 4
_HELD_OUT = 4  # every fourth run is for validation


def training_sets(atlas: Atlas, seed: int, progress: Reporter = SILENT) -> tuple[DataSet, DataSet]:
    """A training and a validation set of the runs of a confirmed chart, with their classes after annotation.

    Of each class at most 200 runs, every fourth of them for validation. Rejected runs and classes with fewer than four
    runs are left out. Raises UsageError for an atlas that is no chart, or is not confirmed.
    """
    if not chart_of(atlas)["confirmed"]:
        raise UsageError(
            f"the groups of {atlas.folder} are not confirmed; look at them, rename or merge them, and confirm them",
            operation="regroup",
        )
    labels = np.array(atlas.labels())
    random = np.random.default_rng(seed)
    training: list[int] = []
    held: list[int] = []
    for name in sorted(set(labels.tolist()) - {""}):
        members = random.permutation(np.flatnonzero(labels == name))[:MOST].tolist()
        if len(members) < _LEAST:
            progress.message(f"{name} has {len(members)} runs; it is left out")
            continue
        held += members[::_HELD_OUT]
        training += [member for i, member in enumerate(members) if i % _HELD_OUT]
    return _set(atlas, labels, np.array(sorted(training))), _set(atlas, labels, np.array(sorted(held)))


def _set(atlas: Atlas, labels: NDArray[np.str_], positions: NDArray[np.intp]) -> DataSet:
    plan, runs = atlas.plan, atlas.runs[positions].tolist()
    return DataSet(
        name=f"{atlas.folder.name} of {plan.name}",
        plan_hash=plan.hash,
        frames=atlas.frames(positions),
        labels=labels[positions].tolist(),
        points=[tuple(plan.runs[run].parameters.given.items()) for run in runs],
        input=input_of(plan),
        runs=TrainingRuns.of(plan),
        magnitude=homogeneity_scale(plan),
        initials=initials_of(plan, atlas.runs[positions]),
    )
