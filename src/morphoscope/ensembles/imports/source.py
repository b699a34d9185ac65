"""What every reader of a file makes of it: runs of one shape, which are read one at a time."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.outside_arrays import reading
from morphoscope.core.outside_files import MIB
from morphoscope.ensembles.imports.pieces import Blocks

#: Of one run with all its fields as float32. Reading, compressing and writing a run take about five times as much.
MAX_RUN_BYTES = 128 * MIB
#: Of an array that is used as a whole: times, places, parameters, a long column.
_MAX_WHOLE_BYTES = 64 * MIB
AXES = ("run", "time", "y", "x", "field")
USUAL_AXES = {2: ("y", "x"), 3: ("time", "y", "x"), 4: ("run", "time", "y", "x")}
_MIN_SIDE = 4  # cells; arrays with a shorter side are no patterns

Frames = NDArray[np.float32]
Fields = dict[str, Frames]  # field → (frames, y, x)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the user says about files that can be read in several ways.

    Parameters
    ----------
    fields
        The fields to import, in this order; by default all.
    axes
        What the axes of arrays are, of :data:`AXES`; by default by their names, or by their number.
    size
        Width and height of arrays that are stored as one long row or column.
    frames
        Which frames are taken.
    """

    fields: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    frames: slice = dataclasses.field(default_factory=lambda: slice(None))


@dataclasses.dataclass(frozen=True)
class Source:
    """Runs in a file, all of one shape.

    Parameters
    ----------
    name
        The file, as it is called in messages.
    runs
        Their number.
    times
        The times of the frames that are taken; None if the file does not state them.
    frames
        The number of frames that are taken.
    shape
        (height, width) in cells.
    fields
        The names of the fields.
    read
        ``read(run)`` returns the frames of each field, in the order of ``fields``.
    cell
        The side of a cell; None if the file does not state it.
    unit
        Its unit; empty if the file does not state it.
    boundary
        As in :class:`.Grid`; None if the file does not state it.
    parameters
        The value of each parameter in every run.
    labels
        The class of every run; empty if none is known.
    notes
        How the file was read, one line each.
    """

    name: str
    runs: int
    times: tuple[float, ...] | None
    frames: int
    shape: tuple[int, int]
    fields: tuple[str, ...]
    read: Callable[[int], Fields]
    cell: float | None = None
    unit: str = ""
    boundary: str | None = None
    parameters: Mapping[str, NDArray[np.float64]] = dataclasses.field(default_factory=dict)
    labels: Sequence[str | None] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        height, width = self.shape
        size = 4 * len(self.fields) * self.frames * height * width
        if not self.runs or not self.frames:
            raise DataError(f"{self.name} has {self.runs} runs of {self.frames} frames; expected at least one of each")
        if size > MAX_RUN_BYTES:
            raise DataError(
                f"{self.name} has runs of {self.frames} frames of {width}x{height} cells, {size:,} bytes as float32; "
                f"at most {MAX_RUN_BYTES:,} are read; take fewer frames",
                parameter="frames",
            )


def arrays_source(
    name: str, arrays: Mapping[str, Any], wanted: Wanted, axes: Sequence[str] = (), **more: Any
) -> Source:
    """The source of arrays of one shape that are read piece by piece, by field.

    Parameters
    ----------
    name
        The file.
    arrays
        Field → anything with ``shape``, ``dtype`` and ``array[index]``.
    wanted
        What the user says.
    axes
        What the axes are, if the file says so.
    more
        What else is known, as for :class:`Source`; ``times``: of all frames.

    Raises
    ------
    DataError
        If the shape does not fit the axes, or the values are no numbers.
    """
    first = next(iter(arrays.values()))
    for field, array in arrays.items():
        check_numbers(array.dtype, f"{name}: {field}")
    shape = tuple(int(side) for side in first.shape)
    named = tuple(wanted.axes or axes or USUAL_AXES.get(len(shape), ()))
    if len(named) != len(shape) or len(set(named)) != len(named) or not {"y", "x"} <= set(named) <= set(AXES):
        raise DataError(
            f"{name} has arrays of shape {shape}, axes {','.join(named) or 'unknown'}; name each axis once: run, time, "
            "y, x or field",
            parameter="axes",
        )
    sides = dict(zip(named, shape, strict=True))
    if min(sides["y"], sides["x"]) < _MIN_SIDE:
        raise DataError(f"{name} has arrays of shape {shape}; expected at least {_MIN_SIDE} cells along y and x")
    taken = range(sides.get("time", 1))[wanted.frames]
    fields = _fields(name, arrays, sides.get("field"), wanted)
    times = more.pop("times", None)
    blocks = {field: Blocks(array, named, component, taken) for field, (array, component) in fields.items()}
    left = [axis for axis in named if axis not in ("run", "field")]

    def read(run: int) -> Fields:
        found: Fields = {}
        for field, block in blocks.items():
            piece = block.read(run, len(blocks))
            axes = left if "time" in left else ["time", *left]
            ordered = (piece if "time" in left else piece[None]).transpose([axes.index(a) for a in ("time", "y", "x")])
            found[field] = as_values(ordered, f"{name}: {field} of run {run}")
        return found

    return Source(
        name=name,
        runs=sides.get("run", 1),
        times=None if times is None else tuple(times[place] for place in taken),
        frames=len(taken),
        shape=(sides["y"], sides["x"]),
        fields=tuple(fields),
        read=read,
        **more,
    )


def _fields(
    name: str, arrays: Mapping[str, Any], components: int | None, wanted: Wanted
) -> dict[str, tuple[Any, int | None]]:
    """Field → the array it is in, and its position along the axis of fields."""
    if components is None:
        return {field: (array, None) for field, array in arrays.items()}
    if len(arrays) > 1:
        raise DataError(f"{name} has several arrays with an axis of fields; name one of {', '.join(arrays)}")
    field, array = next(iter(arrays.items()))
    names = [f"{field}{number}" for number in range(components)] if components > 1 else [field]
    return {each: (array, number) for number, each in enumerate(names)}


@contextlib.contextmanager
def foreign(name: str, expected: str) -> Iterator[None]:
    """Turn whatever a reader raises for bytes that are not its own into one line, a DataError."""
    with reading(name, expected):
        try:
            yield
        except (UsageError, OSError):
            raise
        except Exception as error:  # readers of many formats raise errors of many kinds
            reason = " ".join((str(error) or type(error).__name__).split())[:200]
            raise DataError(f"{name} can't be read ({reason}); expected {expected}") from error


def chosen(name: str, known: Sequence[str], wanted: Wanted) -> list[str]:
    """The fields to read among the known ones. Raises DataError for one that is not there."""
    for field in wanted.fields:
        if field not in known:
            raise DataError(
                f"{name} has no field {field!r}; it has {', '.join(known)[:200] or 'none'}", parameter="fields"
            )
    return list(wanted.fields or known)


def check_numbers(dtype: np.dtype[Any], name: str) -> None:
    """Raise DataError unless values are real numbers."""
    if dtype.kind not in "fiub" or dtype.names:
        raise DataError(f"{name} contains values of type {str(dtype)[:60]}; expected real numbers")


def as_values(array: NDArray[Any], name: str) -> Frames:
    """Numbers as float32; unsigned integers of 8 and 16 bits are grey levels, whose largest value becomes 1.

    Raises DataError for values that are no numbers, NaN, infinite, or too large for float32.
    """
    check_numbers(array.dtype, name)
    values = array.astype(np.float32, copy=False)
    if array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        return values / np.float32(np.iinfo(array.dtype).max)
    if not np.isfinite(values).all():
        bad = int(values.size - np.isfinite(values).sum())
        raise DataError(f"{name} contains {bad} values that are NaN, infinite or too large; expected finite numbers")
    return values


def check_whole(array: Any, name: str) -> None:
    """Raise DataError for an array that is too large to be used as a whole."""
    size = math.prod(array.shape) * array.dtype.itemsize
    if size > _MAX_WHOLE_BYTES:
        raise DataError(
            f"{name} has {size:,} bytes in an array of shape {array.shape}; at most {_MAX_WHOLE_BYTES:,} of times, "
            "places, parameters or a long column are read"
        )


def whole(array: Any, name: str) -> NDArray[Any]:
    """An array in a file, which is used as a whole. Raises DataError if it is too large for that."""
    check_whole(array, name)
    return np.asarray(array)


def cell_size(axes: Sequence[NDArray[Any]], name: str) -> float | None:
    """The side of a cell from the coordinates of cells along y and x; None without coordinates.

    Raises DataError unless the cells are equal squares.
    """
    sides = []
    for places in axes:
        if places.ndim != 1 or len(places) < 2 or places.dtype.kind not in "fui":
            return None
        sides.append(np.abs(np.diff(places.astype(np.float64))))
    every = np.concatenate(sides)
    if not np.isfinite(every).all() or every.max() <= 0 or np.ptp(every) > 1e-3 * every.max():
        raise DataError(f"{name} has cells that are not equal squares; interpolate it to such cells first")
    return float(f"{every.mean():.6g}") if every.mean() else None


def ascending(times: NDArray[Any] | None, frames: int) -> tuple[float, ...] | None:
    """Times of frames if they are as many finite, ascending numbers; None otherwise."""
    if times is None or times.ndim != 1 or times.dtype.kind not in "fui" or len(times) != frames:
        return None
    values = times.astype(np.float64)
    if not np.isfinite(values).all() or (np.diff(values) <= 0).any():
        return None
    return tuple(float(f"{value:.7g}") for value in values)


def parameter(value: Any, runs: int) -> NDArray[np.float64] | None:
    """A number, or one number a run, as (runs,); None for anything else."""
    array = np.asarray(value)
    if array.dtype.kind not in "fui" or array.size not in (1, runs):
        return None
    numbers = array.astype(np.float64).ravel()
    if not all(map(math.isfinite, numbers)):
        return None
    return np.broadcast_to(numbers, (runs,)).copy()
