"""One run by itself: simulated, shown, and kept with all that repeats it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.provenance import versions
from morphoscope.engines import Result, get_engine
from morphoscope.ensembles.plan import Plan, Run
from morphoscope.ensembles.runner import run_job
from morphoscope.ensembles.settings import Settings
from morphoscope.models import Model

VIDEO_FRAMES = 250


@dataclasses.dataclass(frozen=True)
class Simulation:
    """A finished run. ``t``: (times,); ``states``: (times, species, y, x); ``video``: first species, (frames, y, x)."""

    plan: Plan
    engine: str
    initial: NDArray[Any]
    t: NDArray[np.float64]
    states: NDArray[Any]
    video: NDArray[Any] | None
    computed_steps: int
    seconds: float

    def species(self, name: str) -> NDArray[Any]:
        """One species' snapshots, (times, y, x)."""
        return np.asarray(self.states[:, self.plan.model.species.index(name)])

    def description(self) -> dict[str, Any]:
        """What repeats the run, for run.json."""
        return {
            "plan": self.plan.to_dict(),
            "plan_hash": self.plan.hash,
            "engine": self.engine,
            "versions": versions(),
            "computed_steps": self.computed_steps,
            "seconds": round(self.seconds, 3),
        }


def single_plan(model: Model, parameters: Mapping[str, Any], *, seed: int = 0, **settings: Any) -> Plan:
    """The plan of one run; ``settings`` are the fields of :class:`~morphoscope.ensembles.settings.Settings`.

    Raises UsageError for whatever no engine could run.
    """
    if seed < 0:
        raise UsageError(f"seed {seed} is negative; use 0 or more")
    return Settings(**settings).plan(model, "run", (Run(model.complete(parameters), seed),))


def simulate_one(plan: Plan, *, engine: str = "cpu", video: bool = False) -> Simulation:
    """Run a plan's first run, with a film where asked or in one dimension.

    Raises UsageError when it leaves finite numbers.
    """
    made_by = get_engine(engine)
    job = run_job(plan, plan.runs[0])
    last = plan.steps[-1]
    video = video or plan.grid.dimensions == 1
    frames = min(VIDEO_FRAMES, last + 1) if video else 0
    filmed = _film_steps(plan, frames).tolist()
    steps = tuple(sorted({*plan.steps, *filmed}))
    begin = time.perf_counter()
    result = made_by.run(dataclasses.replace(job, steps=steps))
    seconds = time.perf_counter() - begin
    _check_finite(result, plan)
    place = {step: index for index, step in enumerate(steps)}
    kept = result.snapshots[[place[s] for s in plan.steps]]
    film = result.snapshots[[place[s] for s in filmed], 0] if video else None
    return Simulation(
        plan,
        made_by.name,
        np.asarray(job.initial, dtype=result.snapshots.dtype),
        np.array(plan.times),
        kept,
        film,
        result.computed_steps,
        seconds,
    )


def film_times(simulation: Simulation) -> NDArray[np.floating]:
    """The time of each frame of a run's film."""
    frames = 0 if simulation.video is None else len(simulation.video)
    return _film_steps(simulation.plan, frames) * simulation.plan.dt


def _film_steps(plan: Plan, frames: int) -> NDArray[np.intp]:
    return np.linspace(0, plan.steps[-1], frames).round().astype(np.intp)


def _check_finite(result: Result, plan: Plan) -> None:
    if result.failed_at is not None:
        raise UsageError(
            f"the run left finite numbers (noticed at step {result.failed_at}, t = "
            f"{result.failed_at * plan.dt:g}); try a smaller dt than {plan.dt:g} or other parameters"
        )


def single_run(plan: Plan, run: int) -> Plan:
    """The plan of one run of a plan."""
    return dataclasses.replace(plan, runs=(plan.runs[run],))
