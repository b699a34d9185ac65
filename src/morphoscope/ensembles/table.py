"""The rows of a plan as columns: a million runs in some arrays instead of millions of objects."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.engines.initial import InitialCondition
from morphoscope.models import Parameters
from morphoscope.models.spatial import Spatial

Floats = NDArray[np.float64]
Value = TypeVar("Value", str, InitialCondition)
_KEPT = 16  # runs that are kept as the objects that they were, since these are few


@dataclasses.dataclass(frozen=True)
class Run:
    """One row of a plan: the parameters of a run, its seed, and its class if it is known.

    ``initial``: the run's own initial condition; None: that of the plan.
    """

    parameters: Parameters
    seed: int
    label: str | None = None
    initial: InitialCondition | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Column:
    """A parameter in every run that sets it."""

    values: Floats  # (runs,), or (1,) if the value is the same in all runs; NaN where it varies in space
    spatial: Mapping[int, Spatial] = dataclasses.field(default_factory=dict)  # by position in ``values``
    given: NDArray[np.bool_] | None = None  # (runs,): which runs set it; None: all

    def at(self, run: int) -> float | Spatial:
        """The value in a run."""
        position = run if len(self.values) > 1 else 0
        return self.spatial[position] if position in self.spatial else float(self.values[position])

    def take(self, runs: NDArray[np.intp]) -> Column:
        """The column of some runs."""
        given = None if self.given is None else self.given[runs]
        if len(self.values) == 1:
            return Column(self.values, self.spatial, given)
        spatial = {i: self.spatial[run] for i, run in enumerate(runs.tolist()) if run in self.spatial}
        return Column(self.values[runs], spatial, given)

    def numbers(self, number_of: Callable[[Spatial], float]) -> Floats:
        """The values, with a number for each that varies in space."""
        if not self.spatial:
            return self.values
        values = self.values.copy()
        for position, value in self.spatial.items():
            values[position] = number_of(value)
        return values

    def codes(self) -> NDArray[np.intp]:
        """The same whole number for equal values."""
        codes = np.unique(self.values, return_inverse=True)[1].astype(np.intp)
        known: dict[Spatial, int] = {}
        for position, value in self.spatial.items():
            codes[position] = len(self.values) + known.setdefault(value, len(known))
        return codes

    def differs(self, other: Column, runs: int) -> NDArray[np.bool_]:
        """In which runs two columns have different values."""
        ours, theirs = (np.broadcast_to(column.values, (runs,)) for column in (self, other))
        found = np.asarray((ours != theirs) & ~(np.isnan(ours) & np.isnan(theirs)))
        if self.spatial or other.spatial:
            for run in np.flatnonzero(np.isnan(ours) & np.isnan(theirs)).tolist():
                found[run] = self.at(run) != other.at(run)
        return found


def column_of(values: Sequence[Any], given: NDArray[np.bool_] | None = None) -> Column:
    """The column of one value per run; shorter if all are the same."""
    if all(value is values[0] or value == values[0] for value in values):
        values = values[:1]
    spatial = {i: value for i, value in enumerate(values) if isinstance(value, Spatial)}
    numbers = [np.nan if isinstance(value, Spatial) else value for value in values] if spatial else values
    return Column(np.array(numbers, dtype=np.float64), spatial, given)


class RunTable(Sequence[Run]):
    """The rows of a plan: a sequence of :class:`Run`, each of which is made when it is asked for.

    Parameters
    ----------
    defaults
        The model's defaults, which belong to the parameters of every run.
    columns
        The parameters that runs set, in the model's order.
    seeds
        One seed per run.
    names
        The labels that occur.
    codes
        For every run the position of its label in ``names``, -1 if it has none; by default no run has one.
    initials
        The initial conditions that runs have of their own.
    initial_codes
        For every run the position of its own in ``initials``, -1 if it has that of the plan; by default all have.
    """

    def __init__(
        self,
        defaults: Mapping[str, float],
        columns: Mapping[str, Column],
        seeds: NDArray[Any],
        names: Sequence[str] = (),
        codes: NDArray[np.int32] | None = None,
        initials: Sequence[InitialCondition] = (),
        initial_codes: NDArray[np.int32] | None = None,
    ) -> None:
        self.defaults, self.columns, self.seeds = defaults, dict(columns), seeds
        self.names = tuple(names)
        self.codes = codes if names else None
        self.initials = tuple(initials)
        self.initial_codes = initial_codes if initials else None
        self._kept: tuple[Run, ...] = ()
        for array in (seeds, codes, initial_codes, *(column.values for column in columns.values())):
            if array is not None:
                array.flags.writeable = False

    @classmethod
    def of(cls, runs: Iterable[Run]) -> RunTable:
        """The table of these runs. Raises UsageError if their parameters are not those of one model."""
        if isinstance(runs, RunTable):
            return runs
        rows = list(runs)
        labels = [run.label for run in rows]
        seeds, initials = seed_array([run.seed for run in rows]), [run.initial for run in rows]
        table = cls._made([run.parameters for run in rows], seeds, labels, initials)
        table._kept = tuple(rows) if len(rows) <= _KEPT else ()
        return table

    @classmethod
    def of_parameters(
        cls,
        rows: Sequence[Parameters],
        seeds: NDArray[Any] | None = None,
        labels: Sequence[str | None] = (),
        initials: Sequence[InitialCondition | None] = (),
    ) -> RunTable:
        """The table of runs with these parameters; without seeds, for comparing parameters only."""
        return cls._made(rows, np.zeros(len(rows), np.int64) if seeds is None else seeds, labels, initials)

    @classmethod
    def _made(
        cls,
        rows: Sequence[Parameters],
        seeds: NDArray[Any],
        labels: Sequence[str | None],
        initials: Sequence[InitialCondition | None],
    ) -> RunTable:
        if not all(isinstance(row, Parameters) for row in rows):
            raise UsageError("runs whose parameters are not those of one model; complete them with Model.complete")
        defaults = rows[0].defaults if rows else {}
        if not all(row.defaults is defaults or row.defaults == defaults for row in rows):
            raise UsageError("runs whose parameters are those of several models; use one model")
        given = [row.given for row in rows]
        columns = {}
        for name in defaults:
            sets = np.array([name in values for values in given], dtype=bool)
            if sets.any():
                values = [row.get(name, defaults[name]) for row in given]
                columns[name] = column_of(values, None if sets.all() else sets)
        names, codes = codes_of(labels)
        return cls(defaults, columns, seeds, names, codes, *codes_of(initials))

    def __len__(self) -> int:
        return len(self.seeds)

    @overload
    def __getitem__(self, run: int) -> Run: ...
    @overload
    def __getitem__(self, run: slice) -> RunTable: ...
    def __getitem__(self, run: int | slice) -> Run | RunTable:
        if isinstance(run, slice):
            return self.take(np.arange(len(self))[run])
        position = range(len(self))[run]
        return (
            self._kept[position]
            if self._kept
            else Run(self.parameters(position), int(self.seeds[position]), self.label(position), self.initial(position))
        )

    def __iter__(self) -> Iterator[Run]:
        return (self[run] for run in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RunTable):
            return isinstance(other, tuple | list) and list(self) == list(other)
        return len(self) == len(other) and self.defaults == other.defaults and self.first_difference(other) is None

    def __hash__(self) -> int:
        return hash((len(self), *(int(seed) for seed in self.seeds[:3])))

    def __repr__(self) -> str:
        return f"<RunTable of {len(self)} runs: {', '.join(self.columns) or 'no parameters set'}>"

    def parameters(self, run: int) -> Parameters:
        """The parameters of a run."""
        set_here = (
            (name, column.at(run)) for name, column in self.columns.items() if column.given is None or column.given[run]
        )
        return Parameters(dict(set_here), self.defaults)

    def label(self, run: int) -> str | None:
        """The label of a run, None if it has none."""
        code = -1 if self.codes is None else int(self.codes[run])
        return None if code < 0 else self.names[code]

    def labels(self) -> list[str | None]:
        """The label of every run, None if it has none."""
        if self.codes is None:
            return [None] * len(self)
        names = [*self.names, None]  # -1 is the last
        return [names[code] for code in self.codes.tolist()]

    def initial(self, run: int) -> InitialCondition | None:
        """The initial condition that a run has of its own, None if it has that of the plan."""
        code = -1 if self.initial_codes is None else int(self.initial_codes[run])
        return None if code < 0 else self.initials[code]

    def relative_to(self, initial: InitialCondition) -> tuple[RunTable, InitialCondition]:
        """The table in a plan with this initial condition, and that of the plan: each has only one form.

        No run has that of the plan as its own; if all runs have the same, it becomes that of the plan.
        """
        if self.initial_codes is None:
            return self, initial
        names, codes = codes_of([None if own == initial else own for own in map(self.initial, range(len(self)))])
        if codes is not None and len(names) == 1 and codes.min() == 0:
            return self._with_own((), None), names[0]
        return self._with_own(names, codes), initial

    def _with_own(self, initials: Sequence[InitialCondition], codes: NDArray[np.int32] | None) -> RunTable:
        return RunTable(self.defaults, self.columns, self.seeds, self.names, self.codes, initials, codes)

    def with_initials(self, initials: Sequence[InitialCondition | None]) -> RunTable:
        """Every run once with each of these initial conditions, one after the other, with the same seed.

        So the runs with one of them are those of this table. None stands for the initial condition of the plan.
        """
        repeated = self.take(np.repeat(np.arange(len(self)), len(initials)))
        names, codes = codes_of(initials)
        codes = None if codes is None else np.tile(codes, len(self))
        return repeated._with_own(names, codes)

    def take(self, runs: NDArray[np.intp]) -> RunTable:
        """The table of some runs."""
        columns = {name: column.take(runs) for name, column in self.columns.items()}
        columns = {n: c for n, c in columns.items() if c.given is None or c.given.any()}
        codes = None if self.codes is None else self.codes[runs]
        own = None if self.initial_codes is None else self.initial_codes[runs]
        kept = self.initials if own is not None and (own >= 0).any() else ()
        return RunTable(self.defaults, columns, self.seeds[runs], self.names, codes, kept, own)

    def column(self, name: str) -> Column:
        """The column of a parameter, set by the runs or not."""
        return self.columns.get(name) or Column(np.array([self.defaults[name]], dtype=np.float64))

    def numbers(self, name: str, number_of: Callable[[Spatial], float] = lambda _: np.nan) -> Floats:
        """A parameter in every run, (runs,), with a number for what varies in space, by default NaN."""
        return np.broadcast_to(self.column(name).numbers(number_of), (len(self),))

    def distinct(self, names: Iterable[str]) -> NDArray[np.intp]:
        """The first run of each combination of values of some parameters, ascending."""
        combined = np.zeros(len(self), dtype=np.intp)
        count = 1
        for name in names:
            if count == len(self):
                break
            column = self.column(name)
            if len(column.values) > 1:
                codes = column.codes()
                combined = np.unique(combined * (int(codes.max()) + 1) + codes, return_inverse=True)[1]
                count = int(combined.max()) + 1
        return np.sort(np.unique(combined, return_index=True)[1])

    def first_difference(self, other: RunTable) -> int | None:
        """The first run in which two tables of the same length differ; defaults count by their values in the runs."""
        found = self.seeds != other.seeds
        if self.names or other.names:
            found = found | np.array([a != b for a, b in zip(self.labels(), other.labels(), strict=True)])
        if self.initials or other.initials:
            found = found | np.array([self.initial(run) != other.initial(run) for run in range(len(self))])
        if self.defaults.keys() != other.defaults.keys():
            return 0
        for name in self.defaults:
            if self.columns.get(name) is not other.columns.get(name) or name not in self.columns:
                found = found | self.column(name).differs(other.column(name), len(self))
        first = int(np.argmax(found))
        return first if found[first] else None

    @functools.cached_property
    def plain(self) -> bool:
        """Whether no parameter varies in space, all runs set the same ones, and all seeds fit into 64 bits."""
        return self.seeds.dtype != object and not any(c.spatial or c.given is not None for c in self.columns.values())


def seed_array(seeds: Sequence[int]) -> NDArray[Any]:
    """Seeds as int64, or as Python's numbers if one is larger."""
    try:
        return np.array(seeds, dtype=np.int64)
    except OverflowError:
        return np.array(seeds, dtype=object)


def codes_of(values: Sequence[Value | None]) -> tuple[tuple[Value, ...], NDArray[np.int32] | None]:
    """The values that occur, in the order of their first run, and for every run the position of its own, -1: none."""
    known: dict[Value | None, int] = {None: -1}
    codes = [known.setdefault(value, len(known) - 1) for value in values]
    names = tuple(value for value in known if value is not None)
    return names, np.array(codes, dtype=np.int32) if names else None
