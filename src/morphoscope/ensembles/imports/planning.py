"""The plan of imported runs: what their sources have in common, and the parameters of each."""

from __future__ import annotations

import dataclasses
import keyword
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.engines import Grid
from morphoscope.engines.initial import IMPORTED, InitialCondition
from morphoscope.ensembles.imported import NUMBER, Imported
from morphoscope.ensembles.imports.source import Source
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.settings import MAX_RUNS
from morphoscope.ensembles.table import Column, RunTable, codes_of
from morphoscope.models import Model
from morphoscope.models.expressions import FUNCTIONS, OPERATORS
from morphoscope.models.model import MAX_SPECIES, UNKNOWN

NAME = "imported"
_EDGES = "no-flux"  # of patterns whose boundary is not known: nothing is taken to continue beyond their edges
_RESERVED = ("run", "time", "x", "y", "seed", "label", "source", "status", "initial")  # coordinates of an ensemble
Numbers = dict[str, NDArray[np.float64]]


@dataclasses.dataclass(frozen=True)
class Said:
    """What the user says about the patterns.

    Parameters
    ----------
    model
        The model that they are patterns of; None if it is not known.
    species
        The names of the fields in the ensemble.
    parameters
        Values that are the same in all runs.
    cell, unit
        The side of a cell and its unit; None: as in the files, or 1.
    interval
        The time between frames where the files state no times.
    boundary
        As in :class:`.Grid`; None: as in the files, or no flux.
    """

    model: Model | None = None
    species: tuple[str, ...] = ()
    parameters: Mapping[str, float] = dataclasses.field(default_factory=dict)
    cell: float | None = None
    unit: str = ""
    interval: float = 1.0
    boundary: str | None = None


def plan_of(name: str, sources: Sequence[Source], imported: Imported, said: Said) -> Plan:
    """The plan of the runs of some sources. Raises UsageError if these do not fit together."""
    first = sources[0]
    for source in sources[1:]:
        _check_alike(first, source)
    count = sum(source.runs for source in sources)
    if count > MAX_RUNS:
        raise UsageError(f"the files have {count:,} runs; an ensemble has at most {MAX_RUNS:,}")
    species = _species(first, said)
    numbers = _numbers(sources, said, count)
    if not numbers and said.model is None:
        numbers = {NUMBER: np.arange(count, dtype=np.float64)}
    model, numbers = _model(said.model, species, numbers)
    labels = [label for source in sources for label in (source.labels or (None,) * source.runs)]
    times = first.times or tuple(round(said.interval * k, 9) for k in range(first.frames))
    grid = Grid(
        *first.shape,
        spacing=said.cell or first.cell or 1.0,
        boundary=said.boundary or first.boundary or _EDGES,
    )
    return Plan(
        name=name,
        model=model,
        grid=grid,
        dt=float(min(np.diff(times), default=1.0)),
        until=times[-1],
        times=times,
        initial=InitialCondition(IMPORTED),
        record=species,
        runs=_table(model, numbers, labels, count),
        imported=imported,
    )


def _check_alike(first: Source, source: Source) -> None:
    """Raise DataError if a source does not have what the first one has: size, frames, times, fields, cells, edges."""

    def size(one: Source) -> str:
        return f"{one.frames} frames of {one.shape[1]}x{one.shape[0]} cells"

    def refuse(what: str, theirs: object, ours: object) -> DataError:
        return DataError(
            f"{source.name} has {what} {theirs}, but {first.name} has {ours}; import them into different ensembles"
        )

    if (source.shape, source.frames) != (first.shape, first.frames):
        raise refuse("runs of", size(source), size(first))
    if source.fields != first.fields:
        raise refuse("the fields", ", ".join(source.fields), ", ".join(first.fields))
    if (source.times is None) != (first.times is None) or not np.allclose(source.times or 0, first.times or 0):
        raise refuse("other times of frames:", _short(source.times), _short(first.times))
    if (source.cell is None) != (first.cell is None) or not np.isclose(source.cell or 1, first.cell or 1, rtol=1e-3):
        raise refuse("cells of", source.cell, first.cell)
    if (source.boundary, source.unit) != (first.boundary, first.unit):
        raise refuse("the boundary and unit", (source.boundary, source.unit), (first.boundary, first.unit))


def _short(times: tuple[float, ...] | None) -> str:
    return "none" if times is None else ", ".join(f"{time:g}" for time in times[:3])


def _species(first: Source, said: Said) -> tuple[str, ...]:
    """The names of the fields in the ensemble."""
    known = said.model.species if said.model else ()
    names = said.species or (known[: len(first.fields)] if known else tuple(map(_identifier, first.fields)))
    if len(names) != len(first.fields) or len(set(names)) != len(names):
        raise UsageError(
            f"{first.name} has {len(first.fields)} fields ({', '.join(first.fields)}), but the species are "
            f"{', '.join(names) or 'none'}; give one different name for each",
            parameter="species",
        )
    if len(names) > MAX_SPECIES:
        raise UsageError(f"{first.name} has {len(names)} fields; choose at most {MAX_SPECIES}", parameter="fields")
    for name in names:
        if known and name not in known:
            raise UsageError(f"unknown species {name!r}; {nearest(name, known)}", parameter="species")
    return tuple(names)


def _numbers(sources: Sequence[Source], said: Said, count: int) -> Numbers:
    """The parameters of all runs by name. Raises DataError for one that only some files have."""
    names = dict.fromkeys(name for source in sources for name in source.parameters if name not in said.parameters)
    found: Numbers = {}
    for name in names:
        if lacking := [source.name for source in sources if name not in source.parameters]:
            raise DataError(f"{lacking[0]} has no value of {name}, which other files have; give one for all runs")
        found[name] = np.concatenate([source.parameters[name] for source in sources])
    return found | {name: np.full(count, float(value)) for name, value in said.parameters.items()}


def _model(given: Model | None, species: tuple[str, ...], numbers: Numbers) -> tuple[Model, Numbers]:
    """The model, with the parameters under names that it can have.

    A given model keeps its equations and gets further parameters, which no equation uses; names that differ from its
    own only in case are its own.
    """
    own = {name.casefold(): name for name in given.parameters} if given else {}
    taken = {*species, *(given.species if given else ())}
    renamed: dict[str, str] = {}
    for name in numbers:
        new = own.get(name.casefold()) or _identifier(name)
        while new in taken or new in _RESERVED:
            new += "_"
        taken.add(new)
        renamed[name] = new
    columns = {renamed[name]: values for name, values in numbers.items()}
    if given is None:
        meanings = {new: name for name, new in renamed.items() if new != name}
        return _unknown_model(species, columns, meanings), columns
    others = {name: float(values[0]) for name, values in columns.items() if name not in given.defaults}
    model = dataclasses.replace(given, defaults={**given.defaults, **others}) if others else given
    return model, {name: columns[name] for name in model.defaults if name in columns}


def _unknown_model(species: tuple[str, ...], columns: Numbers, meanings: Mapping[str, str]) -> Model:
    """A model without equations: only names. Its map has the first two parameters that differ between runs."""
    varying = [name for name, values in columns.items() if np.ptp(values) > 0]
    axes = [*varying, *(name for name in columns if name not in varying)]
    ends = {name: (float(values.min()), float(values.max())) for name, values in columns.items()}
    return Model(
        name=NAME,
        title="Imported patterns",
        reaction=dict.fromkeys(species, UNKNOWN),
        defaults={name: float(values[0]) for name, values in columns.items()},
        ranges=ends,
        meanings=meanings,
        plane=tuple([*axes, *axes][:2]),
        shown=None,
    )


def _identifier(name: str) -> str:
    """A name of letters, digits and underscores that formulas could use."""
    clean = re.sub(r"\W+", "_", name).strip("_") or "value"
    clean = clean if clean.isidentifier() else f"p_{clean}"
    return f"{clean}_" if keyword.iskeyword(clean) or clean in (*FUNCTIONS, *OPERATORS) else clean


def _table(model: Model, numbers: Numbers, labels: Sequence[str | None], count: int) -> RunTable:
    """The rows of the plan; the seed of a run is its number, so that runs with equal parameters can be told apart."""
    for end in (np.min, np.max):
        model.complete({name: float(end(values)) for name, values in numbers.items()})  # raises for values out of range
    columns = {name: Column(values[:1] if np.ptp(values) == 0 else values.copy()) for name, values in numbers.items()}
    names, codes = codes_of(labels)
    defaults = model.complete({}).defaults
    return RunTable(defaults, columns, np.arange(count, dtype=np.int64), names, codes)
