"""Files with named dimensions and coordinates, through xarray: NetCDF and Zarr."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError
from morphoscope.core.extras import require
from morphoscope.core.outside_arrays import ALWAYS_EXPANDED_BYTES, MAX_EXPANSION, reading
from morphoscope.core.outside_files import MIB
from morphoscope.ensembles.imports.hdf5 import datasets, is_hdf5, open_file
from morphoscope.ensembles.imports.source import (
    Source,
    Wanted,
    arrays_source,
    ascending,
    cell_size,
    check_whole,
    chosen,
    parameter,
)

NETCDF = (".nc", ".nc4", ".cdf", ".netcdf")
_AXES = {
    **dict.fromkeys(("time", "t", "frame", "frames"), "time"),
    **dict.fromkeys(("y", "row", "rows", "height", "latitude", "lat"), "y"),
    **dict.fromkeys(("x", "column", "columns", "width", "longitude", "lon"), "x"),
}
#: Of one piece of a Zarr array, which takes five times as much while gzip decompresses it.
MAX_PIECE_BYTES = 128 * MIB
_ROOT = ("zarr.json", ".zgroup", ".zarray", ".zmetadata")


class _Lazy:
    """A variable of a data set that is read piece by piece.

    ``again`` opens the data set for each piece, if pages of its file stay in memory as long as it is open.
    """

    def __init__(self, data: Any, field: str, again: Callable[[], Any] | None = None) -> None:
        self._variable, self._field, self._again = data[field], field, again
        self.shape, self.dtype, self.ndim = self._variable.shape, self._variable.dtype, self._variable.ndim
        preferred = self._variable.encoding.get("preferred_chunks") or {}
        sizes = zip(self._variable.dims, self.shape, strict=True)
        self.chunks = tuple(int(preferred.get(axis, side)) for axis, side in sizes) if preferred else None

    def __getitem__(self, index: Any) -> NDArray[Any]:
        places = dict(zip(self._variable.dims, index, strict=True))
        if self._again is None:
            return np.asarray(self._variable.isel(places).values)
        with self._again() as data:
            return np.asarray(data[self._field].isel(places).values)


def open_netcdf(path: Path, wanted: Wanted, stack: contextlib.ExitStack) -> Source:
    """The variables of a NetCDF file, version 3 or 4."""
    import xarray

    hdf5 = is_hdf5(path)
    if hdf5:
        require("import")
        import h5netcdf  # noqa: F401  # xarray finds it by the name of the engine

        with open_file(path) as file:
            _check_coordinates(datasets(file), path.name)

    def opened() -> Any:
        engine = "h5netcdf" if hdf5 else "scipy"
        return xarray.open_dataset(
            path, engine=engine, decode_times=False, chunks=None, cache=False, mask_and_scale=True
        )

    with reading(path.name, "a NetCDF file"):
        # SciPy maps the whole file into memory.
        return dataset_source(stack.enter_context(opened()), path.name, wanted, None if hdf5 else opened)


def _check_coordinates(arrays: Mapping[str, Any], name: str) -> None:
    """Raise DataError for one axis with too many numbers: xarray reads those of coordinates when it opens a file."""
    for field, array in arrays.items():
        if len(array.shape) == 1:
            check_whole(array, f"{name}: {field}")


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr group or array."""
    return path.is_dir() and any((path / name).exists() for name in _ROOT)


def open_zarr(path: Path, wanted: Wanted, stack: contextlib.ExitStack) -> Source:
    """The variables of a Zarr group, version 2 or 3."""
    import xarray
    import zarr

    with reading(path.name, "a Zarr group"):
        group = zarr.open(str(path), mode="r")
        arrays = {"u": group} if isinstance(group, zarr.Array) else dict(group.arrays())
        stored = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        total = sum(array.nbytes for array in arrays.values())
        if total > ALWAYS_EXPANDED_BYTES and total > MAX_EXPANSION * stored:
            raise DataError(f"{path.name} would expand from {stored:,} to {total:,} bytes; it is refused")
        for name, array in arrays.items():
            if math.prod(array.chunks) * array.dtype.itemsize > MAX_PIECE_BYTES:
                raise DataError(f"{path.name}: {name} has pieces of more than {MAX_PIECE_BYTES:,} bytes; store it anew")
        _check_coordinates(arrays, path.name)
        if isinstance(group, zarr.Array):
            return arrays_source(path.name, arrays, wanted)
        data = stack.enter_context(
            xarray.open_zarr(str(path), consolidated=None, chunks=None, decode_times=False, mask_and_scale=True)
        )
        return dataset_source(data, path.name, wanted)


def dataset_source(data: Any, name: str, wanted: Wanted, again: Callable[[], Any] | None = None) -> Source:
    """The variables of a data set that are patterns; other variables along its runs are parameters or classes."""
    patterns = {str(key): var for key, var in data.variables.items() if _is_pattern(var) and key not in data.coords}
    if not patterns:
        listed = ", ".join(f"{key} ({', '.join(map(str, var.dims))})" for key, var in data.variables.items())
        raise DataError(f"{name} has no variable over y and x; it has {listed[:200] or 'none'}")
    used = {field: patterns[field] for field in chosen(name, list(patterns), wanted)}
    dims = {tuple(map(str, variable.dims)): variable for variable in used.values()}
    if len(dims) > 1 or len({variable.shape for variable in used.values()}) > 1:
        listed = ", ".join(f"{field} {variable.shape}" for field, variable in used.items())
        raise DataError(f"{name} has fields of several shapes: {listed[:200]}; name some", parameter="fields")
    names = next(iter(dims))
    axes = _axes_of(names) or wanted.axes
    by_axis = dict(zip(wanted.axes or axes, names, strict=False))
    sizes = {str(key): int(value) for key, value in data.sizes.items()}
    along = [np.asarray(data[by_axis[a]].values) for a in ("y", "x") if by_axis.get(a) in data.coords]
    time = by_axis.get("time")
    runs = sizes[by_axis["run"]] if "run" in by_axis else 1
    times = np.asarray(data[time].values) if time in data.coords else None
    values, labels = _columns(data, by_axis.get("run"), runs)
    return arrays_source(
        name,
        {field: _Lazy(data, field, again) for field in used},
        wanted,
        axes,
        times=ascending(times, sizes[time]) if time else None,
        cell=cell_size(along, name) if len(along) == 2 else None,
        unit=_unit(data, by_axis.get("x")),
        parameters=values,
        labels=labels,
    )


def _is_pattern(variable: Any) -> bool:
    return variable.dtype.kind in "fiub" and sum(side >= 4 for side in variable.shape) >= 2


def _axes_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """What the dimensions are by their names; the one that is left is that of the runs. Empty if it is not clear."""
    known = [_AXES.get(name.lower(), "") for name in names]
    if not {"y", "x"} <= set(known) or known.count("") > 1:
        return ()
    return tuple(axis or "run" for axis in known)


def _unit(data: Any, axis: str | None) -> str:
    unit = str(data[axis].attrs.get("units", "")) if axis in data.coords else ""
    return unit if unit != "1" and len(unit) <= 20 and unit.isprintable() else ""


def _columns(data: Any, run: str | None, runs: int) -> tuple[dict[str, NDArray[np.float64]], tuple[str | None, ...]]:
    """The numbers along the runs, and their classes if there is a variable ``label`` or ``class``."""
    found: dict[str, NDArray[np.float64]] = {}
    labels: tuple[str | None, ...] = ()
    for key, variable in data.variables.items():
        if variable.dims != ((run,) if run else ()) or key in (run, "seed", "status", "source"):
            continue
        if str(key) in ("label", "class"):
            labels = tuple(str(value) or None for value in np.atleast_1d(variable.values))
        elif (value := parameter(variable.values, runs)) is not None:
            found[str(key)] = value
    return found, labels
