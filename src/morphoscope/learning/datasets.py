"""Labelled ensembles as training data."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.learning.classifier import Classifier, Input
from morphoscope.learning.training_runs import TrainingRuns

Labels = Sequence[str | None]  # of every run of an ensemble; None if it has none
Point = tuple[tuple[str, float], ...]  # the parameters of a run


@dataclasses.dataclass(frozen=True)
class DataSet:
    """The labelled, finished runs of an ensemble.

    ``frames``: (n, frames, y, x); ``labels`` and ``points``: one per run; ``runs``: the model and length scale;
    ``magnitude``: typical magnitude of values, by which homogeneous runs are recognized; ``times``: of the frames;
    ``initials``: texts of the initial conditions, one per run, if the runs of the ensemble have several.
    """

    name: str
    plan_hash: str
    frames: NDArray[np.float32]
    labels: list[str]
    points: list[Point]
    input: Input
    runs: TrainingRuns
    magnitude: float = 1.0
    times: tuple[float, ...] = ()
    initials: tuple[str, ...] = ()

    @property
    def classes(self) -> list[str]:
        """The classes that occur."""
        return sorted(set(self.labels))

    def targets(self, classes: tuple[str, ...]) -> NDArray[np.intp]:
        """Labels as indices of ``classes``. Raises UsageError for another label."""
        if extra := sorted(set(self.labels) - set(classes)):
            raise UsageError(f"{self.name} has classes that training lacks: {', '.join(extra)}")
        return np.array([classes.index(label) for label in self.labels], dtype=np.intp)

    def rows(self) -> list[dict[str, Any]]:
        """Parameters, class and number of runs for each combination of point and class, sorted.

        If the runs have several initial conditions, each combination with one of them is a row that states it.
        """
        starts = self.initials or ("",) * len(self.labels)
        counted = Counter(zip(self.points, self.labels, starts, strict=True))
        return [
            {"parameters": dict(point), "class": name, "runs": n, **({"initial": start} if start else {})}
            for (point, name, start), n in sorted(counted.items())
        ]


def input_of(plan: Plan) -> Input:
    """The input of a network that is trained on a plan's runs: frames of the first recorded species."""
    times = plan.times
    apart = times[-1] - times[-2] if len(times) > 1 else 0.0
    earlier = tuple(times[-1] - time for time in times[:-1])
    return Input(len(times), *plan.grid.shape, plan.record[0], apart, earlier)


def labelled_runs(ensemble: Ensemble, labels: Labels | None = None) -> NDArray[np.intp]:
    """The numbers of the runs that are labelled and done. Raises DataError if there are none.

    ``labels``: of every run. Default: the plan's.
    """
    labels = ensemble.labels() if labels is None else labels
    labelled = sum(label is not None for label in labels)
    if not labelled:
        raise DataError(
            f"{ensemble.folder}: none of {len(labels)} runs has a label; give each point its class, in a table with a "
            "column 'class', or annotate runs",
            operation="annotate",
        )
    runs = np.array([r for r in ensemble.usable() if labels[r] is not None], dtype=np.intp)
    if not len(runs):
        raise DataError(f"{ensemble.folder}: none of {labelled} labelled runs is done; simulate the ensemble first")
    return runs


def load_labelled(ensemble: Ensemble, labels: Labels | None = None, runs: NDArray[np.intp] | None = None) -> DataSet:
    """The labelled runs that are done, or those given as ``runs``. Raises DataError if there are none.

    ``labels``: of every run. Default: the plan's.
    """
    labels = ensemble.labels() if labels is None else labels
    runs = labelled_runs(ensemble, labels) if runs is None else runs
    return DataSet(
        name=ensemble.plan.name,
        plan_hash=ensemble.plan.hash,
        frames=ensemble.frames(runs),
        labels=[str(labels[r]) for r in runs],
        points=[tuple(ensemble.plan.runs[r].parameters.given.items()) for r in runs],
        input=input_of(ensemble.plan),
        runs=TrainingRuns.of(ensemble.plan),
        magnitude=homogeneity_scale(ensemble.plan),
        times=ensemble.plan.times,
        initials=initials_of(ensemble.plan, runs),
    )


def initials_of(plan: Plan, runs: NDArray[np.intp]) -> tuple[str, ...]:
    """The texts of the initial conditions of some runs; empty if all runs of the plan have the same."""
    return tuple(str(plan.initial_of(run)) for run in runs.tolist()) if len(plan.initials) > 1 else ()


def seen_in_training(classifier: Classifier, points: Sequence[Mapping[str, Any]]) -> NDArray[np.bool_]:
    """Whether each point was in the classifier's training set; missing parameters have the model's defaults."""
    defaults = {} if classifier.trained_on is None else dict(classifier.trained_on.model.defaults)
    rows = classifier.provenance.get("training_rows", [])
    known = {_key({**defaults, **row["parameters"]}) for row in rows}
    return np.array([_key({**defaults, **point}) in known for point in points], dtype=bool)


def _key(point: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """A key for comparison. Numbers are rounded, since they may have been converted to text and back."""
    return tuple(sorted((n, round(x, 9) if isinstance(x, int | float) else repr(x)) for n, x in point.items()))


def first_of_each_class(labels: Labels, runs: NDArray[np.intp], per_class: int) -> NDArray[np.intp]:
    """The first runs of each class among some runs, at most ``per_class`` of each. ``labels``: of every run."""
    found = dict[str, list[int]]()
    for run in runs.tolist():
        found.setdefault(str(labels[run]), []).append(run)
    return np.array([run for members in found.values() for run in members[:per_class]], dtype=np.intp)
