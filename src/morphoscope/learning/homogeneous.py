"""Homogeneous runs: their class follows from the model's steady states, without a network.

A run is homogeneous if its last frame is (:func:`.is_homogeneous`: the standard deviation over the cells is at the
level of rounding). It is at rest if in all its homogeneous frames every recorded species is within 2 % of a homogeneous
steady state. A classifier stores, for each class with homogeneous training runs, the steady states of these runs. They
are continued through parameter space to the parameters of a run; the steady state that agrees with the run gives its
class.
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

#: Classes of homogeneous runs that belong to no class of the classifier.
HOMOGENEOUS, UNSTEADY = "homogeneous", "homogeneous-unsteady"
#: Largest distance of a run at rest from a steady state, relative to the concentrations of the steady state, background
#: and perturbation.
AT_REST = 0.02
#: A class is one of steady states if at least this share of its training runs are homogeneous and at rest.
_MIN_RESTING = 0.9
#: A class is one of unsteady homogeneous runs, such as oscillations, if it has at least this share of them.
_MIN_UNSTEADY = 0.1

Floats = NDArray[np.float64]
Means = Mapping[str, Floats]  # by species: the means over the cells, (runs, frames), NaN for frames with a pattern


@dataclasses.dataclass(frozen=True)
class Anchor:
    """A homogeneous steady state of training runs: all parameters, and the concentrations by species."""

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
        The steady states of its runs, one per branch; empty if too few of its runs were at rest.
    unsteady
        Whether some of its runs were homogeneous but not at rest, as in a uniform oscillation.
    """

    name: str
    anchors: tuple[Anchor, ...] = ()
    unsteady: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The class as JSON values."""
        anchors = [{"parameters": dict(a.parameters), "state": dict(a.state)} for a in self.anchors]
        return {"class": self.name, "steady_states": anchors, "unsteady": self.unsteady}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> HomogeneousClass:
        """Inverse of :meth:`to_dict`. Raises DataError for invalid values."""
        try:
            anchors = tuple(
                Anchor(*({str(n): float(x) for n, x in anchor[key].items()} for key in ("parameters", "state")))
                for anchor in values["steady_states"]
            )
            return cls(str(values["class"]), anchors, bool(values["unsteady"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"the entry of a homogeneous class is invalid: {error}") from error


def homogeneous_runs(frames: NDArray[np.floating], magnitude: float = 1.0) -> NDArray[np.bool_]:
    """Whether each run of (runs, frames, y, x) is homogeneous in its last frame, see :func:`.is_homogeneous`."""
    return np.array([is_homogeneous(run[-1], magnitude) for run in frames], dtype=bool)


def frame_means(frames: NDArray[np.floating], magnitude: float = 1.0) -> Floats:
    """The mean of every homogeneous frame of (runs, frames, y, x), NaN for the others: (runs, frames)."""
    means = [
        [float(np.mean(f, dtype=np.float64)) if is_homogeneous(f, magnitude) else np.nan for f in run] for run in frames
    ]
    return np.array(means).reshape(frames.shape[:2])


def homogeneous_classes(data: DataSet) -> tuple[HomogeneousClass, ...]:
    """The classes of a training set that have homogeneous runs, with the steady states of these runs."""
    uniform = homogeneous_runs(data.frames, data.magnitude)
    found = []
    for name in data.classes:
        own = np.array([label == name for label in data.labels])
        if not np.any(own & uniform):
            continue
        anchors, resting = _anchors(data, np.flatnonzero(own & uniform))
        steady = resting >= _MIN_RESTING * own.sum()
        unsteady = int(np.sum(own & uniform)) - resting >= _MIN_UNSTEADY * own.sum()
        if steady or unsteady:
            found.append(HomogeneousClass(name, anchors if steady else (), bool(unsteady)))
    return tuple(found)


def _anchors(data: DataSet, positions: NDArray[np.intp]) -> tuple[tuple[Anchor, ...], int]:
    """One steady state for each branch that some homogeneous runs are on, and the number of runs at rest."""
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
    """Whether the continuation of one steady state to the parameters of another arrives at the other."""
    from morphoscope.theory.continuation import continued

    ends = {name: np.array([value]) for name, value in anchor.parameters.items()}
    reached = continued(model, known.state, known.parameters, ends)[0]
    state = np.array(list(anchor.state.values()))
    return bool(np.all(np.abs(reached - state) <= 1e-3 * (np.abs(state) + 1e-3)))


def numbers_of(parameters: Parameters) -> dict[str, float] | None:
    """All parameters as numbers; None if one varies in space, since then there is no homogeneous steady state."""
    return None if parameters.varying else parameters.uniform


def matching_classes(
    classes: Sequence[HomogeneousClass], model: Model, parameters: Sequence[Mapping[str, float]], means: Means
) -> list[list[str]]:
    """The classes that homogeneous runs can have by theory. The model must be that of the training runs.

    Parameters
    ----------
    classes
        The classifier's homogeneous classes.
    model
        The model of the runs.
    parameters
        All parameters of each run, numbers.
    means
        The means of the runs' frames by recorded species, (runs, frames); NaN for frames with a pattern.

    Returns
    -------
    list
        For each run, the names of the classes with a steady state whose branch leads to the state of the run. For runs
        that are not at rest, the names of the unsteady classes. If there are none, :data:`HOMOGENEOUS` or
        :data:`UNSTEADY`.
    """
    values = {name: np.array([point[name] for point in parameters]) for name in model.parameters}
    fitting: list[list[str]] = [[] for _ in parameters]
    for known in classes:
        on_branch = np.zeros(len(fitting), dtype=bool)
        for anchor in known.anchors:
            on_branch |= _on_branch_of(model, anchor, values, means, ~on_branch)
        for position in np.flatnonzero(on_branch):
            fitting[position].append(known.name)
    rest = np.array([i for i, names in enumerate(fitting) if not names], dtype=np.intp)
    unsteady = [known.name for known in classes if known.unsteady] or [UNSTEADY]
    for position, resting in zip(rest, _in_any_state(model, _only(values, rest), _only(means, rest)), strict=True):
        fitting[position] = [HOMOGENEOUS] if resting else unsteady
    return fitting


def _on_branch_of(
    model: Model, anchor: Anchor, values: Mapping[str, Floats], means: Means, chosen: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether each of the ``chosen`` runs is at rest on the branch of a steady state; False for all other runs."""
    from morphoscope.theory.continuation import continued

    found = np.zeros(len(chosen), dtype=bool)
    positions = np.flatnonzero(chosen)
    if len(positions):
        ends = continued(model, anchor.state, anchor.parameters, _only(values, positions))
        states = np.broadcast_to(ends, (len(positions), len(model.species)))
        found[positions] = _at_rest(model, states, _only(means, positions))
    return found


def _in_any_state(model: Model, values: Mapping[str, Floats], means: Means) -> NDArray[np.bool_]:
    """Whether each run is at rest in any homogeneous steady state of its model."""
    count = len(next(iter(means.values())))
    resting = np.zeros(count, dtype=bool)
    if count:
        for state in np.moveaxis(_states_over(model, values), 1, 0):
            resting |= _at_rest(model, np.broadcast_to(state, (count, len(model.species))), means)
    return resting


def _states_over(model: Model, values: Mapping[str, Floats]) -> Floats:
    """The steady states at some points, (points, states, species); equal points are solved once."""
    from morphoscope.theory.roots import steady_state_values

    if not values:
        return steady_state_values(model, {}).reshape(1, -1, len(model.species))
    rows = np.stack([values[name] for name in model.parameters], axis=1)
    points, index = np.unique(rows, axis=0, return_inverse=True)
    found = steady_state_values(model, dict(zip(model.parameters, points.T, strict=True)))
    return found[index.reshape(-1)]


def _at_rest(model: Model, states: Floats, means: Means) -> NDArray[np.bool_]:
    """Whether each run stays within :data:`AT_REST` of its state, (runs, species), in every homogeneous frame."""
    near = np.asarray(np.isfinite(states).all(axis=1))
    for species, frames in means.items():
        state = states[:, model.species.index(species)]
        scale = max(abs(model.background[species]), abs(model.perturbation[species]))
        tolerance = AT_REST * np.maximum(np.abs(state), scale)
        near &= np.asarray((np.isnan(frames) | (np.abs(frames - state[:, None]) <= tolerance[:, None])).all(axis=1))
    return near


def nearest_classes(classes: Sequence[HomogeneousClass], species: str, means: Floats) -> list[list[str]]:
    """The classes of homogeneous patterns of which only the ``means`` of the frames, (n, frames), are known.

    For a pattern at rest (within :data:`AT_REST`, relative to the mean or 1), it is the class with the steady state of
    the nearest concentration; for other patterns, the unsteady classes.
    """
    known = [(anchor.state[species], c.name) for c in classes for anchor in c.anchors]
    unsteady = [c.name for c in classes if c.unsteady] or [UNSTEADY]
    found = []
    for run in means:
        if np.nanmax(run) - np.nanmin(run) > AT_REST * max(1.0, abs(run[-1])):
            found.append(unsteady)
        else:
            found.append([min(known, key=lambda k: abs(k[0] - run[-1]))[1]] if known else [HOMOGENEOUS])
    return found


def _only(columns: Mapping[str, Floats], chosen: NDArray[np.intp]) -> dict[str, Floats]:
    return {name: column[chosen] for name, column in columns.items()}
