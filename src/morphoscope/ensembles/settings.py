"""How runs of a model are made where a person does not want the model's custom; from there to a plan."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from morphoscope.core.errors import UsageError, nearest
from morphoscope.engines import Grid
from morphoscope.engines.initial import InitialCondition
from morphoscope.engines.stability import automatic_step
from morphoscope.engines.state_files import read_state
from morphoscope.ensembles.extremes import extremes
from morphoscope.ensembles.plan import Plan, Run
from morphoscope.models import Model, get_model, model_names
from morphoscope.models.spatial import Ramp, Spatial

FRAMES = 3  # the paper's sample: three frames, the last at the end


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a person may ask for; None is the model's custom.

    ``size``: (width, height) in cells. ``times``: snapshot times, by default three, the model's ``apart`` apart, the
    last at the end. ``initial``: an initial condition, or its text: a name, with options as in
    ``spots:count=30,radius=4``, or a file.
    ``boundary``, ``integrator``, ``noise``, ``double``: see :class:`~morphoscope.engines.Grid` and
    :class:`~morphoscope.engines.Job`.
    """

    size: tuple[int, int] | None = None
    until: float | None = None
    dt: float | None = None
    spacing: float | None = None
    stencil: int = 9
    boundary: str = "periodic"
    times: Sequence[float] | None = None
    initial: str | InitialCondition | None = None
    integrator: str | None = None
    noise: Mapping[str, float] | None = None
    double: bool = False

    def plan(self, model: Model, name: str, runs: tuple[Run, ...], record: Sequence[str] | None = None) -> Plan:
        """The plan of these runs; raises UsageError for whatever no engine could run."""
        until = model.until if self.until is None else self.until
        if not 0 < until < float("inf"):
            raise UsageError(f"until={until} is no end time; use a number above 0")
        given = self.initial or model.initial
        initial = given if isinstance(given, InitialCondition) else InitialCondition.parse(given)
        grid = self._grid(model, initial)
        dt = self._step(model, grid, runs)
        if not 0 < dt < float("inf"):
            raise UsageError(f"dt={dt} is no time step; use a number above 0")
        return Plan(
            name=name,
            model=model,
            grid=grid,
            dt=dt,
            until=until,
            times=tuple(self.times) if self.times else customary_times(until, dt, model.apart),
            initial=initial,
            record=tuple(record or model.species),
            runs=runs,
            integrator=self.integrator or model.integrator,
            noise=tuple(sorted((self.noise or {}).items())),
            double=self.double,
        )

    def _grid(self, model: Model, initial: InitialCondition) -> Grid:
        size = self.size
        if initial.path is not None and size is None:
            height, width = read_state(model, initial.path).shape[1:]
            size = (width, height)
        width, height = size or (128, 128)
        spacing = model.spacing if self.spacing is None else self.spacing
        return Grid(height, width, spacing=spacing, stencil=self.stencil, boundary=self.boundary)

    def _step(self, model: Model, grid: Grid, runs: tuple[Run, ...]) -> float:
        step = model.dt if self.dt is None else self.dt
        if step is not None:
            return step
        return min(automatic_step(model, grid, row) for row in extremes([run.parameters for run in runs]))


def known_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings by keyword; raises UsageError for a name that there is not."""
    names = {field.name for field in dataclasses.fields(Settings)} - {"initial"}
    for name in settings:
        if name not in names:
            raise UsageError(f"unknown setting {name!r}; {nearest(name, names)}")
    return settings


def customary_times(until: float, dt: float, apart: float) -> tuple[float, ...]:
    """Three frames, ``apart`` apart, the last at the end, as far as they fit into the run and on its steps."""
    apart = max(round(apart / dt), 1) * dt
    last = round(until / dt) * dt
    if abs(last - until) > 1e-9 * until:
        return (until,)  # refused by the plan, with the reason
    return tuple(t for t in (last - apart * i for i in reversed(range(FRAMES))) if t >= 0)


def repeat_command(plan: Plan, run: int) -> str:
    """The command that repeats one run of a plan; options that are the command's defaults are left out."""
    model, grid, row = plan.model, plan.grid, plan.runs[run]
    words = ["morphoscope simulate", *_model_words(model)]
    built_in = words[1] == model.name
    values = row.parameters.given if built_in else row.parameters
    words += [f"-p {name}={_parameter_text(value)}" for name, value in values.items()]
    words.append(f"--seed {row.seed}")
    usual = customary_times(plan.until, plan.dt, model.apart)
    options = (
        ("size", f"{grid.width}x{grid.height}", grid.shape != (128, 128)),
        ("until", f"{plan.until:g}", plan.until != model.until),
        ("dt", f"{plan.dt:g}", plan.dt != model.dt),
        ("spacing", f"{grid.spacing:g}", grid.spacing != model.spacing),
        ("stencil", str(grid.stencil), grid.stencil != 9),
        ("boundary", grid.boundary, not grid.periodic),
        ("times", ",".join(f"{t:g}" for t in plan.times), plan.times != usual),
        ("initial", shlex.quote(str(plan.initial)), str(plan.initial) != model.initial),
        ("integrator", plan.integrator, plan.integrator != model.integrator),
        *(("noise", f"{species}={amplitude:g}", True) for species, amplitude in plan.noise),
    )
    words += [f"--{name} {value}" for name, value, unusual in options if unusual]
    if plan.double:
        words.append("--double")
    return " ".join([*words, f"--out run-{run}"])


def _model_words(model: Model) -> list[str]:
    """The model's name where it is built in, its equations otherwise."""
    if model.name in model_names() and get_model(model.name) == model:
        return [model.name]
    reactions = [f"--reaction {shlex.quote(f'{s}: {text}')}" for s, text in model.reaction.items()]
    return [*reactions, *(f"--diffusion {shlex.quote(f'{s}={text}')}" for s, text in model.diffusion.items())]


def _parameter_text(value: Any) -> str:
    if isinstance(value, Ramp):
        return f"{value.axis}:{value.start!r}:{value.stop!r}"
    return "table" if isinstance(value, Spatial) else repr(value)
