"""Signs that float32 is too coarse for a run: cells that do not move, terms that cancel, faint patterns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines import Job
from morphoscope.engines.stencils import right_hand_side
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import linearised, local_rates

_VISIBLE = 1e-3  # of the values, from which on a field's differences are drawn, see rendering/scale.py
_LEVELS = 1000  # that a pattern needs between its lowest and its highest value
_ERROR = 1e-2  # of a pattern's range, that rounding of the rate may shift its values by
_WAVES = 24  # wavenumbers along a diagonal
_REMEDY = "compute with double (float64)"

Field = NDArray[Any]


def precision_warnings(job: Job, last: Field, *, left_out: int) -> tuple[str, ...]:
    """One line for each species for which the precision of the run was not sufficient.

    Parameters
    ----------
    job
        The run.
    last
        Its last snapshot, (species, height, width), in the precision of the run.
    left_out
        The number of steps that were left out because the state did not change any more.
    """
    if last.dtype.itemsize >= 8:
        return ()
    state = last.astype(np.float64)
    extent = np.ptp(state, axis=(1, 2))
    size = np.abs(state).max(axis=(1, 2))
    still = _still(job, state, extent > _VISIBLE * size, left_out)
    found = []
    for index, name in enumerate(job.model.species):
        about = f"{name} varies by {extent[index]:.2g} around {state[index].mean():.6g}"
        spacing = float(np.spacing(np.float32(size[index])))
        if still[index]:
            found.append(
                f"{name} stands still because a step of dt = {job.dt:g} changes it by less than float32 resolves; "
                f"use a longer time step, or {_REMEDY}"
            )
        elif (error := _rounding(job, state, index)) > _ERROR * extent[index] > 0 and extent[index] > spacing:
            found.append(f"{about}, where rounding in float32 amounts to {error:.2g}; {_REMEDY}")
        elif 0 < extent[index] < _LEVELS * spacing and _grows(job, state):
            found.append(f"{about}, where float32 has steps of {spacing:.2g}; {_REMEDY}")
    return tuple(found)


def _still(job: Job, state: Field, visible: NDArray[np.bool_], left_out: int) -> NDArray[np.bool_]:
    """Which species would change by their whole range in the steps that were left out.

    In a true steady state the rates that rounding leaves are far smaller, and of both signs.
    """
    if not left_out or job.noise or not visible.any():
        return np.zeros(len(state), dtype=bool)
    with np.errstate(all="ignore"):
        rates = np.abs(right_hand_side(job)(state))
    change = np.median(rates, axis=(1, 2)) * job.dt * left_out
    return visible & (change > np.ptp(state, axis=(1, 2)))


def _rounding(job: Job, state: Field, index: int) -> float:
    """How far rounding of the expanded reaction shifts the values of a species at rest.

    The compiled Euler step adds the terms of the expanded formula, so the error of the rate is that of the largest of
    them. Divided by the rate's derivative with respect to the species it is a shift of the species.
    """
    import sympy

    if job.integrator != "euler":
        return 0.0  # evaluates the formula as it was written
    name = job.model.species[index]
    values = _mean(job, state)
    with np.errstate(all="ignore"):
        terms = sympy.Add.make_args(sympy.expand(local_rates(job.model)[name]))
        largest = max(abs(float(np.real(evaluate(term, values)))) for term in terms)
        slope = abs(linearised(job.model, values)[index, index])
        shift = np.finfo(np.float32).eps / 2 * largest / slope if slope else 0.0
    return float(shift) if np.isfinite(shift) else 0.0


def _grows(job: Job, state: Field) -> bool:
    """Whether small perturbations of the mean state grow: then what is left of a pattern is not only rounding."""
    q = np.pi / job.grid.spacing * np.linspace(0, 1, _WAVES)
    with np.errstate(all="ignore"):
        symbols = job.grid.symbols(q, q * (job.grid.dimensions - 1))
        matrices = linearised(job.model, _mean(job, state), *symbols)
        return bool(np.isfinite(matrices).all() and (np.linalg.eigvals(matrices).real > 0).any())


def _mean(job: Job, state: Field) -> dict[str, float]:
    means = state.mean(axis=(1, 2)).tolist()
    return {**job.parameters.middle, **dict(zip(job.model.species, means, strict=True))}
