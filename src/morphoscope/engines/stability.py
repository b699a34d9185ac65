"""How long a step explicit Euler may take."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.engines.grid import DIFFUSION_LIMITS, Grid
from morphoscope.models.model import Model
from morphoscope.models.operators import linearised
from morphoscope.models.spatial import Spatial

_WAVES = 24  # wavenumbers sampled along each axis
_CAUTION = 0.5  # of the limit, for a step that is chosen for the user: the reaction of a grown pattern comes on top
_RATE_STEP = 0.25  # dt times the fastest rate of the reaction, for a step that is chosen for the user


def check_step(model: Model, grid: Grid, parameters: Mapping[str, Any], dt: float) -> None:
    """Raise UsageError when ``dt`` is no time step, or one in which what space does to a wave makes it grow.

    For diffusion alone that is D dt/dx² > 1/2 (9 points) or 1/4 (5 points).
    """
    if not 0 < dt < float("inf"):
        raise UsageError(f"dt={dt} is no time step; use a number above 0")
    for species, diffusivity in model.diffusivities(parameters).items():
        largest = _diffusion_limit(grid, diffusivity)
        if dt > largest * (1 + 1e-12):
            raise UsageError(
                f"dt={dt:g} exceeds the diffusion limit {largest:g} for {model.diffusion[species]}="
                f"{diffusivity:g}, dx={grid.spacing:g}, {grid.stencil}-point stencil; use dt ≤ {largest:g}"
            )
    if not model.diffusion_only:
        largest = largest_step(model, grid, parameters)
        if dt > largest * (1 + 1e-12):
            raise UsageError(
                f"dt={dt:g} exceeds the stability limit {largest:.3g} of {model.name}'s terms in space, "
                f"dx={grid.spacing:g}, {grid.stencil}-point stencil; use dt ≤ {_round_down(largest):g}, "
                "or integrator etdrk2"
            )


def largest_step(model: Model, grid: Grid, parameters: Mapping[str, Any]) -> float:
    """The largest dt with |1 + dt λ| ≤ 1 for every damped wave, λ from what space alone does; +∞ where it does nothing.

    Linearised around the model's background and its perturbed state; where a parameter varies in space, for both ends.
    """
    if model.diffusion_only:
        return min(_diffusion_limit(grid, d) for d in model.diffusivities(parameters).values())
    values = model.complete(parameters)
    ends = [{n: v.bounds()[i] if isinstance(v, Spatial) else v for n, v in values.items()} for i in (0, 1)]
    return min(_limit_of_waves(model, grid, tuple(end.items())) for end in ends)


def automatic_step(model: Model, grid: Grid, parameters: Mapping[str, Any]) -> float:
    """A step for a model that names none: below the limit of space, a quarter of the reaction's fastest time, round.

    Raises UsageError where no rate is found to derive it from.
    """
    values = {n: v.bounds()[1] if isinstance(v, Spatial) else v for n, v in model.complete(parameters).items()}
    with np.errstate(all="ignore"):
        rates = [np.linalg.eigvals(m) for m in _jacobians(model, values)]
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


def _diffusion_limit(grid: Grid, diffusivity: float) -> float:
    return DIFFUSION_LIMITS[grid.stencil] * grid.spacing**2 / diffusivity if diffusivity > 0 else math.inf


def _jacobians(model: Model, values: Mapping[str, Any]) -> list[Any]:
    """The reaction's Jacobian in the states that initial conditions are made of, where it is finite."""
    found = [linearised(model, {**values, **state}) for state in (model.background, model.perturbation)]
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
