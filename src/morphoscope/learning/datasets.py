"""Labelled ensembles as training data."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.learning.classifier import Classifier, Input

Point = tuple[tuple[str, float], ...]  # the parameters of a run


@dataclasses.dataclass(frozen=True)
class DataSet:
    """The labelled, finished runs of an ensemble. frames: (n, frames, y, x); labels and points: one a run."""

    name: str
    plan_hash: str
    frames: NDArray[np.float32]
    labels: list[str]
    points: list[Point]
    input: Input

    @property
    def classes(self) -> list[str]:
        """The classes that occur."""
        return sorted(set(self.labels))

    def targets(self, classes: tuple[str, ...]) -> NDArray[np.intp]:
        """Labels as numbers; raises UsageError for a label outside ``classes``."""
        if extra := sorted(set(self.labels) - set(classes)):
            raise UsageError(f"{self.name} has classes that training lacks: {', '.join(extra)}")
        return np.array([classes.index(label) for label in self.labels], dtype=np.intp)

    def rows(self) -> list[dict[str, Any]]:
        """What the set is made of: parameters, class and number of runs of each (point, class), sorted."""
        counted = Counter(zip(self.points, self.labels, strict=True))
        return [{"parameters": dict(point), "class": name, "runs": n} for (point, name), n in sorted(counted.items())]

    def examples(self, per_class: int) -> NDArray[np.intp]:
        """Positions of the first runs of each class, at most ``per_class`` of each."""
        found: dict[str, list[int]] = {}
        for position, label in enumerate(self.labels):
            found.setdefault(label, []).append(position)
        return np.array([i for places in found.values() for i in places[:per_class]], dtype=np.intp)


def input_of(plan: Plan) -> Input:
    """What a network sees of a plan's runs: its first recorded species."""
    times = plan.times
    apart = times[-1] - times[-2] if len(times) > 1 else 0.0
    return Input(len(times), *plan.grid.shape, plan.record[0], apart)


def load_labelled(ensemble: Ensemble) -> DataSet:
    """The labelled runs that are done; raises DataError when there is none."""
    labels = ensemble.labels()
    runs = np.array([r for r in ensemble.usable() if labels[r] is not None], dtype=np.intp)
    if not len(runs):
        raise DataError(f"{ensemble.folder} has no labelled runs that are done; simulate it first")
    return DataSet(
        name=ensemble.plan.name,
        plan_hash=ensemble.plan.hash,
        frames=ensemble.frames(runs),
        labels=[str(labels[r]) for r in runs],
        points=[tuple(ensemble.plan.runs[r].parameters.given.items()) for r in runs],
        input=input_of(ensemble.plan),
    )


def seen_in_training(classifier: Classifier, points: list[Point]) -> NDArray[np.bool_]:
    """Whether each parameter point was in the classifier's training set."""
    known = {_key(row["parameters"]) for row in classifier.provenance.get("training_rows", [])}
    return np.array([_key(dict(point)) in known for point in points], dtype=bool)


def _key(point: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((name, round(float(value), 9)) for name, value in point.items()))


def foreign_parameters(classifier: Classifier, plan: Plan) -> list[str]:
    """Parameters that the classifier's training set varied and the plan's model lacks: it learned another model."""
    rows = classifier.provenance.get("training_rows", [])
    return sorted({name for row in rows for name in row["parameters"]} - set(plan.model.parameters))


def check_readable(classifier: Classifier, ensemble: Ensemble) -> None:
    """Raise UsageError when an ensemble's frames are not what the classifier was trained on."""
    theirs, ours = input_of(ensemble.plan), classifier.input
    for field in dataclasses.fields(Input):
        have, want = getattr(theirs, field.name), getattr(ours, field.name)
        if have != want:
            raise UsageError(
                f"{ensemble.folder} has {field.name}={have}, the classifier was trained on {want}; "
                "simulate an ensemble with the same frames and grid"
            )
