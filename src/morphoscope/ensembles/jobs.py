"""The engine's job for a row of a plan."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.engines import Job
from morphoscope.engines.initial import stream
from morphoscope.engines.noise import NOISE_VERSION
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.table import Run


def run_job(plan: Plan, run: Run, initial: NDArray[Any] | None = None) -> Job:
    """The engine's job for one row. It has its own random stream, so it does not depend on the other rows.

    ``initial``: initial state, (species, height, width); by default it is made from the run's initial condition.

    Raises UsageError for a plan of imported runs, which can't be simulated.
    """
    if plan.imported is not None:
        raise UsageError(plan.imported.refusal())
    if initial is None:
        initial = (run.initial or plan.initial).state(plan.model, plan.grid.shape, stream(run.seed), run.parameters)
    return Job(
        plan.model,
        plan.grid,
        plan.dt,
        run.parameters,
        initial,
        plan.steps,
        integrator=plan.integrator,
        noise=dict(plan.noise),
        seed=run.seed,
        double=plan.double,
    )


def check_noise(plan: Plan) -> None:
    """Raise UsageError for a plan whose noise is of an older version: its runs can't be repeated or continued."""
    if plan.noise and plan.noise_version != NOISE_VERSION:
        raise UsageError(
            f"plan {plan.name!r} has noise of version {plan.noise_version}, whose random numbers this version does not "
            f"draw; set noise_version to {NOISE_VERSION} and simulate it into a new folder"
        )
