"""One run by itself: simulated, shown, and kept with all that repeats it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines import Grid, Result, get_engine, initial
from morphoscope.ensembles.plan import Plan, Run
from morphoscope.ensembles.runner import run_job
from morphoscope.errors import UsageError
from morphoscope.models import Model
from morphoscope.provenance import versions

FRAMES_APART = 30.0  # the paper's sample: three frames, 30 time units apart, the last at the end
FRAMES = 3
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


def single_plan(
    model: Model,
    parameters: Mapping[str, Any],
    *,
    seed: int = 0,
    size: tuple[int, int] | None = None,
    until: float | None = None,
    dt: float | None = None,
    stencil: int = 9,
    times: Sequence[float] | None = None,
    start: str = "pearson-gamma",
) -> Plan:
    """The plan of one run; what is not given is the model's custom. ``size``: (width, height).

    ``start``: an initial condition by name, with options as in ``spots:count=30,radius=4``, or a file.
    Raises UsageError for whatever no engine could run.
    """
    if seed < 0:
        raise UsageError(f"seed {seed} is negative; use 0 or more")
    end = model.until if until is None else until
    step = model.dt if dt is None else dt
    if not 0 < step < float("inf"):
        raise UsageError(f"dt={step} is no time step; use a number above 0")
    if not 0 < end < float("inf"):
        raise UsageError(f"until={end} is no end time; use a number above 0")
    name, options = parse_start(start)
    if name == "file" and size is None:
        height, width = initial.read_state(model, Path(options["path"])).shape[1:]
        size = (width, height)
    width, height = size or (128, 128)
    checked = model.complete(parameters)
    return Plan(
        name="run",
        model=model,
        grid=Grid(height, width, spacing=model.spacing, stencil=stencil),
        dt=step,
        until=end,
        times=tuple(times) if times else customary_times(end, step),
        initial=name,
        initial_options=tuple(sorted(options.items())),
        record=model.species,
        runs=(Run(tuple(checked.items()), seed),),
    )


def customary_times(until: float, dt: float) -> tuple[float, ...]:
    """Three frames, 30 apart, the last at the end, as far as they fit into the run and on its steps."""
    apart = max(round(FRAMES_APART / dt), 1) * dt
    last = round(until / dt) * dt
    if abs(last - until) > 1e-9 * until:
        return (until,)  # refused by the plan, with the reason
    return tuple(t for t in (last - apart * i for i in reversed(range(FRAMES))) if t >= 0)


def parse_start(text: str) -> tuple[str, dict[str, Any]]:
    """Name and options of an initial condition from ``name``, ``name:option=value,…`` or a path."""
    name, _, tail = text.partition(":")
    if name in initial.names() and name != "file":
        options: dict[str, Any] = {}
        for part in filter(None, tail.split(",")):
            option, equals, value = part.partition("=")
            if not equals:
                raise UsageError(f"initial condition option {part!r}; expected option=value")
            options[option.strip()] = _as_number(option, value)
        return name, options
    if Path(text).is_file():
        return "file", {"path": text, "sha256": initial.file_hash(text)}
    known = [n for n in initial.names() if n != "file"]
    raise UsageError(f"unknown initial condition {text!r}, and no such file; known: {', '.join(known)}")


def _as_number(option: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"initial condition option {option}={value!r} is not a number") from None


def simulate_one(plan: Plan, *, engine: str = "cpu", video: bool = False) -> Simulation:
    """Run a plan's first run; raises UsageError when it leaves finite numbers."""
    made_by = get_engine(engine)
    job = run_job(plan, plan.runs[0])
    last = plan.steps[-1]
    frames = min(VIDEO_FRAMES, last + 1) if video else 0
    filmed = [int(step) for step in np.linspace(0, last, frames).round()]
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


def _check_finite(result: Result, plan: Plan) -> None:
    if result.failed_at is not None:
        raise UsageError(
            f"the run left finite numbers (noticed at step {result.failed_at}, t = "
            f"{result.failed_at * plan.dt:g}); try a smaller dt than {plan.dt:g} or other parameters"
        )


def single_run(plan: Plan, run: int) -> Plan:
    """The plan of one run of a plan."""
    return dataclasses.replace(plan, runs=(plan.runs[run],))


def repeat_command(plan: Plan, run: int) -> str:
    """The command that repeats one run of a plan; options that are the command's defaults are left out."""
    model, grid, row = plan.model, plan.grid, plan.runs[run]
    words = [f"morphoscope simulate {model.name}", *(f"-p {name}={value!r}" for name, value in row.parameters)]
    words.append(f"--seed {row.seed}")
    start = plan.initial
    if plan.initial_options:
        start += ":" + ",".join(f"{name}={value}" for name, value in plan.initial_options)
    usual = customary_times(plan.until, plan.dt)
    options = (
        ("size", f"{grid.width}x{grid.height}", grid.shape != (128, 128)),
        ("until", f"{plan.until:g}", plan.until != model.until),
        ("dt", f"{plan.dt:g}", plan.dt != model.dt),
        ("stencil", str(grid.stencil), grid.stencil != 9),
        ("times", ",".join(f"{t:g}" for t in plan.times), plan.times != usual),
        ("initial", start, start != "pearson-gamma"),
    )
    words += [f"--{name} {value}" for name, value, unusual in options if unusual]
    return " ".join([*words, f"--out run-{run}"])
