"""All homogeneous steady states as numbers, for one parameter point or thousands of points at once."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.expressions import evaluate
from morphoscope.theory.elimination import Case, LinearStep, elimination_cases
from morphoscope.theory.equations import equation_derivatives, preserves_nonnegativity, steady_state_equations

Floats = NDArray[np.float64]
Box = Mapping[str, tuple[float, float]]

_RESIDUAL = 1e-8  # relative to the sum of the unknowns' contributions
_SAME = 1e-6  # relative distance below which two states are the same
_REAL = 1e-6  # imaginary part, relative to the root, that counts as rounding error
_MAX_STATES = 16  # states per point
_STARTS = {1: 61, 2: 11, 3: 5, 4: 4}  # starting points per side of the lattice, by number of species


def steady_state_values(
    model: Model, values: Mapping[str, Any], box: Box | None = None, starts: int | None = None
) -> Floats:
    """Homogeneous steady states for arrays of parameters, (…, states, species), padded with NaN.

    ``values``: every parameter, as numbers or arrays that broadcast. If elimination can solve the model
    (:mod:`.elimination`), no state is missed. Otherwise Newton's method starts from a lattice with ``starts`` points
    per side over ``box``, by default ten times the range of the model's background and perturbation. Without ``box``,
    states with negative concentrations are removed if they can't be reached (:func:`.preserves_nonnegativity`).
    """
    shape = np.broadcast_shapes(*(np.shape(values[name]) for name in model.parameters))
    flat = {name: np.broadcast_to(np.asarray(values[name], float), shape).reshape(-1, 1) for name in model.parameters}
    solvable = elimination_cases(model)
    with np.errstate(all="ignore"):
        if solvable is None:
            found = _distinct(converged(model, flat, _lattice(model, box, starts), 60))
            found = converged(model, flat, _shared(found), 20)
        else:
            points = max((column.size for column in flat.values()), default=1)
            nothing = np.full((points, 1, len(model.species)), np.nan)
            found = np.concatenate([nothing, *(_followed(model, case, flat, points) for case in solvable)], axis=1)
            found = converged(model, flat, found, 3)
        found = _distinct(_allowed(model, found, box))
    return found.reshape(*shape, *found.shape[1:])


def default_box(model: Model) -> dict[str, tuple[float, float]]:
    """Where Newton's method starts: ten times the range of background and perturbation, at least ±10 (or 0 to 10)."""
    found = {}
    for s in model.species:
        reach = 10 * max(abs(model.background[s]), abs(model.perturbation[s]), 1.0)
        found[s] = (0.0 if preserves_nonnegativity(model) else -reach, reach)
    return found


def _lattice(model: Model, box: Box | None, starts: int | None) -> Floats:
    """Starting points (1, starts, species): background, perturbation and a lattice that is denser near its centre."""
    side = starts or _STARTS[len(model.species)]
    bent = np.sinh(np.linspace(-3, 3, side)) / np.sinh(3)
    axes = []
    for s, (low, high) in {**default_box(model), **(box or {})}.items():
        axis = low + (high - low) * bent[bent >= 0] if low == 0 else (low + high) / 2 + (high - low) / 2 * bent
        axes.append(axis + 1e-3 * (high - low) / (7 + len(s)))  # avoids planes where rates may be singular
    own = [[state[s] for s in model.species] for state in (model.background, model.perturbation)]
    return np.array([*own, *itertools.product(*axes)])[None]


def _shared(found: Floats) -> Floats:
    """The states of each point, its neighbours and a few other points, as starting points: this misses fewer states."""
    some = found[np.linspace(0, len(found) - 1, min(len(found), 8)).astype(int)].reshape(1, -1, found.shape[-1])
    others = np.broadcast_to(some, (len(found), *some.shape[1:]))
    return np.concatenate([found, np.roll(found, 1, axis=0), np.roll(found, -1, axis=0), others], axis=1)


def _followed(model: Model, case: Case, flat: Mapping[str, Floats], points: int) -> Floats:
    """The candidates of one case, (points, candidates, species)."""
    known: dict[str, Floats] = dict(flat)
    width = 1
    for step in case:
        if isinstance(step, LinearStep):
            known[step.species] = np.broadcast_to(evaluate(step.value, known), (points, width))
            continue
        table = [np.broadcast_to(evaluate(c, known), (points, width)) for c in step.coefficients]
        found = real_roots(np.stack(table, axis=-1))
        each = found.shape[-1]
        known = {name: np.repeat(np.broadcast_to(v, (points, width)), each, axis=1) for name, v in known.items()}
        width *= each
        known[step.species] = found.reshape(points, width)
    return np.stack([known[s] for s in model.species], axis=-1)


def real_roots(coefficients: Floats) -> Floats:
    """Real roots of many polynomials, (…, degree + 1), highest power first → (…, degree), padded with NaN."""
    degree = coefficients.shape[-1] - 1
    flat = coefficients.reshape(-1, degree + 1)
    found = np.full((len(flat), degree), np.nan)
    scale = np.abs(flat).max(axis=1)
    pending = np.isfinite(scale) & (scale > 0)
    for lead in range(degree):  # if the leading coefficient vanishes, a root is at infinity
        ready = pending & (np.abs(flat[:, lead]) > 1e-14 * scale)
        if ready.any():
            found[ready, lead:] = _roots_of(flat[ready, lead:])
        pending &= ~ready
    return found.reshape(*coefficients.shape[:-1], degree)


def _roots_of(table: Floats) -> Floats:
    """Real roots of polynomials with non-zero leading coefficients, (points, degree)."""
    monic = table[:, 1:] / table[:, :1]
    degree = monic.shape[1]
    if degree == 1:
        return -monic
    if degree == 2:
        half = -monic[:, 0] / 2
        with np.errstate(invalid="ignore"):
            root = np.sqrt(half**2 - monic[:, 1])
        large = half + np.copysign(root, half)  # the other root follows from the product, without cancellation
        other = np.divide(monic[:, 1], large, out=np.zeros_like(large), where=large != 0)
        return np.stack([large, np.where(np.isfinite(large), other, np.nan)], axis=1)
    companion = np.zeros((len(monic), degree, degree))
    companion[:, 0] = -monic
    companion[:, np.arange(1, degree), np.arange(degree - 1)] = 1
    found = np.linalg.eigvals(np.nan_to_num(companion))
    return np.where(np.abs(found.imag) <= _REAL * (np.abs(found.real) + 1e-6), found.real, np.nan)


def converged(model: Model, flat: Mapping[str, Floats], start: Floats, steps: int) -> Floats:
    """Newton's method at all points at once, (points, candidates, species); NaN where it does not converge."""
    points = max((v.shape[0] for v in flat.values()), default=1)
    state = np.array(np.broadcast_to(start, (points, *start.shape[1:])))
    residual, slope = _system(model, flat, state)
    for _ in range(steps):
        change = _solution(slope, residual)
        # A step ten times as long as the state indicates a singular derivative, not a distant root.
        reach = 10 * (np.abs(state).max(axis=-1, keepdims=True) + 1)
        size = np.abs(change).max(axis=-1, keepdims=True)
        trial = state - change * np.minimum(1, reach / size)
        new_residual, new_slope = _system(model, flat, trial)
        fair: NDArray[np.bool_] = np.asarray(np.isfinite(trial).all(axis=-1))
        if steps <= 3:  # polishing accepts only improvements
            fair &= np.asarray(np.abs(new_residual).max(axis=-1) <= np.abs(residual).max(axis=-1))
        state = np.where(fair[..., None], trial, state)
        residual = np.where(fair[..., None], new_residual, residual)
        slope = np.where(fair[..., None, None], new_slope, slope)
    size = np.abs(slope) @ (np.abs(state) + 1e-3 * np.abs(state).max(axis=-1, keepdims=True))[..., None]
    missed = np.max(np.abs(residual) - _RESIDUAL * size[..., 0], axis=-1, keepdims=True)
    return np.where(missed <= 1e-13, state, np.nan)


def _system(model: Model, flat: Mapping[str, Floats], state: Floats) -> tuple[Floats, Floats]:
    """Residuals (points, candidates, species) and their derivatives (…, species, species)."""
    values = {**flat, **{s: state[..., i] for i, s in enumerate(model.species)}}
    shape, size = state.shape[:-1], len(model.species)
    residual, slope = np.empty((*shape, size)), np.empty((*shape, size, size))
    for row, (equation, derivatives) in enumerate(
        zip(steady_state_equations(model), equation_derivatives(model), strict=True)
    ):
        residual[..., row] = evaluate(equation, values)
        for column, derivative in enumerate(derivatives):
            slope[..., row, column] = evaluate(derivative, values)
    return residual, slope


def _solution(matrix: Floats, right: Floats) -> Floats:
    """matrix⁻¹ right for many small systems; not finite where a matrix is singular."""
    size = right.shape[-1]
    if size == 1:
        return right / matrix[..., 0]
    if size == 2:
        (a, b), (c, d) = (matrix[..., 0, :].T, matrix[..., 1, :].T)
        x, y = right.T
        return (np.stack([d * x - b * y, a * y - c * x]) / (a * d - b * c)).T
    bad = np.asarray(~np.isfinite(matrix).all(axis=(-2, -1)) | ~np.isfinite(right).all(axis=-1))
    bad |= np.abs(np.linalg.det(np.where(bad[..., None, None], 1.0, matrix))) < 1e-300
    safe = np.where(bad[..., None, None], np.eye(size), matrix)
    return np.where(bad[..., None], np.nan, np.linalg.solve(safe, right[..., None])[..., 0])


def _allowed(model: Model, found: Floats, box: Box | None) -> Floats:
    """Replace states outside ``box`` by NaN; without ``box``, those that can't be reached."""
    keep: NDArray[np.bool_] = np.all(np.isfinite(found), axis=-1)
    limits: dict[str, tuple[float, float]] = dict(box or {})
    if box is None and elimination_cases(model) is None:
        limits = default_box(model)
    elif box is None and preserves_nonnegativity(model):
        limits = dict.fromkeys(model.species, (0.0, np.inf))
    for index, s in enumerate(model.species):
        low, high = limits.get(s, (-np.inf, np.inf))
        keep &= (found[..., index] >= low - 1e-9) & (found[..., index] <= high + 1e-9)
    return np.where(keep[..., None], found, np.nan)


def _distinct(found: Floats) -> Floats:
    """Remove duplicates and sort by the first species, then the second, …: (points, at most 16, species)."""
    points, _, size = found.shape
    left: NDArray[np.bool_] = np.all(np.isfinite(found), axis=-1)
    chosen: list[Floats] = []
    while left.any() and len(chosen) < _MAX_STATES:
        state = found[np.arange(points), left.argmax(axis=1)]
        state = np.where(left.any(axis=1, keepdims=True), state, np.nan)
        chosen.append(state)
        near = np.abs(found - state[:, None]) <= _SAME * (np.abs(state[:, None]) + 1e-3)
        left &= ~near.all(axis=-1)
    if not chosen:
        return np.full((points, 1, size), np.nan)
    stack = np.stack(chosen, axis=1)
    order = np.lexsort(np.moveaxis(np.round(stack, 9), -1, 0)[::-1], axis=1)
    return np.take_along_axis(stack, order[..., None], axis=1) + 0.0  # no negative zeros


@functools.lru_cache(maxsize=256)
def is_eliminated(model: Model) -> bool:
    """Whether elimination finds all steady states, so that none can be missed."""
    return elimination_cases(model) is not None
