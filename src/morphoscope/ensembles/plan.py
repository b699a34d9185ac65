"""Plans: what is to be simulated, with everything that affects the results."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import write_json
from morphoscope.engines import Grid
from morphoscope.engines.base import check_method
from morphoscope.engines.exponential_step import check_exponential_step
from morphoscope.engines.initial import InitialCondition
from morphoscope.engines.noise import NOISE_VERSION
from morphoscope.engines.stability import check_step
from morphoscope.ensembles.extremes import most_demanding
from morphoscope.ensembles.identity import differences, numeric_hash
from morphoscope.ensembles.imported import Imported
from morphoscope.ensembles.plan_files import IMPORTED, OWN_INITIALS, is_large, read_plan, write_plan
from morphoscope.ensembles.seeds import seeds_of_runs
from morphoscope.ensembles.table import Run, RunTable
from morphoscope.models import Model, Parameters, check_equations, get_model
from morphoscope.models.spatial import Spatial

FORMAT = 2
READABLE_FORMATS = (1, 2, OWN_INITIALS, IMPORTED)  # format 1 omits integrator, noise and double if they are defaults


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be simulated. Frozen; ``Plan.from_json(plan.to_json()) == plan``; equal plans have equal hashes.

    Most plans come from :func:`morphoscope.scan_plan`.

    Parameters
    ----------
    name : str
        Name of the plan.
    model : Model
        The model.
    grid : Grid
        Cells, spacing, stencil and boundary.
    dt : float
        Time step.
    until : float
        End time, in the model's units.
    times : tuple of float
        Times of the snapshots, multiples of ``dt`` up to ``until``.
    initial : InitialCondition
        The initial condition of all runs that have none of their own.
    record : tuple of str
        The species that are stored.
    runs : sequence of Run
        One row per run: parameters, seed, and optionally a label and an initial condition. The plan holds them as
        columns and makes a :class:`Run` when it is asked for one.
    integrator : str
        ``euler`` or ``etdrk2``.
    noise : tuple of (str, float)
        Amplitude of additive noise by species.
    double : bool
        Whether to compute with float64 instead of float32.
    noise_version : int
        Version of the random numbers of the noise. Runs of an older version can be read, but not simulated.
    imported : Imported or None
        The files that the runs were imported from. Such runs can't be simulated; ``dt``, ``until`` and ``initial`` have
        no meaning, and ``times`` may be any ascending numbers.

    Raises
    ------
    UsageError
        If no engine can run it.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 3)}, until=100)
    >>> len(plan.runs), morphoscope.Plan.from_json(plan.to_json()) == plan
    (3, True)
    """

    name: str
    model: Model
    grid: Grid
    dt: float
    until: float
    times: tuple[float, ...]
    initial: InitialCondition
    record: tuple[str, ...]
    runs: Sequence[Run]
    integrator: str = "euler"
    noise: tuple[tuple[str, float], ...] = ()
    double: bool = False
    noise_version: int = dataclasses.field(default_factory=lambda: NOISE_VERSION)
    imported: Imported | None = None

    def __post_init__(self) -> None:
        if not self.noise:
            object.__setattr__(self, "noise_version", NOISE_VERSION)
        if not self.runs:
            raise UsageError(f"plan {self.name!r} has no runs; give at least one row")
        for species in self.record:
            if species not in self.model.species:
                raise UsageError(
                    f"unknown species {species!r} to record; {self.model.name} has {', '.join(self.model.species)}"
                )
        table, initial = _table_of(self.runs, self.model, self.name).relative_to(self.initial)
        object.__setattr__(self, "runs", table)
        object.__setattr__(self, "initial", initial)
        if self.imported is not None:
            _check_times(self.times)
            return
        steps_at(self.times, self.dt, self.until)
        check_equations(self.model)  # now rather than during the runs
        check_method(self.model, self.integrator, dict(self.noise))
        check = check_step if self.integrator == "euler" else check_exponential_step
        check(self.model, self.grid, most_demanding(self.model, self.table), self.dt)

    @property
    def steps(self) -> tuple[int, ...]:
        """Step numbers of the snapshots."""
        return steps_at(self.times, self.dt, self.until)

    @property
    def table(self) -> RunTable:
        """The runs as columns."""
        assert isinstance(self.runs, RunTable)
        return self.runs

    @functools.cached_property
    def initials(self) -> tuple[InitialCondition, ...]:
        """The initial conditions that occur, in the order of their first runs."""
        if not self.table.initials:
            return (self.initial,)
        return tuple(dict.fromkeys(map(self.initial_of, range(len(self.runs)))))

    def initial_of(self, run: int) -> InitialCondition:
        """The initial condition of a run."""
        return self.table.initial(run) or self.initial

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The parameters that the rows set, in the model's order."""
        return tuple(name for name in self.model.parameters if name in self.table.columns)

    @property
    def shown(self) -> tuple[float, float] | None:
        """The range of values that pictures of the first recorded species show; None: the range of each picture."""
        return self.model.shown if self.record[:1] == self.model.species[:1] else None

    def values(self, name: str) -> list[float]:
        """A parameter's value in every run, NaN where it varies in space."""
        return self.table.numbers(name).tolist()

    def limited(self, count: int) -> Plan:
        """``count`` runs spread evenly over the plan, each identical to that of the full plan.

        One run is drawn at random from each of ``count`` intervals of equal length. Equal steps would be in phase with
        the rows of a parameter grid and leave stripes.
        """
        if count < 1:
            raise UsageError(f"limit {count} gives no runs; use 1 or more")
        if count >= len(self.runs):
            return self
        edges = np.arange(count + 1) * len(self.runs) // count
        kept = np.random.default_rng(0).integers(edges[:-1], edges[1:])
        return dataclasses.replace(self, runs=self.table.take(kept))

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "format": IMPORTED if self.imported else OWN_INITIALS if self.table.initials else FORMAT,
            "name": self.name,
            "model": self.model.to_dict(),
            "grid": dataclasses.asdict(self.grid),
            "dt": self.dt,
            "until": self.until,
            "times": list(self.times),
            "initial": self.initial.to_json(),
            "record": list(self.record),
            "runs": [_row(run) for run in self.runs],
            "integrator": self.integrator,
            "noise": dict(self.noise),
            "double": self.double,
            **({"noise_version": self.noise_version} if self.noise else {}),
            **({"imported": self.imported.to_dict()} if self.imported else {}),
        }

    def to_json(self) -> str:
        """Canonical JSON: equal plans give equal texts."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Inverse of :meth:`to_json`."""
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise DataError(f"plan is not valid JSON: {error}") from error

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """Inverse of :meth:`to_dict`; ``model`` may also be a built-in model's name. Raises UsageError or DataError."""
        if not isinstance(values, Mapping):
            raise DataError("plan is not a JSON object; expected the fields of a plan")
        if values.get("format") not in READABLE_FORMATS and not isinstance(values.get("runs"), RunTable):
            raise DataError(
                f"plan format {values.get('format')!r}; this version reads 1, 2, 4 and 5, and "
                "files of 3 to 5 with their rows beside them; update morphoscope"
            )
        try:
            model = values["model"]
            built = get_model(model) if isinstance(model, str) else Model.from_dict(model)
            return cls(
                name=str(values["name"]),
                model=built,
                grid=Grid(**values["grid"]),
                dt=float(values["dt"]),
                until=float(values["until"]),
                times=tuple(float(t) for t in values["times"]),
                initial=InitialCondition.from_json(values["initial"]),
                record=tuple(values["record"]),
                runs=_rows(built, values["runs"]),
                integrator=str(values.get("integrator", "euler")),
                noise=tuple(sorted((s, float(a)) for s, a in values.get("noise", {}).items())),
                double=bool(values.get("double", False)),
                noise_version=int(values.get("noise_version", 1 if values.get("noise") else NOISE_VERSION)),
                imported=Imported.from_dict(values["imported"]) if values.get("imported") else None,
            )
        except KeyError as error:
            raise DataError(f"plan has no field {error}") from None
        except UsageError:
            raise
        except (TypeError, ValueError, AttributeError) as error:
            raise DataError(f"plan is malformed: {error}") from error

    def save(self, path: Path) -> None:
        """Write the plan as indented JSON; of a large plan, the rows are in a file beside it."""
        if is_large(self.table):
            values = dataclasses.replace(self, runs=self.table[:1]).to_dict()
            write_plan(path, values, self.table, self.hash)
        else:
            write_json(path, self.to_dict())

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Read a plan file. Raises DataError if it or the file with its rows is damaged."""
        values = read_plan(path)
        plan = cls.from_dict(values)
        if isinstance(values.get("runs"), RunTable):
            plan.__dict__["hash"] = values["hash"]  # of files that agree with their checksums
        return plan

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256, hexadecimal, of everything that affects the numbers, and of the classes of the runs."""
        return numeric_hash(self)

    def difference(self, other: Plan) -> str | None:
        """The numerics that differ from those of another plan, with both values; None if all agree."""
        return differences(self, other)


def _row(run: Run) -> dict[str, Any]:
    """A row of a plan as JSON values."""
    values = {"parameters": _plain(run.parameters.given), "seed": run.seed, "label": run.label}
    return values if run.initial is None else {**values, "initial": run.initial.to_json()}


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.to_json() if isinstance(value, Spatial) else value for name, value in parameters.items()}


def is_multiple(time: float, dt: float) -> bool:
    """Whether a time is a multiple of a time step, but for rounding of either."""
    return abs(round(time / dt) * dt - time) <= 1e-9 * max(min(1.0, dt), time)


def steps_at(times: Sequence[float], dt: float, until: float) -> tuple[int, ...]:
    """Step numbers of snapshot times. Raises UsageError for a time after ``until`` or not a multiple of ``dt``."""
    if not 0 < dt < float("inf"):
        raise UsageError(f"dt={dt} is not a valid time step; use a number above 0")
    if not times:
        raise UsageError("no snapshot times; give at least one")
    steps = []
    for time in times:
        if not 0 <= time <= until:
            raise UsageError(f"snapshot time {time:g} is outside 0 … {until:g}, the end of the run")
        step = round(time / dt)
        if not is_multiple(time, dt):
            raise UsageError(f"snapshot time {time:g} is not a multiple of dt={dt:g}; the nearest is {step * dt:g}")
        steps.append(step)
    if sorted(set(steps)) != steps:
        raise UsageError(f"snapshot times {', '.join(f'{t:g}' for t in times)} are not ascending; sort them, each once")
    return tuple(steps)


def _check_times(times: Sequence[float]) -> None:
    """Raise UsageError unless the times of imported frames are finite and ascend."""
    if not times or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise UsageError(f"the times of the frames are {list(times)[:4]}…; expected at least one, ascending")


def run_seeds(root: int, count: int) -> list[int]:
    """One seed per run, derived from a root seed; the first n do not depend on the count."""
    return seeds_of_runs(root, count).tolist()


def make_runs(
    model: Model,
    rows: Iterable[tuple[Mapping[str, Any], str | None]],
    root: int,
    initials: Sequence[InitialCondition | None] = (),
) -> RunTable:
    """Rows of a plan from (parameters, label) pairs and a root seed; missing parameters get their defaults.

    ``initials``: for each run its own initial condition, None for that of the plan; by default no run has one.
    """
    rows = list(rows)
    complete = [p if isinstance(p, Parameters) else model.complete(p) for p, _ in rows]
    labels = [label for _, label in rows]
    return RunTable.of_parameters(complete, seeds_of_runs(root, len(rows)), labels, initials)


def _rows(model: Model, rows: Any) -> RunTable:
    """The table of rows that are JSON values, or that another file held."""
    if isinstance(rows, RunTable):
        return rows
    return RunTable.of(_run(model, row) for row in rows)


def _run(model: Model, row: Mapping[str, Any]) -> Run:
    own = row.get("initial")
    initial = None if own is None else InitialCondition.from_json(own)
    return Run(model.complete(row["parameters"]), int(row["seed"]), row.get("label"), initial)


def _table_of(runs: Iterable[Run], model: Model, name: str) -> RunTable:
    """The runs of a plan as columns; raises UsageError if their parameters are not those of its model."""
    try:
        table = RunTable.of(runs)
    except UsageError:
        table = None
    if table is None or not model.owns(Parameters({}, table.defaults)):
        raise UsageError(f"plan {name!r} has runs whose parameters are not those of model {model.name}")
    return table
