"""The points of a parameter space that a scan simulates: a lattice, a Latin hypercube, a Sobol sequence or a table."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.core.outside_files import MAX_TABLE_BYTES, check_file
from morphoscope.core.registry import Registry
from morphoscope.engines.initial import InitialCondition
from morphoscope.ensembles.digits import rounded
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.seeds import seeds_of_runs
from morphoscope.ensembles.settings import MAX_RUNS, Settings
from morphoscope.ensembles.table import Column, RunTable, column_of, seed_array
from morphoscope.models import Model, Parameters, find_model

ROW_COLUMNS = ("class", "runs", "seed", "initial")  # columns of a table that are not parameters
_MAX_SEED = 2**53 - 1
_MAX_LABEL_LENGTH = 64

Span = Sequence[float]
Columns = dict[str, NDArray[np.float64]]  # a value per point, by parameter


#: Functions (dimensions, count, random) → points of the unit cube, (count, dimensions).
SAMPLERS: Registry[Callable[[int, int, np.random.Generator], NDArray[np.float64]]] = Registry("sampling method")


@SAMPLERS.register("lhs")
def latin_hypercube(dimensions: int, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """One point in each of ``count`` equal intervals of every axis."""
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(dimensions, seed=random).random(count))


@SAMPLERS.register("sobol")
def sobol_sequence(dimensions: int, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """The first ``count`` points of a scrambled Sobol sequence."""
    from scipy.stats import qmc

    sequence = qmc.Sobol(dimensions, scramble=True, seed=random)
    return np.asarray(sequence.random_base2((count - 1).bit_length())[:count])


@dataclasses.dataclass(frozen=True)
class Point:
    """A point of the parameter space: its parameters, its class if known, its number of runs, its seed.

    ``initial``: the initial condition of its runs; None: that of the plan.
    """

    parameters: Parameters
    label: str | None = None
    runs: int = 1
    seed: int | None = None
    initial: InitialCondition | None = None


def scan_plan(
    model: str | Model,
    parameters: Mapping[str, Any] | None = None,
    *,
    grid: Mapping[str, Sequence[float]] | None = None,
    sample: str | None = None,
    ranges: Mapping[str, Span] | None = None,
    points: str | Path | Iterable[Mapping[str, Any]] | None = None,
    replicates: int = 1,
    seed: int = 0,
    record: Sequence[str] | None = None,
    settings: Settings | None = None,
) -> Plan:
    """The plan of a scan; see :func:`morphoscope.operations.ensemble.scan_plan` for its arguments.

    The first replicates of all points come first, then the second ones, so that a plan with fewer replicates is the
    beginning of one with more.
    """
    chosen = model if isinstance(model, Model) else find_model(model)
    fixed = chosen.complete(parameters or {})
    if replicates < 1:
        raise UsageError(f"replicates={replicates} gives no runs; use 1 or more")
    columns = _columns(chosen, grid, sample, ranges, points, seed)
    if columns is not None:
        runs = _table_of_columns(columns, fixed, replicates, seed)
    else:
        rows = list(_rows(_points(chosen, points), fixed, replicates))
        seeds = seeds_of_runs(seed, len(rows)).tolist()
        runs = RunTable.of_parameters(
            [row.parameters for row in rows],
            seed_array([own if row.seed is None else row.seed for row, own in zip(rows, seeds, strict=True)]),
            [row.label for row in rows],
            [row.initial for row in rows],
        )
    return (settings or Settings()).plan(chosen, f"{chosen.name}-scan", runs, record or chosen.species[:1])


def lattice(model: Model, axes: Mapping[str, Sequence[float]]) -> list[Point]:
    """All combinations of equally spaced values; ``axes``: name → (low, high, count), both ends included.

    The last axis varies fastest; a count of 1 yields the midpoint. Raises UsageError for an invalid axis.
    """
    return _as_points(model, _lattice_columns(model, axes))


def _lattice_columns(model: Model, axes: Mapping[str, Sequence[float]]) -> Columns:
    columns = [_axis(model, name, axis) for name, axis in axes.items()]
    _check_total(math.prod(len(column) for column in columns), f"points ({' x '.join(str(len(c)) for c in columns)})")
    crossed = np.meshgrid(*columns, indexing="ij")
    return {name: values.ravel() for name, values in zip(axes, crossed, strict=True)}


def sampled(model: Model, sample: str, ranges: Mapping[str, Span], seed: int) -> Columns:
    """Points that cover the ranges evenly: ``lhs:N``, a Latin hypercube, or ``sobol:N``, a scrambled Sobol sequence.

    A Latin hypercube has one point in each of N equal intervals of every parameter. The first points of a Sobol
    sequence stay the same if more are requested; N should be a power of 2. Returns a column for each parameter.
    Sources: McKay, Beckman & Conover, Technometrics 21, 239 (1979); Sobol', USSR Comput. Math. 7, 86 (1967).
    """
    method, count = _sample(sample)
    if not ranges:
        raise UsageError(
            f"sample {sample!r} has no ranges to draw from; give one or more, as in A=2:5", parameter="ranges"
        )
    ends = {name: _span(model, name, span) for name, span in ranges.items()}
    unit = SAMPLERS.get(method)(len(ends), count, np.random.default_rng(np.random.SeedSequence(seed)))
    low, high = np.array(list(ends.values())).T
    scaled = (low + (high - low) * unit).T
    return {name: rounded(row) for name, row in zip(ends, scaled, strict=True)}


def _as_points(model: Model, columns: Columns) -> list[Point]:
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [Point(model.complete(dict(zip(columns, row, strict=True)))) for row in rows]


def _table_of_columns(columns: Columns, fixed: Parameters, replicates: int, seed: int) -> RunTable:
    """The rows of a scan whose points are columns: the first runs of all points, then the second ones, and so on."""
    for name in fixed.given:
        if name in columns:
            raise UsageError(f"parameter {name!r} is given twice, as a fixed one and by the scan; give it once")
    points = len(next(iter(columns.values())))
    _check_total(points * replicates, f"runs ({points} points, {replicates} replicates)")
    found = {name: column_of([value]) for name, value in fixed.given.items()}
    found |= {name: Column(np.tile(values, replicates) if points > 1 else values) for name, values in columns.items()}
    ordered = {name: found[name] for name in fixed.defaults if name in found}
    return RunTable(fixed.defaults, ordered, seeds_of_runs(seed, points * replicates))


def read_points(model: Model, path: str | Path) -> list[Point]:
    """The rows of a CSV file with a header: parameters of the model and, optionally, :data:`ROW_COLUMNS`.

    Raises DataError, with the line number, for an invalid table.
    """
    lines = _table(Path(path))
    _, header = next(lines, (0, []))
    names = [name.strip() for name in header]
    _check_columns(model, names, str(path))
    found = []
    for number, row in lines:
        where = f"{path}, line {number}"
        if len(row) != len(names):
            raise DataError(f"{where}: {len(row)} fields, but the header has {len(names)}")
        found.append(_point(model, dict(zip(names, map(str.strip, row), strict=True)), where))
        _check_total(len(found), "rows and more")
    if not found:
        raise DataError(f"{path} has no rows below its header; expected one or more points")
    return found


def first_values(
    grid: Mapping[str, Sequence[float]] | None,
    ranges: Mapping[str, Span] | None,
    points: str | Path | Iterable[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    """The first value of each parameter that a scan varies: the defaults of a model that is typed without any.

    Raises DataError for a table that can't be read.
    """
    found: dict[str, Any] = {name: span[0] for name, span in {**(grid or {}), **(ranges or {})}.items()}
    if isinstance(points, str | Path):
        lines = [fields for _, fields in itertools.islice(_table(Path(points)), 2)]
        if len(lines) == 2:
            found |= dict(zip(map(str.strip, lines[0]), map(str.strip, lines[1]), strict=False))
    return {name: value for name, value in found.items() if name not in ROW_COLUMNS}


def _columns(
    model: Model,
    grid: Mapping[str, Sequence[float]] | None,
    sample: str | None,
    ranges: Mapping[str, Span] | None,
    points: str | Path | Iterable[Mapping[str, Any]] | None,
    seed: int,
) -> Columns | None:
    """The points of a grid or a sample as columns; None if a table gives them, or nothing does."""
    sources = [name for name, given in (("grid", grid), ("sample", sample), ("points", points)) if given is not None]
    if len(sources) > 1:
        raise UsageError(f"{sources[0]} and {sources[1]} are both given; a scan takes its points from one of them")
    if ranges and sample is None:
        raise UsageError("a range is given without a sample; add one, as in lhs:500, or use a grid", parameter="sample")
    if seed < 0:
        raise UsageError(f"seed {seed} is negative; use 0 or more")
    if grid is not None:
        return _lattice_columns(model, grid) or None
    return None if sample is None else sampled(model, sample, ranges or {}, seed)


def _points(model: Model, points: str | Path | Iterable[Mapping[str, Any]] | None) -> list[Point]:
    """The points of a table; if there is none, one point with the default parameters."""
    if isinstance(points, str | Path):
        return read_points(model, points)
    if points is None:
        return [Point(model.complete({}))]
    return _points_of_rows(model, points)


def _points_of_rows(model: Model, points: Iterable[Mapping[str, Any]]) -> list[Point]:
    """Points from mappings whose keys are column names of a table."""
    found = []
    for number, row in enumerate(points):
        _check_columns(model, [str(name) for name in row], f"point {number}")
        found.append(_point(model, row, f"point {number}"))
        _check_total(len(found), "points and more")
    if not found:
        raise UsageError("no points are given; expected one or more mappings of parameters")
    return found


def _rows(points: Sequence[Point], fixed: Parameters, replicates: int) -> Iterator[Point]:
    """One row per run: the first runs of all points, then the second runs of those that have one, and so on."""
    for name in fixed.given:
        if any(name in point.parameters.given for point in points):
            raise UsageError(f"parameter {name!r} is given twice, as a fixed one and by the scan; give it once")
    for point in points:
        if point.seed is not None and point.runs * replicates > 1:
            raise UsageError("a point with a fixed seed has several runs, which would be identical; omit the seed")
    total = sum(point.runs for point in points) * replicates
    _check_total(total, f"runs ({len(points)} points, {replicates} replicates)")
    for replicate in range(max(point.runs for point in points) * replicates):
        for point in points:
            if replicate < point.runs * replicates:
                yield dataclasses.replace(point, parameters=fixed.with_given(point.parameters))


def _axis(model: Model, name: str, axis: Sequence[float]) -> list[float]:
    try:
        low, high, count = axis
    except (TypeError, ValueError):
        raise UsageError(f"grid {name}={axis!r}; expected low, high and number of points") from None
    if not 1 <= count < math.inf or count != int(count):
        raise UsageError(f"grid {name} has {count} points; use a whole number, 1 or more")
    if count == 1 or low == high:
        low, high = _ends(model, name, (low, high), "grid")
        if count > 1:
            raise UsageError(f"grid {name} repeats {low:g} {int(count)} times; use 1 point, and replicates for seeds")
        return rounded(np.array([(low + high) / 2])).tolist()
    low, high = _span(model, name, (low, high), "grid")
    _check_total(int(count), f"points of {name}")
    return np.clip(rounded(np.linspace(low, high, int(count))), low, high).tolist()


def _span(model: Model, name: str, span: Span, what: str = "range") -> tuple[float, float]:
    """The two bounds of a parameter, which must differ."""
    low, high = _ends(model, name, span, what)
    if low == high:
        raise UsageError(
            f"{what} {name}={low:g}:{high:g} is a single value; give {name}={low:g} as a fixed parameter",
            parameter="parameters",
        )
    return low, high


def _ends(model: Model, name: str, span: Span, what: str) -> tuple[float, float]:
    try:
        low, high = span
    except (TypeError, ValueError):
        raise UsageError(f"{what} {name}={span!r}; expected low and high") from None
    numbers = [model.complete({name: end})[name] for end in (low, high)]  # rejects unknown names and invalid values
    if not all(isinstance(number, float) for number in numbers):
        raise UsageError(f"{what} {name} has bounds that vary in space; expected two numbers")
    if numbers[0] > numbers[1]:
        raise UsageError(f"{what} {name}={low:g}:{high:g} is descending; give the lower end first")
    return numbers[0], numbers[1]


def _sample(text: str) -> tuple[str, int]:
    """The method and the number of points of a text such as ``lhs:500``."""
    method, _, count = text.partition(":")
    SAMPLERS.get(method)
    if not (count.isascii() and count.isdecimal()) or len(count) > 12 or int(count) < 1:
        raise UsageError(f"sample {text!r}; expected a number of points, 1 or more, as in {method}:500")
    _check_total(int(count), "points")
    return method, int(count)


def _check_total(count: int, what: str) -> None:
    if count > MAX_RUNS:
        raise UsageError(f"{count} {what}; a plan can have at most {MAX_RUNS} runs; use fewer")


def _table(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The line number and the fields of every row that is not empty."""
    check_file(path, "a table of points (.csv)", MAX_TABLE_BYTES)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                if any(field.strip() for field in row):
                    yield reader.line_num, row
    except OSError as error:
        raise DataError(f"{path} can't be read ({error.strerror}); expected a table of points (.csv)") from error
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; save it as CSV in UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path} is not a table of comma-separated values ({error})") from error


def _check_columns(model: Model, names: Sequence[str], where: str) -> None:
    if not names:
        raise DataError(f"{where} is empty; expected a header of parameters, as in {','.join(model.plane)}")
    known = (*model.parameters, *ROW_COLUMNS)
    for position, name in enumerate(names):
        if name in names[:position]:
            raise DataError(f"{where}: column {name!r} occurs twice; keep one")
        if name not in known:
            raise DataError(f"{where}: unknown column {name!r:.80} for {model.name}; {nearest(name[:80], known)}")


def _point(model: Model, row: Mapping[str, Any], where: str) -> Point:
    """The point of a row; empty fields of :data:`ROW_COLUMNS` are ignored."""
    parameters = {name: value for name, value in row.items() if name in model.defaults}
    own = {name: row[name] for name in ROW_COLUMNS if name in row and name not in parameters}
    label = str(own.get("class") or "") or None
    if label is not None and (len(label) > _MAX_LABEL_LENGTH or not label.isprintable()):
        raise DataError(f"{where}: class {label!r:.80}; expected a short name")
    runs = _whole(own.get("runs"), "runs", 1, MAX_RUNS, where)
    seed = _whole(own.get("seed"), "seed", 0, _MAX_SEED, where)
    try:
        initial = InitialCondition.parse(str(own["initial"]), files=False) if own.get("initial") else None
        return Point(model.complete(parameters), label, 1 if runs is None else runs, seed, initial)
    except UsageError as error:
        raise DataError(f"{where}: {error}") from None


def _whole(value: Any, name: str, low: int, high: int, where: str) -> int | None:
    """The whole number in a field of a table; None if the field is empty."""
    text = "" if value is None else str(value)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(high)) or not low <= int(text) <= high:
        raise DataError(f"{where}: {name} {text!r:.80}; expected a whole number from {low} to {high}")
    return int(text)
