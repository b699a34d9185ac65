"""What initial conditions are built from: their options as numbers, uniform fields, periodic shapes, and states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.engines.state_files import FieldArray
from morphoscope.models.model import Model
from morphoscope.models.parameters import Parameters

Mask = NDArray[np.bool_]
MOST_SHAPES = 100_000
TWO_STATES = ("inverse", "mixed-spots")  # the initial conditions that need two homogeneous steady states
_POINTS = 4096  # parameter sets whose states are found at once
_SAME = 1e-6  # states nearer than this, relative to their size, are one


def number(value: Any, name: str, low: float, high: float) -> float:
    """An option as a number in [low, high]; raises UsageError for anything else."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise UsageError(f"option {name}={value!r} is not a number") from None
    if not low <= found <= high:
        raise UsageError(f"option {name}={value} is out of range; expected [{low:g}, {high:g}]")
    return found


def whole(value: Any, name: str, low: int, high: int) -> int:
    """An option as a whole number in [low, high]; raises UsageError for anything else."""
    found = number(value, name, low, high)
    if not found.is_integer():
        raise UsageError(f"option {name}={value} is not a whole number")
    return int(found)


def filled(state: Mapping[str, float], model: Model, shape: tuple[int, int]) -> FieldArray:
    """The same state in every cell, (species, height, width)."""
    return np.stack([np.full(shape, state[s], dtype=np.float64) for s in model.species])


def periodic_slice(start: int, length: int, size: int) -> NDArray[np.intp]:
    """``length`` indices from ``start``, which continue at the opposite edge."""
    return np.arange(start, start + length) % size


def disc(shape: tuple[int, int], row: int, column: int, radius: float) -> Mask:
    """The cells whose centres are within ``radius`` of a cell, over the edges of the grid."""
    height, width = shape
    dy = abs(np.arange(height)[:, None] - row % height)
    dx = abs(np.arange(width)[None, :] - column % width)
    return np.minimum(dy, height - dy) ** 2 + np.minimum(dx, width - dx) ** 2 <= radius**2


def rough(state: FieldArray, rng: np.random.Generator, noise: Any) -> FieldArray:
    """The state with every value multiplied by an independent uniform number from 1 − noise to 1 + noise."""
    reach = number(noise, "noise", 0.0, 1.0)
    return state * (1 + reach * rng.uniform(-1, 1, state.shape))


def trivial_and_other(model: Model, parameters: Parameters, name: str) -> tuple[dict[str, float], dict[str, float]]:
    """The trivial homogeneous steady state at the run's parameters, and another one.

    The trivial state is the one nearest to the model's background. Of the others, those that are stable without space
    are preferred, then those that are no saddles, then the one nearest to the perturbed state. Raises UsageError, which
    calls the initial condition ``name``, if there is only one state.
    """
    from morphoscope.theory import homogeneous_states

    def distance(values: Mapping[str, float], other: Mapping[str, float]) -> float:
        return max(abs(values[s] - other[s]) for s in model.species)

    def rank(state: Any) -> tuple[bool, bool, float]:
        return not state.stable, state.kind.startswith("saddle"), distance(state.values, model.perturbation)

    found = homogeneous_states(model, parameters.middle)
    trivial = min(found, key=lambda s: distance(s.values, model.background), default=None)
    size = max((abs(value) for s in found for value in s.values.values()), default=0.0)
    others = [s for s in found if trivial is None or distance(s.values, trivial.values) > _SAME * size]
    if trivial is None or not others:
        raise _no_second_state(model, parameters.middle, name)
    return trivial.values, min(others, key=rank).values


def check_two_states(model: Model, values: Mapping[str, NDArray[np.float64]], name: str) -> None:
    """Raise UsageError if the model has fewer than two homogeneous steady states at one of many parameter sets.

    ``values``: every parameter, as arrays (sets,). ``name``: of the initial condition, for the message.
    """
    from morphoscope.theory.roots import steady_state_values

    sets = max(map(len, values.values()), default=0)
    for first in range(0, sets, _POINTS):
        part = {key: column[first : first + _POINTS] for key, column in values.items()}
        found = np.isfinite(steady_state_values(model, part)).all(axis=-1).sum(axis=-1)
        if found.min() < 2:
            row = int(np.argmin(found))
            raise _no_second_state(model, {key: float(column[row]) for key, column in part.items()}, name)


def _no_second_state(model: Model, values: Mapping[str, float], name: str) -> UsageError:
    at = ", ".join(f"{key}={value:g}" for key, value in values.items())
    return UsageError(
        f"{model.name} has no second homogeneous steady state at {at}, which initial condition {name} needs; "
        "use other parameters, or another initial condition: spots"
    )


def steady_start(model: Model, parameters: Parameters) -> dict[str, float] | None:
    """The steady state that the initial condition ``steady`` chooses; None if none is found."""
    from morphoscope.theory import homogeneous_states

    def distance(values: Mapping[str, float], other: Mapping[str, float]) -> float:
        return max(abs(values[s] - other[s]) for s in model.species)

    found = homogeneous_states(model, parameters.middle)
    chosen = min(
        found,
        key=lambda s: (
            not s.stable or distance(s.values, model.background) < 1e-9,
            distance(s.values, model.perturbation),
        ),
        default=None,
    )
    return None if chosen is None else chosen.values


def required_steady_start(model: Model, parameters: Parameters) -> dict[str, float]:
    """The same; raises UsageError if none is found."""
    chosen = steady_start(model, parameters)
    if chosen is None:
        raise UsageError(f"no homogeneous steady state of {model.name} was found; use another initial condition: noise")
    return chosen


def steady_noise(state: Mapping[str, float], amplitude: float) -> float:
    """The standard deviation of the noise that ``steady`` adds to a state; the height of the waves of ``hexagons``."""
    strength = number(amplitude, "amplitude", 0.0, 10.0)
    return strength * (max(abs(value) for value in state.values()) or 1.0)
