"""Plans: what is to be simulated, with everything that affects the results."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import read_json, write_json
from morphoscope.engines import Grid
from morphoscope.engines.base import check_method
from morphoscope.engines.exponential_step import check_exponential_step
from morphoscope.engines.initial import InitialCondition
from morphoscope.engines.noise import NOISE_VERSION
from morphoscope.engines.stability import check_step
from morphoscope.ensembles.extremes import most_demanding
from morphoscope.ensembles.identity import differences, numeric_hash
from morphoscope.models import Model, Parameters, get_model
from morphoscope.models.spatial import Spatial

FORMAT = 2
READABLE_FORMATS = (1, 2)  # format 1 omits integrator, noise and double if they are defaults
_SEED_BITS = 53  # so that JSON readers that know only floats read seeds exactly


@dataclasses.dataclass(frozen=True)
class Run:
    """One row of a plan: the parameters of a run, its seed, and its class if it is known."""

    parameters: Parameters
    seed: int
    label: str | None = None


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
        The initial condition.
    record : tuple of str
        The species that are stored.
    runs : tuple of Run
        One row per run: parameters, seed, and optionally a label.
    integrator : str
        ``euler`` or ``etdrk2``.
    noise : tuple of (str, float)
        Amplitude of additive noise by species.
    double : bool
        Whether to compute with float64 instead of float32.
    noise_version : int
        Version of the random numbers of the noise. Runs of an older version can be read, but not simulated.

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
    runs: tuple[Run, ...]
    integrator: str = "euler"
    noise: tuple[tuple[str, float], ...] = ()
    double: bool = False
    noise_version: int = dataclasses.field(default_factory=lambda: NOISE_VERSION)

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
        if not all(self.model.owns(run.parameters) for run in self.runs):
            raise UsageError(f"plan {self.name!r} has runs whose parameters are not those of model {self.model.name}")
        steps_at(self.times, self.dt, self.until)
        _ = self.model.reaction_terms  # rejects invalid equations now rather than during the runs
        check_method(self.model, self.integrator, dict(self.noise))
        check = check_step if self.integrator == "euler" else check_exponential_step
        check(self.model, self.grid, most_demanding(self.model, [run.parameters for run in self.runs]), self.dt)

    @property
    def steps(self) -> tuple[int, ...]:
        """Step numbers of the snapshots."""
        return steps_at(self.times, self.dt, self.until)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The parameters that the rows set, in the model's order."""
        named = {name for run in self.runs for name in run.parameters.given}
        return tuple(name for name in self.model.parameters if name in named)

    @property
    def shown(self) -> tuple[float, float] | None:
        """The range of values that pictures of the first recorded species show; None: the range of each picture."""
        return self.model.shown if self.record[:1] == self.model.species[:1] else None

    def values(self, name: str) -> list[float]:
        """A parameter's value in every run, NaN where it varies in space."""
        values = [run.parameters[name] for run in self.runs]
        return [math.nan if isinstance(value, Spatial) else value for value in values]

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
        runs = tuple(self.runs[i] for i in kept)
        return dataclasses.replace(self, runs=runs)

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "format": FORMAT,
            "name": self.name,
            "model": self.model.to_dict(),
            "grid": dataclasses.asdict(self.grid),
            "dt": self.dt,
            "until": self.until,
            "times": list(self.times),
            "initial": self.initial.to_json(),
            "record": list(self.record),
            "runs": [{"parameters": _plain(r.parameters.given), "seed": r.seed, "label": r.label} for r in self.runs],
            "integrator": self.integrator,
            "noise": dict(self.noise),
            "double": self.double,
            **({"noise_version": self.noise_version} if self.noise else {}),
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
        if values.get("format") not in READABLE_FORMATS:
            raise DataError(f"plan format {values.get('format')!r}; this version reads 1 and 2; update morphoscope")
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
                runs=tuple(
                    Run(built.complete(run["parameters"]), int(run["seed"]), run.get("label")) for run in values["runs"]
                ),
                integrator=str(values.get("integrator", "euler")),
                noise=tuple(sorted((s, float(a)) for s, a in values.get("noise", {}).items())),
                double=bool(values.get("double", False)),
                noise_version=int(values.get("noise_version", 1 if values.get("noise") else NOISE_VERSION)),
            )
        except KeyError as error:
            raise DataError(f"plan has no field {error}") from None
        except UsageError:
            raise
        except (TypeError, ValueError, AttributeError) as error:
            raise DataError(f"plan is malformed: {error}") from error

    def save(self, path: Path) -> None:
        """Write the plan as indented JSON."""
        write_json(path, self.to_dict())

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Read a plan file."""
        return cls.from_dict(read_json(path, "a plan (JSON)"))

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256, hexadecimal, of everything that affects the numbers, and of the classes of the runs."""
        return numeric_hash(self)

    def difference(self, other: Plan) -> str | None:
        """The numerics that differ from those of another plan, with both values; None if all agree."""
        return differences(self, other)


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
        raise UsageError("snapshot times must be ascending")
    return tuple(steps)


def run_seeds(root: int, count: int) -> list[int]:
    """One seed per run, derived from a root seed; the first n do not depend on the count."""
    children = (np.random.SeedSequence(root, spawn_key=(i,)) for i in range(count))
    return [int(c.generate_state(1, np.uint64)[0]) >> (64 - _SEED_BITS) for c in children]


def make_runs(model: Model, rows: Iterable[tuple[Mapping[str, Any], str | None]], root: int) -> tuple[Run, ...]:
    """Rows of a plan from (parameters, label) pairs and a root seed; missing parameters get their defaults."""
    rows = list(rows)
    seeds = run_seeds(root, len(rows))
    complete = [p if isinstance(p, Parameters) else model.complete(p) for p, _ in rows]
    return tuple(Run(p, seed, label) for p, (_, label), seed in zip(complete, rows, seeds, strict=True))
