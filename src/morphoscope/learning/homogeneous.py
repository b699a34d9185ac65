"""Homogeneous runs: which class they are follows from the model's steady states, without a network.

A run is homogeneous if its last frame is (:func:`.is_homogeneous`: the standard deviation over the cells is no more
than rounding). It is at rest if in all its homogeneous frames every recorded species lies within 2 % of a homogeneous
steady state. A classifier keeps, for each class whose training runs were homogeneous, the steady states that they were
in. Followed through parameter space to a run's own parameters, these tell which class the run's state belongs to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError
from morphoscope.descriptors.spectrum import is_homogeneous
from morphoscope.models import Model, Parameters

if TYPE_CHECKING:
    from morphoscope.learning.datasets import DataSet

#: Classes for homogeneous runs for which the classifier has none.
HOMOGENEOUS, UNSTEADY = "homogeneous", "homogeneous-unsteady"
#: How near to a steady state a run at rest is, relative to the concentrations of state, background and perturbation.
AT_REST = 0.02
#: The share of a class's training runs that must be homogeneous and at rest for it to be a class of steady states.
_MOST = 0.9
#: The share from which homogeneous training runs that are not at rest count, as in a class of oscillations.
_SOME = 0.1

Floats = NDArray[np.float64]
Means = Mapping[str, Floats]  # by species: the means over the cells, (runs, frames), NaN in frames that have a pattern


@dataclasses.dataclass(frozen=True)
class Anchor:
    """A homogeneous steady state that training runs were in: all parameters, and concentrations by species."""

    parameters: Mapping[str, float]
    state: Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class HomogeneousClass:
    """A class with homogeneous training runs.

    Parameters
    ----------
    name
        The class.
    anchors
        The steady states that its runs were in, one a branch; empty if most of its runs were at none.
    unsteady
        Whether some of its runs were homogeneous without being at rest, as in a uniform oscillation.
    """

    name: str
    anchors: tuple[Anchor, ...] = ()
    unsteady: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        anchors = [{"parameters": dict(a.parameters), "state": dict(a.state)} for a in self.anchors]
        return {"class": self.name, "steady_states": anchors, "unsteady": self.unsteady}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> HomogeneousClass:
        """Inverse of :meth:`to_dict`; raises DataError for anything else."""
        try:
            anchors = tuple(
                Anchor(*({str(n): float(x) for n, x in anchor[key].items()} for key in ("parameters", "state")))
                for anchor in values["steady_states"]
            )
            return cls(str(values["class"]), anchors, bool(values["unsteady"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"the description of a homogeneous class is damaged: {error}") from error


def homogeneous_runs(frames: NDArray[np.floating], magnitude: float = 1.0) -> NDArray[np.bool_]:
    """Which runs of (runs, frames, y, x) are homogeneous in their last frame, as :func:`.is_homogeneous` has it."""
    return np.array([is_homogeneous(run[-1], magnitude) for run in frames], dtype=bool)


def frame_means(frames: NDArray[np.floating], magnitude: float = 1.0) -> Floats:
    """The mean of every homogeneous frame of (runs, frames, y, x), NaN for the others: (runs, frames)."""
    means = [
        [float(np.mean(f, dtype=np.float64)) if is_homogeneous(f, magnitude) else np.nan for f in run] for run in frames
    ]
    return np.array(means).reshape(frames.shape[:2])


def homogeneous_classes(data: DataSet) -> tuple[HomogeneousClass, ...]:
    """The classes of a training set that have homogeneous runs, and the steady states that these are in."""
    uniform = homogeneous_runs(data.frames, data.magnitude)
    found = []
    for name in data.classes:
        own = np.array([label == name for label in data.labels])
        if not np.any(own & uniform):
            continue
        anchors, resting = _anchors(data, np.flatnonzero(own & uniform))
        steady = resting >= _MOST * own.sum()
        unsteady = int(np.sum(own & uniform)) - resting >= _SOME * own.sum()
        if steady or unsteady:
            found.append(HomogeneousClass(name, anchors if steady else (), bool(unsteady)))
    return tuple(found)


def _anchors(data: DataSet, positions: NDArray[np.intp]) -> tuple[tuple[Anchor, ...], int]:
    """The branches of steady states that some homogeneous runs are on, and how many of the runs are at rest."""
    model, species = data.runs.model, data.input.species
    anchors: list[Anchor] = []
    resting = 0
    points: dict[Any, list[int]] = {}
    for position in positions.tolist():
        points.setdefault(data.points[position], []).append(position)
    for point, members in points.items():
        values = numbers_of(model.complete(dict(point)))
        if values is None:
            continue
        states = _states_over(model, {name: np.array([value]) for name, value in values.items()})[0]
        means = {species: frame_means(data.frames[members], data.magnitude)}
        near = np.array([_at_rest(model, np.tile(state, (len(members), 1)), means) for state in states])
        if not near.size:
            continue
        resting += int(near.any(axis=0).sum())
        for state in states[near.any(axis=1)]:
            anchor = Anchor(values, dict(zip(model.species, state.tolist(), strict=True)))
            if not any(_on_branch(model, known, anchor) for known in anchors):
                anchors.append(anchor)
    return tuple(anchors), resting


def _on_branch(model: Model, known: Anchor, anchor: Anchor) -> bool:
    """Whether following one steady state to the parameters of another leads to that."""
    from morphoscope.theory.continuation import continued

    ends = {name: np.array([value]) for name, value in anchor.parameters.items()}
    reached = continued(model, known.state, known.parameters, ends)[0]
    state = np.array(list(anchor.state.values()))
    return bool(np.all(np.abs(reached - state) <= 1e-3 * (np.abs(state) + 1e-3)))


def numbers_of(parameters: Parameters) -> dict[str, float] | None:
    """All parameters as numbers; None if one varies in space, so that there is no homogeneous steady state."""
    return None if parameters.varying else parameters.uniform


def matching_classes(
    classes: Sequence[HomogeneousClass], model: Model, parameters: Sequence[Mapping[str, float]], means: Means
) -> list[list[str]]:
    """The classes that homogeneous runs of the model trained on can belong to, by theory.

    Parameters
    ----------
    classes
        What the classifier knows of homogeneous classes.
    model
        The model of the runs.
    parameters
        All parameters of each run, numbers.
    means
        By recorded species, the means of the runs' frames, (runs, frames); NaN for frames with a pattern.

    Returns
    -------
    list
        For each run the names that fit: of classes with a steady state whose branch leads to the run's; for runs at no
        steady state, of classes whose training runs weren't either; else :data:`HOMOGENEOUS` or :data:`UNSTEADY`.
    """
    values = {name: np.array([point[name] for point in parameters]) for name in model.parameters}
    fitting: list[list[str]] = [[] for _ in parameters]
    for known in classes:
        on_branch = np.zeros(len(fitting), dtype=bool)
        for anchor in known.anchors:
            on_branch |= _reaches(model, anchor, values, means, ~on_branch)
        for position in np.flatnonzero(on_branch):
            fitting[position].append(known.name)
    left = np.array([i for i, names in enumerate(fitting) if not names], dtype=np.intp)
    moving = [known.name for known in classes if known.unsteady] or [UNSTEADY]
    for position, resting in zip(left, _rests_anywhere(model, _only(values, left), _only(means, left)), strict=True):
        fitting[position] = [HOMOGENEOUS] if resting else moving
    return fitting


def _reaches(
    model: Model, anchor: Anchor, values: Mapping[str, Floats], means: Means, asked: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the runs that are ``asked`` about are at rest on the branch of a steady state."""
    from morphoscope.theory.continuation import continued

    reached = np.zeros(len(asked), dtype=bool)
    some = np.flatnonzero(asked)
    if len(some):
        ends = continued(model, anchor.state, anchor.parameters, _only(values, some))
        reached[some] = _at_rest(model, np.broadcast_to(ends, (len(some), len(model.species))), _only(means, some))
    return reached


def _rests_anywhere(model: Model, values: Mapping[str, Floats], means: Means) -> NDArray[np.bool_]:
    """Which runs are at rest in any homogeneous steady state of their model."""
    count = len(next(iter(means.values())))
    resting = np.zeros(count, dtype=bool)
    if count:
        for state in np.moveaxis(_states_over(model, values), 1, 0):
            resting |= _at_rest(model, np.broadcast_to(state, (count, len(model.species))), means)
    return resting


def _states_over(model: Model, values: Mapping[str, Floats]) -> Floats:
    """The steady states at some points of parameters, (points, states, species), each different point solved once."""
    from morphoscope.theory.roots import steady_state_values

    if not values:
        return steady_state_values(model, {}).reshape(1, -1, len(model.species))
    table = np.stack([values[name] for name in model.parameters], axis=1)
    points, place = np.unique(table, axis=0, return_inverse=True)
    found = steady_state_values(model, dict(zip(model.parameters, points.T, strict=True)))
    return found[place.reshape(-1)]


def _at_rest(model: Model, states: Floats, means: Means) -> NDArray[np.bool_]:
    """Whether runs stay within :data:`AT_REST` of a state each, (runs, species), in every frame without a pattern."""
    near = np.asarray(np.isfinite(states).all(axis=1))
    for species, frames in means.items():
        state = states[:, model.species.index(species)]
        named = max(abs(model.background[species]), abs(model.perturbation[species]))
        reach = AT_REST * np.maximum(np.abs(state), named)
        near &= np.asarray((np.isnan(frames) | (np.abs(frames - state[:, None]) <= reach[:, None])).all(axis=1))
    return near


def nearest_classes(classes: Sequence[HomogeneousClass], species: str, means: Floats) -> list[list[str]]:
    """The classes of homogeneous patterns of which only the ``means`` of their frames, (n, frames), are known.

    At rest (within :data:`AT_REST`, relative to the mean or 1), it is the class with a steady state of the nearest
    concentration; in motion, those whose training runs were.
    """
    known = [(anchor.state[species], c.name) for c in classes for anchor in c.anchors]
    moving = [c.name for c in classes if c.unsteady] or [UNSTEADY]
    found = []
    for run in means:
        if np.nanmax(run) - np.nanmin(run) > AT_REST * max(1.0, abs(run[-1])):
            found.append(moving)
        else:
            found.append([min(known, key=lambda k: abs(k[0] - run[-1]))[1]] if known else [HOMOGENEOUS])
    return found


def _only(columns: Mapping[str, Floats], chosen: NDArray[np.intp]) -> dict[str, Floats]:
    return {name: column[chosen] for name, column in columns.items()}
