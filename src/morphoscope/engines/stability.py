"""The largest stable time step of explicit Euler."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.engines.grid import DIFFUSION_LIMITS, Grid
from morphoscope.engines.initial import InitialCondition
from morphoscope.engines.visited import starting_states
from morphoscope.models.model import Model
from morphoscope.models.operators import linearised
from morphoscope.models.parameters import Parameters

_WAVES = 24  # wavenumbers sampled along each axis
_CAUTION = 0.5  # of the limit, for a step that is chosen for the user: the reaction of a grown pattern comes on top
_RATE_STEP = 0.25  # dt times the fastest rate of the reaction, for a step that is chosen for the user


def check_step(model: Model, grid: Grid, rows: Iterable[Parameters], dt: float) -> None:
    """Raise UsageError unless explicit Euler is stable for all of several sets of parameters.

    The error names the set, and the species, that needs the smallest step: such a step is stable for all sets.

    Parameters
    ----------
    model, grid
        What is simulated.
    rows
        The parameters of each run.
    dt
        The time step.

    Notes
    -----
    For diffusion alone the condition is D dt/dx² ≤ 1/2 (9-point stencil) or 1/4 (5-point stencil); see
    :func:`largest_step` for other spatial terms.
    """
    if not 0 < dt < float("inf"):
        raise UsageError(f"invalid time step dt={dt}; expected a number above 0")
    limits = [(_diffusion_limits(model, grid, row), row) for row in rows]
    worst, row = min(limits, key=lambda limit: min(limit[0].values()))
    species = min(worst, key=worst.__getitem__)
    limit = worst[species]
    if dt > limit * (1 + 1e-12):
        raise UsageError(
            f"dt={dt:g} exceeds the diffusion limit {limit:g} for {model.diffusion[species]}="
            f"{model.diffusivities(row)[species]:g}, dx={grid.spacing:g}, {grid.stencil}-point stencil; "
            f"use dt ≤ {limit:g}"
        )
    if not model.diffusion_only:
        limit, row = min(((largest_step(model, grid, row), row) for _, row in limits), key=lambda pair: pair[0])
        if dt > limit * (1 + 1e-12):
            at = ", ".join(f"{name}={value:g}" for name, value in row.highest.items() if name in row.given)
            raise UsageError(
                f"dt={dt:g} exceeds the stability limit {limit:.3g} of the spatial terms of {model.name}"
                f"{f' at {at}' if at else ''}, dx={grid.spacing:g}, {grid.stencil}-point stencil; "
                f"use dt ≤ {_round_down(limit):g}, or integrator etdrk2"
            )


def largest_step(model: Model, grid: Grid, parameters: Parameters) -> float:
    """The largest dt with |1 + dt λ| ≤ 1 for every damped wave, λ from the spatial terms alone; +∞ without any.

    Linearised around the model's background and its perturbed state; where a parameter varies in space, for both ends.
    """
    if model.diffusion_only:
        return min(_diffusion_limits(model, grid, parameters).values())
    ends = (parameters.lowest, parameters.highest)
    return min(_limit_of_waves(model, grid, tuple(end.items())) for end in ends)


def automatic_step(model: Model, grid: Grid, parameters: Parameters, initial: InitialCondition | None = None) -> float:
    """A step for a model without one: half the limit of space or a quarter of the reaction's fastest time, round.

    The reaction is linearised at the states from which a run with this initial condition starts; without one, at the
    model's background and perturbed state. Raises UsageError if there is no rate to derive the step from.
    """
    if initial is None:
        states = [dict(model.background), dict(model.perturbation)]
    else:
        states = starting_states(model, parameters, initial)
    with np.errstate(all="ignore"):
        rates = [np.linalg.eigvals(m) for m in _jacobians(model, parameters.highest, states)]
    fastest = max((float(np.abs(r).max()) for r in rates), default=0.0)
    limit = min(_CAUTION * largest_step(model, grid, parameters), _RATE_STEP / fastest if fastest else math.inf)
    if not 0 < limit < math.inf:
        raise UsageError(f"no time step can be derived for {model.name}; give one", parameter="dt")
    return _round_down(limit)


def _round_down(step: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above ``step``."""
    power = 10.0 ** math.floor(math.log10(step))
    digit = max(d for d in (1, 2, 5) if d * power <= step * (1 + 1e-9))
    return float(f"{digit * power:.6g}")


def _diffusion_limits(model: Model, grid: Grid, parameters: Parameters) -> dict[str, float]:
    """The largest step that each species' diffusion allows."""
    area = DIFFUSION_LIMITS[grid.stencil] * grid.spacing**2
    return {s: area / d if d > 0 else math.inf for s, d in model.diffusivities(parameters).items()}


def _jacobians(model: Model, values: Mapping[str, Any], states: Iterable[Mapping[str, float]]) -> list[Any]:
    """The reaction's Jacobian in some states, where it is finite."""
    found = [linearised(model, {**values, **state}) for state in states]
    return [jacobian for jacobian in found if np.isfinite(jacobian).all()]


@functools.lru_cache(maxsize=4096)
def _limit_of_waves(model: Model, grid: Grid, values: tuple[tuple[str, float], ...]) -> float:
    q = np.pi / grid.spacing * np.linspace(0, 1, _WAVES)
    longest = 2 * np.pi / (grid.spacing * np.array(grid.shape))
    qx = np.concatenate([q, longest[1:]])
    qy = np.concatenate([q, longest[:1]]) if grid.dimensions == 2 else np.zeros(1)
    symbols = grid.symbols(qx[None, :], qy[:, None])
    limit = math.inf
    with np.errstate(all="ignore"):
        for state in (model.background, model.perturbation):
            at = {**dict(values), **state}
            spatial = linearised(model, at, *symbols) - linearised(model, at)
            if not np.isfinite(spatial).all():
                continue
            waves = np.linalg.eigvals(spatial)
            size = np.abs(waves)
            damped = waves.real < -1e-9 * max(float(size.max()), 1e-300)
            if damped.any():
                limit = min(limit, float((-2 * waves.real[damped] / size[damped] ** 2).min()))
    return limit
