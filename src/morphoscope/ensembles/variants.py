"""The same runs with other numerics, another length or another seed: does a result depend on them?"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

from morphoscope.core.errors import UsageError
from morphoscope.engines.initial import ARRAY, REFINED, InitialCondition
from morphoscope.ensembles.plan import Plan, run_seeds

EULER = "euler"
_FINER_STEPS = (4, 8, 16)  # Euler: D dt/dx² stays the same with 4; equations of fourth order need 16


def half_step(plan: Plan) -> Plan:
    """Half the time step."""
    return dataclasses.replace(plan, dt=plan.dt / 2)


def half_spacing(plan: Plan) -> Plan:
    """Half the cell size on the same domain, from the same start, see :func:`.initial.refined`.

    The time step is a quarter with explicit Euler, or less where the equations need it, and the same with ETDRK2.
    """
    grid = plan.grid
    finer = dataclasses.replace(
        grid, height=2 * grid.height if grid.dimensions == 2 else 1, width=2 * grid.width, spacing=grid.spacing / 2
    )
    if any(initial.name == ARRAY for initial in plan.initials):
        raise UsageError("the initial state was given as an array, which is not stored; it can't be refined")
    runs = [dataclasses.replace(run, initial=run.initial and _refined(run.initial)) for run in plan.runs]
    divisors = _FINER_STEPS if plan.integrator == EULER else (1, *_FINER_STEPS)
    return _stable(plan, divisors, grid=finer, initial=_refined(plan.initial), runs=runs)


def _refined(initial: InitialCondition) -> InitialCondition:
    return InitialCondition(REFINED, (("of", str(initial)),))


def twice_time(plan: Plan) -> Plan:
    """Twice as long; the frames are as far apart as before, at the end."""
    end = plan.times[-1]
    return dataclasses.replace(plan, until=plan.until + end, times=tuple(time + end for time in plan.times))


def other_stencil(plan: Plan) -> Plan:
    """Five points instead of nine, or the reverse, with a smaller time step where the stencil needs it."""
    if plan.grid.dimensions == 1:
        raise UsageError("both stencils are the same in one dimension")
    grid = dataclasses.replace(plan.grid, stencil=5 if plan.grid.stencil == 9 else 9)
    return _stable(plan, (1, 2, 4), grid=grid)


def other_precision(plan: Plan) -> Plan:
    """float64 instead of float32, or the reverse."""
    return dataclasses.replace(plan, double=not plan.double)


def other_seed(plan: Plan) -> Plan:
    """Other random numbers for the initial states and the noise."""
    seeds = run_seeds(plan.runs[0].seed, len(plan.runs))
    runs = [dataclasses.replace(run, seed=seed) for run, seed in zip(plan.runs, seeds, strict=True)]
    return dataclasses.replace(plan, runs=runs)


#: Every variant by name.
VARIANTS: dict[str, Callable[[Plan], Plan]] = {
    "half-step": half_step,
    "half-spacing": half_spacing,
    "twice-time": twice_time,
    "other-stencil": other_stencil,
    "other-precision": other_precision,
    "other-seed": other_seed,
}


def _stable(plan: Plan, divisors: tuple[int, ...], **changes: Any) -> Plan:
    """The plan with these changes and the largest of some time steps with which it is stable."""
    for divisor in divisors[:-1]:
        with contextlib.suppress(UsageError):
            return dataclasses.replace(plan, dt=plan.dt / divisor, **changes)
    return dataclasses.replace(plan, dt=plan.dt / divisors[-1], **changes)
