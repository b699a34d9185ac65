"""Settings of runs, which are completed with the model's defaults to make a plan."""

from __future__ import annotations

import dataclasses
import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.engines import Grid
from morphoscope.engines.exponential_step import default_step, fitting_step
from morphoscope.engines.initial import InitialCondition
from morphoscope.engines.start_parts import TWO_STATES, check_two_states
from morphoscope.engines.state_files import read_state
from morphoscope.ensembles.extremes import extremes
from morphoscope.ensembles.plan import Plan, is_multiple
from morphoscope.ensembles.table import Run, RunTable
from morphoscope.models import Model, get_model, model_names
from morphoscope.models.spatial import Ramp, Spatial

FRAMES = 3  # default number of frames
MAX_RUNS = 1_000_000  # of a plan
_SIDE = 128  # default width and height in cells

Number = float | str  # a number, or its text


@dataclasses.dataclass(frozen=True)
class Settings:
    """Requested settings; None means the model's default.

    ``size``: (width, height) in cells. ``times``: snapshot times; by default three, with the model's interval
    ``apart``, the last at the end. ``others``: initial conditions after the first, with each of which the runs are
    repeated. ``noise``: amplitude by species, or one for all. ``boundary``, ``integrator``, ``double``: see
    :class:`~morphoscope.engines.Grid` and :class:`~morphoscope.engines.Job`.
    """

    size: tuple[int, int] | None = None
    until: float | None = None
    dt: float | None = None
    spacing: float | None = None
    stencil: int = 9
    boundary: str = "periodic"
    times: tuple[float, ...] | None = None
    initial: str | InitialCondition | None = None
    integrator: str | None = None
    noise: Mapping[str, float] | float | None = None
    double: bool = False
    others: tuple[str | InitialCondition, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        size: int | Sequence[int] | None = None,
        until: Number | None = None,
        dt: Number | None = None,
        spacing: Number | None = None,
        stencil: int = 9,
        boundary: str = "periodic",
        times: Number | Iterable[Number] | None = None,
        initial: str | InitialCondition | Sequence[str | InitialCondition] | None = None,
        integrator: str | None = None,
        noise: Number | Mapping[str, Number] | None = None,
        double: bool = False,
    ) -> Settings:
        """Settings from the forms that users may give: one size for a square, numbers as text, one time, one amplitude.

        Raises UsageError for invalid values.
        """
        starts: list[Any]
        starts = [initial] if initial is None or isinstance(initial, str | InitialCondition) else list(initial)
        if not starts:
            raise UsageError("no initial condition is given; name at least one, or omit the list", parameter="initial")
        return cls(
            size=None if size is None else _size(size),
            until=_optional("until", until),
            dt=_optional("dt", dt),
            spacing=_optional("spacing", spacing),
            stencil=_whole("stencil", stencil),
            boundary=_name("boundary", boundary),
            times=None if times is None else _times(times),
            initial=starts[0],
            others=tuple(starts[1:]),
            integrator=None if integrator is None else _name("integrator", integrator),
            noise=None if noise is None else _noise(noise),
            double=bool(double),
        )

    def plan(self, model: Model, name: str, runs: Sequence[Run], record: Sequence[str] | None = None) -> Plan:
        """The plan of these runs; raises UsageError for settings that no engine can run."""
        until = model.until if self.until is None else self.until
        if not 0 < until < math.inf:
            raise UsageError(f"until={until} is not a valid end time; use a number above 0")
        initial, *others = self._initials(model)
        table = _repeated(RunTable.of(runs), initial, others) if others else runs
        integrator = self.integrator or model.integrator
        used = _runs_by_initial(RunTable.of(table), initial)
        for start, rows in used.items():
            if start.name in TWO_STATES:
                _check_states(model, rows, start)
        grid = self._grid(model, initial)
        dt = min(self._step(model, grid, rows, integrator, start, until) for start, rows in used.items())
        if not 0 < dt < math.inf:
            raise UsageError(f"dt={dt} is not a valid time step; use a number above 0")
        end = _on_step(until, dt)
        if not 0 < end < math.inf:
            raise UsageError(f"end time {until:g} is less than half a step; use a time step below dt={dt:g}")
        return Plan(
            name=name,
            model=model,
            grid=grid,
            dt=dt,
            until=end,
            times=tuple(_on_step(time, dt) for time in self.times or default_times(end, dt, model.apart)),
            initial=initial,
            record=tuple(record or model.species),
            runs=table,
            integrator=integrator,
            noise=self._amplitudes(model),
            double=self.double,
        )

    def _initials(self, model: Model) -> list[InitialCondition]:
        """The initial conditions, the model's if none is given. Raises UsageError if one is given twice."""
        given = (self.initial or model.initial, *self.others)
        found = [one if isinstance(one, InitialCondition) else InitialCondition.parse(one) for one in given]
        for position, one in enumerate(found):
            if one in found[:position]:
                raise UsageError(f"initial condition {one} is given twice; use replicates for more runs")
        return found

    def rounded(self, plan: Plan) -> str | None:
        """What to say where the end or a snapshot of a plan of these settings is visibly not at the requested time."""
        until = plan.model.until if self.until is None else self.until
        requested = (until, *(self.times or ()))
        taken = (plan.until, *(plan.times if self.times else ()))
        moved = [f"{a:g} to {b:g}" for a, b in zip(requested, taken, strict=True) if f"{a:g}" != f"{b:g}"]
        if not moved:
            return None
        return f"times are rounded to multiples of dt = {plan.dt:g}: {', '.join(dict.fromkeys(moved))}"

    def _grid(self, model: Model, initial: InitialCondition) -> Grid:
        size = self.size
        if initial.path is not None and size is None:
            height, width = read_state(model, initial.path).shape[1:]
            size = (width, height)
        width, height = size or (_SIDE, _SIDE)
        spacing = model.spacing if self.spacing is None else self.spacing
        return Grid(height, width, spacing=spacing, stencil=self.stencil, boundary=self.boundary)

    def _step(
        self,
        model: Model,
        grid: Grid,
        runs: Sequence[Run],
        integrator: str,
        initial: InitialCondition,
        until: float,
    ) -> float:
        if self.dt is not None:
            return self.dt
        if model.dt is not None and integrator == model.integrator:
            return model.dt
        rows = extremes(RunTable.of(runs))
        step = min(default_step(model, grid, row, integrator, initial) for row in rows)
        return fitting_step(step, (*(self.times or ()), until))

    def _amplitudes(self, model: Model) -> tuple[tuple[str, float], ...]:
        noise = {} if self.noise is None else self.noise
        if not isinstance(noise, Mapping):
            noise = dict.fromkeys(model.species, noise)
        return tuple(sorted(noise.items()))


def _repeated(table: RunTable, initial: InitialCondition, others: Sequence[InitialCondition]) -> RunTable:
    """Every run of a table with the plan's initial condition and with others."""
    if table.initials:
        raise UsageError(f"the points have initial conditions of their own, but {initial} is given for all; omit one")
    if len(table) * (1 + len(others)) > MAX_RUNS:
        raise UsageError(f"{len(table)} runs with {1 + len(others)} initial conditions; a plan has at most {MAX_RUNS}")
    return table.with_initials([None, *others])


def _runs_by_initial(table: RunTable, initial: InitialCondition) -> dict[InitialCondition, RunTable]:
    """The runs with each initial condition; ``initial`` is that of runs without one of their own."""
    if table.initial_codes is None:
        return {initial: table}
    codes = table.initial_codes
    return {
        initial if code < 0 else table.initials[code]: table.take(np.flatnonzero(codes == code))
        for code in np.unique(codes).tolist()
    }


def _check_states(model: Model, runs: Sequence[Run], initial: InitialCondition) -> None:
    """Raise UsageError if a run lacks the states of its initial condition, before anything is simulated."""
    table = RunTable.of(runs)
    rows = [table.parameters(run).middle for run in table.distinct(list(table.columns)).tolist()]
    values = {name: np.array([row[name] for row in rows]) for name in model.parameters}
    check_two_states(model, values, initial.name)


def _size(size: Any) -> tuple[int, int]:
    """A number of cells, or (width, height)."""
    sides = (size, size) if _is_whole(size) else size
    if isinstance(sides, str) or not isinstance(sides, Iterable):
        raise UsageError(f"size={size!r:.80}; expected a number of cells, or width and height")
    sides = tuple(sides)
    if len(sides) != 2 or not all(map(_is_whole, sides)):
        raise UsageError(f"size={size!r:.80}; expected a number of cells, or width and height")
    return int(sides[0]), int(sides[1])


def _is_whole(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool) and not getattr(value, "ndim", 0)


def _whole(name: str, value: Any) -> int:
    if not _is_whole(value):
        raise UsageError(f"{name}={value!r:.80} is not a whole number")
    return int(value)


def _optional(name: str, value: Any) -> float | None:
    return None if value is None else _number(name, value)


def _number(name: str, value: Any) -> float:
    try:
        if isinstance(value, bool):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise UsageError(f"{name}={value!r:.80} is not a number") from None


def _name(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{name}={value!r:.80} is not a name; expected text")
    return value


def _times(times: Any) -> tuple[float, ...]:
    """One time, or several."""
    several = isinstance(times, Iterable) and not isinstance(times, str) and bool(getattr(times, "ndim", 1))
    return tuple(_number("times", time) for time in times) if several else (_number("times", times),)


def _noise(noise: Any) -> Mapping[str, float] | float:
    if isinstance(noise, Mapping):
        return {str(species): _number(f"noise of {species}", amplitude) for species, amplitude in noise.items()}
    return _number("noise", noise)


def _on_step(time: float, dt: float) -> float:
    """The multiple of the time step nearest to a time; the time itself if it is one but for rounding."""
    if not 0 <= time < math.inf:
        return time  # the plan rejects it and gives the reason
    nearest = round(time / dt) * dt
    return time if is_multiple(time, dt) else float(f"{nearest:.12g}")


def default_times(until: float, dt: float, apart: float) -> tuple[float, ...]:
    """Three times at intervals of ``apart``, rounded to steps, the last at the end; those before 0 are left out."""
    apart = max(round(apart / dt), 1) * dt
    last = round(until / dt) * dt
    return tuple(min(t, until) for t in (last - apart * i for i in reversed(range(FRAMES))) if t >= 0)


def repeat_command(plan: Plan, run: int) -> str:
    """The command that repeats one run of a plan; options that are the command's defaults are left out.

    For an imported run, the file that it came from.
    """
    if plan.imported is not None:
        return f"imported from {plan.imported.sources()[run]}"
    model, grid, row = plan.model, plan.grid, plan.runs[run]
    initial = str(plan.initial_of(run))
    words = ["morphoscope simulate", *_model_words(model)]
    built_in = words[1] == model.name
    values = row.parameters.given if built_in else row.parameters
    words += [f"-p {name}={_parameter_text(value)}" for name, value in values.items()]
    words.append(f"--seed {row.seed}")
    default = default_times(plan.until, plan.dt, model.apart)
    options = (
        ("size", f"{grid.width}x{grid.height}", grid.shape != (128, 128)),
        ("until", f"{plan.until:.12g}", plan.until != model.until),
        ("dt", f"{plan.dt:.12g}", plan.dt != model.dt),
        ("spacing", f"{grid.spacing:g}", grid.spacing != model.spacing),
        ("stencil", str(grid.stencil), grid.stencil != 9),
        ("boundary", grid.boundary, not grid.periodic),
        ("times", ",".join(f"{t:.12g}" for t in plan.times), plan.times != default),
        ("initial", shlex.quote(initial), initial != model.initial),
        ("integrator", plan.integrator, plan.integrator != model.integrator),
        *(("noise", f"{species}={amplitude:g}", True) for species, amplitude in plan.noise),
    )
    words += [f"--{name} {value}" for name, value, differs in options if differs]
    if plan.double:
        words.append("--double")
    return " ".join([*words, f"--out run-{run}"])


def _model_words(model: Model) -> list[str]:
    """The model's name if it is built in, and its equations otherwise."""
    if model.name in model_names() and get_model(model.name) == model:
        return [model.name]
    reactions = [f"--reaction {shlex.quote(f'{s}: {text}')}" for s, text in model.reaction.items()]
    return [*reactions, *(f"--diffusion {shlex.quote(f'{s}={text}')}" for s, text in model.diffusion.items())]


def _parameter_text(value: Any) -> str:
    if isinstance(value, Ramp):
        return f"{value.axis}:{value.start!r}:{value.stop!r}"
    return "table" if isinstance(value, Spatial) else repr(value)
