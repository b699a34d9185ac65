"""Arrays without names: .npy and .npz, grids of numbers as text."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError
from morphoscope.core.outside_arrays import load_archive, reading
from morphoscope.core.outside_files import MIB, read_text
from morphoscope.ensembles.imports.source import (
    MAX_RUN_BYTES,
    USUAL_AXES,
    Source,
    Wanted,
    arrays_source,
    ascending,
    chosen,
    parameter,
    whole,
)
from morphoscope.ensembles.imports.stored import stored_array, stored_arrays

#: Of archives and MATLAB 5 files whose arrays are read whole. Larger archives are read part by part.
MAX_WHOLE_BYTES = 256 * MIB
MAX_GRID_BYTES = 64 * MIB
MATLAB_AXES = {2: ("y", "x"), 3: ("y", "x", "time"), 4: ("y", "x", "time", "run")}
_NO_PARAMETERS = ("t", "time", "times", "x", "y", "run", "seed")
TIMES = ("t", "time", "times")
_ARRAYS = "arrays of numbers"


def open_npy(path: Path, wanted: Wanted, stack: contextlib.ExitStack) -> Source:
    """The array of a .npy file, which is read part by part."""
    with reading(path.name, "an array of numbers"):
        array = stored_array(path, stack)
    return named_source(path.name, {"u": array}, wanted)


def open_npz(path: Path, wanted: Wanted, stack: contextlib.ExitStack) -> Source:
    """The arrays of a .npz file; large ones are read part by part."""
    with reading(path.name, _ARRAYS):
        arrays: Mapping[str, Any] = stored_arrays(path, stack)
    if sum(array.nbytes for array in arrays.values()) <= MAX_WHOLE_BYTES:
        arrays, _ = load_archive(path, path.name, _ARRAYS, max_bytes=MAX_WHOLE_BYTES)
    return named_source(path.name, arrays, wanted)


def open_grid(path: Path, wanted: Wanted) -> Source:
    """A grid of numbers as text, one row of cells a line, with commas, semicolons, tabs or spaces between them."""
    text = read_text(path, "a grid of numbers", MAX_GRID_BYTES)
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    between = next((sign for sign in (",", ";", "\t") if sign in first), None)
    with reading(path.name, "a grid of numbers, one row of cells a line"):
        array = np.loadtxt(io.StringIO(text), delimiter=between, ndmin=2, comments="#", dtype=np.float64)
    return named_source(path.name, {"u": array}, wanted)


def named_source(
    name: str,
    arrays: Mapping[str, Any],
    wanted: Wanted,
    order: str = "C",
    usual: Mapping[int, Sequence[str]] = USUAL_AXES,
    **more: Any,
) -> Source:
    """The source of the arrays that are patterns, with the times if there is an array of them.

    Parameters
    ----------
    name
        The file.
    arrays
        By name.
    wanted
        What the user says.
    order
        How an array that is one long row or column is folded: ``C``, rows first, or ``F``, columns first.
    usual
        What the axes of an array are, by their number.
    more
        What else is known, as for :class:`.Source`.

    Raises
    ------
    DataError
        If there is no pattern, or it is not clear which arrays are meant.
    """
    folded = {field: _folded(name, array, wanted, order) for field, array in arrays.items()}
    patterns = {field: array for field, array in folded.items() if _is_pattern(array)}
    if not patterns:
        found = ", ".join(f"{field} {tuple(array.shape)}" for field, array in arrays.items())
        flat = any(array.ndim and max(array.shape) == math.prod(array.shape) > 1 for array in arrays.values())
        raise DataError(
            f"{name} has no array with two or more axes of at least 4 cells (it has {found[:200] or 'none'}); expected "
            f"frames (y, x){'; or give the width and height of a field in one long column' if flat else ''}",
            parameter="size" if flat else None,
        )
    used = {field: patterns[field] for field in chosen(name, list(patterns), wanted)}
    shapes = {tuple(array.shape) for array in used.values()}
    if len(shapes) > 1:
        listed = ", ".join(f"{field} {tuple(array.shape)}" for field, array in used.items())
        raise DataError(f"{name} has fields of several shapes: {listed[:200]}; name some", parameter="fields")
    shape = next(iter(shapes))
    axes = tuple(wanted.axes or usual.get(len(shape), ()))
    frames = dict(zip(axes, shape, strict=False)).get("time", 1)
    runs = dict(zip(axes, shape, strict=False)).get("run", 1)
    stated = (arrays[key] for key in TIMES if key in arrays and math.prod(arrays[key].shape) == frames)
    found_times = next((whole(array, name).ravel() for array in stated), None)
    return arrays_source(
        name, used, wanted, axes, times=ascending(found_times, frames), parameters=_columns(arrays, runs), **more
    )


def _columns(arrays: Mapping[str, Any], runs: int) -> dict[str, NDArray[np.float64]]:
    """The arrays with one number for each of several runs."""
    names = [name for name, array in arrays.items() if runs > 1 and tuple(array.shape) == (runs,)]
    values = {name: parameter(np.asarray(arrays[name]), runs) for name in names if name not in _NO_PARAMETERS}
    return {name: value for name, value in values.items() if value is not None}


def _is_pattern(array: Any) -> bool:
    return len(array.shape) >= 2 and sum(side >= 4 for side in array.shape) >= 2


def _folded(name: str, array: Any, wanted: Wanted, order: str) -> Any:
    """An array, folded to the wanted size if it is one long row or column of as many cells."""
    if wanted.size is None or not array.shape or max(array.shape) != math.prod(array.shape):
        return array
    width, height = wanted.size
    if math.prod(array.shape) != width * height:
        return array
    if 4 * width * height > MAX_RUN_BYTES:
        raise DataError(f"{name} has {width}x{height} cells; at most {MAX_RUN_BYTES:,} bytes of a field are read")
    flat: NDArray[Any] = np.asarray(array).ravel()
    return flat.reshape(height, width) if order == "C" else flat.reshape(width, height).T


OPENERS: dict[str, Callable[[Path, Wanted], Source]] = {
    ".csv": open_grid,
    ".tsv": open_grid,
    ".txt": open_grid,
    ".dat": open_grid,
}
