"""Labelled sets of what people have annotated or confirmed: the runs of an ensemble or of a chart."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.annotation import REJECTED, Annotation
from morphoscope.atlas.annotations import FILE, Annotations
from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.regroup import chart_of
from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.learning.datasets import DataSet, initials_of, input_of, labelled_runs, load_labelled
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
    training, held = _divided(labels, seed, progress)
    return _set(atlas, labels, training), _set(atlas, labels, held)


def annotated_labels(ensemble: Ensemble) -> list[str | None]:
    """The class of every run of an ensemble: its label in the plan, corrected by annotations; None without one."""
    labels = ensemble.labels()
    for run, annotation in annotations_of(ensemble).items():
        labels[run] = annotation.new if annotation.new != REJECTED else None
    return labels


def annotated_sets(ensemble: Ensemble, seed: int, progress: Reporter = SILENT) -> tuple[DataSet, DataSet]:
    """A training and a validation set of the labelled and annotated runs of an ensemble, divided like a chart.

    Raises UsageError if fewer than two classes have the four runs that a division needs.
    """
    labels = annotated_labels(ensemble)
    runs = labelled_runs(ensemble, labels)
    names = np.array([str(labels[run]) for run in runs])
    training, held = _divided(names, seed, progress)
    if len(set(names[training].tolist())) < 2:
        counts = ", ".join(f"{name}: {n}" for name, n in sorted(Counter(names.tolist()).items()))
        raise UsageError(
            f"{ensemble.folder} has too few labelled runs ({counts}); annotate at least {_LEAST} of each of 2 classes, "
            "give another labelled ensemble to validate with, or let new runs be simulated at the annotated points",
            operation="refine",
        )
    return load_labelled(ensemble, labels, runs[training]), load_labelled(ensemble, labels, runs[held])


def annotations_of(ensemble: Ensemble) -> dict[int, Annotation]:
    """The latest annotation of every annotated run of an ensemble."""
    return Annotations(ensemble.folder / FILE, ensemble.plan.hash).current()


def _divided(labels: NDArray[np.str_], seed: int, progress: Reporter) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions for training and for validation among labels, of which empty ones are left out."""
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
    return np.array(sorted(training), dtype=np.intp), np.array(sorted(held), dtype=np.intp)


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
