"""Single runs: simulate one, show it, and save it with everything that is needed to repeat it."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.provenance import versions
from morphoscope.engines import Result, get_engine
from morphoscope.engines.initial import ARRAY
from morphoscope.ensembles.inspection import Inspector
from morphoscope.ensembles.jobs import check_noise, run_job
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.precision import precision_warnings
from morphoscope.ensembles.settings import Settings
from morphoscope.ensembles.table import Run
from morphoscope.models import Model

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

VIDEO_FRAMES = 250


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Simulation:
    """A finished run. A notebook shows its picture.

    Attributes
    ----------
    plan
        What was simulated.
    engine
        Name of the engine.
    initial
        Initial state, (species, y, x).
    t
        Times of the snapshots, (times,).
    states
        Snapshots, (times, species, y, x).
    video
        Frames of the first species for a video, (frames, y, x); None if no video was requested.
    computed_steps
        Number of computed steps. Steps after a steady state is reached are left out, which changes no number.
    seconds
        Duration of the run.
    warnings
        Signs that the time step or the grid is too coarse, one line each.
    versions
        Versions of Python and packages that simulated the run.

    See Also
    --------
    morphoscope.simulate, morphoscope.open_run
    """

    plan: Plan
    engine: str
    initial: NDArray[Any]
    t: NDArray[np.float64]
    states: NDArray[Any]
    video: NDArray[Any] | None
    computed_steps: int
    seconds: float
    warnings: tuple[str, ...] = ()
    versions: Mapping[str, str] = dataclasses.field(default_factory=versions)

    def species(self, name: str) -> NDArray[Any]:
        """Snapshots of one species, (times, y, x). Raises UsageError for an unknown name."""
        names = self.plan.model.species
        if name not in names:
            raise UsageError(f"unknown species {name!r}; {self.plan.model.name} has {', '.join(names)}")
        return np.asarray(self.states[:, names.index(name)])

    def dataset(self) -> xarray.Dataset:
        """The snapshots with coordinates: one variable per species, with dimensions time, y, x.

        The attributes contain what is needed to repeat the run: the plan as JSON and its hash, the seed, the engine and
        the versions. The data set can be written with ``to_netcdf``.
        """
        import xarray

        plan = self.plan
        coordinates: dict[str, Any] = {"time": ("time", self.t, {"units": "1", "long_name": "model time"})}
        for axis, cells in (("y", plan.grid.height), ("x", plan.grid.width)):
            centres = (np.arange(cells) + 0.5) * plan.grid.spacing
            coordinates[axis] = (axis, centres, {"units": "1", "long_name": f"cell centre, {axis}"})
        fields: dict[str, Any] = {
            name: (("time", "y", "x"), self.species(name), {"units": "1", "long_name": f"concentration of {name}"})
            for name in plan.model.species
        }
        attributes = {
            "title": plan.model.title,
            "model": plan.model.name,
            "plan": plan.to_json(),
            "plan_hash": plan.hash,
            "seed": plan.runs[0].seed,
            "engine": self.engine,
            "versions": json.dumps(dict(self.versions)),
            "warnings": "; ".join(self.warnings),
        }
        return xarray.Dataset(fields, coordinates, attributes)

    def plot(self) -> Figure:
        """A figure of the first species: snapshots, or space and time in one dimension, with axes and a colour bar."""
        from morphoscope.ensembles.pictures import simulation_figure

        return simulation_figure(self)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write picture.png, the raw picture, initial.npz, snapshots.npz and run.json; returns the folder.

        :func:`morphoscope.open_run` reads it again. Raises UsageError for a folder that contains other files or, unless
        ``overwrite``, an earlier run.
        """
        from morphoscope.ensembles.run_folder import save_run

        save_run(self, Path(folder), overwrite=overwrite)
        return Path(folder)

    def metadata(self) -> dict[str, Any]:
        """What is needed to repeat the run, and its duration and warnings, for run.json."""
        return {
            "plan": self.plan.to_dict(),
            "plan_hash": self.plan.hash,
            "engine": self.engine,
            "versions": dict(self.versions),
            "computed_steps": self.computed_steps,
            "seconds": round(self.seconds, 3),
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        plan, grid = self.plan, self.plan.grid
        warned = f", {len(self.warnings)} warning{'s'[: len(self.warnings) - 1]}" if self.warnings else ""
        return (
            f"<Simulation {plan.model.name} {grid.width}x{grid.height} t={plan.times[-1]:g} "
            f"seed={plan.runs[0].seed} engine={self.engine}{warned}>"
        )

    def _repr_html_(self) -> str:
        picture = io.BytesIO()
        self.plot().savefig(picture, format="png", dpi=100)
        encoded = base64.b64encode(picture.getvalue()).decode()
        lines = "".join(f"<div>{html.escape(line)}</div>" for line in (repr(self), *self.warnings))
        return f'<div>{lines}<img alt="{html.escape(repr(self))}" src="data:image/png;base64,{encoded}"></div>'


def run_plan(model: Model, parameters: Mapping[str, Any], settings: Settings, *, seed: int = 0) -> Plan:
    """The plan of one run. Raises UsageError for a plan that no engine can run."""
    if seed < 0:
        raise UsageError(f"seed {seed} is negative; use 0 or more")
    if settings.others:
        raise UsageError("a single run has one initial condition; use an ensemble for several", operation="ensemble")
    return settings.plan(model, "run", (Run(model.complete(parameters), seed),))


def simulate_one(
    plan: Plan,
    *,
    engine: str = "cpu",
    video: bool = False,
    initial: NDArray[Any] | None = None,
    progress: Reporter = SILENT,
) -> Simulation:
    """Simulate the first run of a plan; record video frames if ``video``, or if it has one dimension.

    ``initial``: initial state, see :func:`.run_job`. Raises UsageError if the run diverges.
    """
    made_by = get_engine(engine)
    check_noise(plan)
    job = run_job(plan, plan.runs[0], initial)
    last = plan.steps[-1]
    video = video or plan.grid.dimensions == 1
    frames = min(VIDEO_FRAMES, last + 1) if video else 0
    video_steps = _video_steps(plan, frames).tolist()
    steps = tuple(sorted({*plan.steps, *video_steps}))
    inspector = Inspector(plan, job.initial)
    with progress.task(f"simulate {plan.model.name}", last, "steps") as task:
        reached = 0

        def watch(step: int, read: Callable[[], NDArray[Any]]) -> None:
            nonlocal reached
            task.advance(step - reached)
            reached = step
            inspector.watch(step, read)

        begin = time.perf_counter()
        result = made_by.run(dataclasses.replace(job, steps=steps), watch)
        seconds = time.perf_counter() - begin
    _check_finite(result, plan)
    position = {step: index for index, step in enumerate(steps)}
    states = result.snapshots[[position[s] for s in plan.steps]]
    return Simulation(
        plan=plan,
        engine=made_by.name,
        initial=np.asarray(job.initial, dtype=np.float64 if plan.initial.name == ARRAY else result.snapshots.dtype),
        t=np.array(plan.times),
        states=states,
        video=result.snapshots[[position[s] for s in video_steps], 0] if video else None,
        computed_steps=result.computed_steps,
        seconds=seconds,
        warnings=(
            *inspector.warnings(states),
            *precision_warnings(job, states[-1], left_out=steps[-1] - result.computed_steps),
        ),
    )


def video_times(simulation: Simulation) -> NDArray[np.floating]:
    """The time of each frame of a run's video."""
    frames = 0 if simulation.video is None else len(simulation.video)
    return _video_steps(simulation.plan, frames) * simulation.plan.dt


def _video_steps(plan: Plan, frames: int) -> NDArray[np.intp]:
    return np.linspace(0, plan.steps[-1], frames).round().astype(np.intp)


def _check_finite(result: Result, plan: Plan) -> None:
    if result.failed_at is not None:
        raise UsageError(
            f"the run diverged: values are no longer finite (detected at step {result.failed_at}, t = "
            f"{result.failed_at * plan.dt:g}); try a smaller dt than {plan.dt:g} or other parameters"
        )


def single_run(plan: Plan, run: int) -> Plan:
    """The plan that contains only one of the runs of a plan; its initial condition is that of the run."""
    row = dataclasses.replace(plan.runs[run], initial=None)
    return dataclasses.replace(plan, initial=plan.initial_of(run), runs=(row,))
