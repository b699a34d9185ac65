"""The Well's HDF5 layout: root attributes, dimensions, boundary conditions, scalars, and fields by tensor order.

Source: Ohana et al., "The Well", NeurIPS 2024, https://polymathic-ai.org/the_well/data_format.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError
from morphoscope.ensembles.imports.source import (
    Source,
    Wanted,
    arrays_source,
    ascending,
    cell_size,
    check_whole,
    chosen,
    parameter,
    whole,
)

#: Boundary of The Well → boundary of a grid. Open edges have none of ours: patterns there are not periodic.
_BOUNDARIES = {"PERIODIC": "periodic", "WALL": "no-flux", "OPEN": "no-flux"}


def is_well(file: Any) -> bool:
    """Whether an HDF5 file has The Well's layout."""
    return "n_trajectories" in file.attrs and "dimensions" in file and "t0_fields" in file


def open_well(file: Any, name: str, wanted: Wanted) -> Source:
    """The scalar fields of a file in two dimensions; every trajectory is a run, every parameter a coordinate."""
    runs, dimensions = int(file.attrs["n_trajectories"]), file["dimensions"]
    axes = [_text(axis) for axis in dimensions.attrs["spatial_dims"]]
    if len(axes) != 2 or _text(file.attrs.get("grid_type", "cartesian")) != "cartesian":
        raise DataError(f"{name} has the axes {', '.join(axes)}; expected two Cartesian ones")
    scalar = file["t0_fields"]
    known = [_text(field) for field in scalar.attrs["field_names"]]
    fields = [f for f in chosen(name, known, wanted) if wanted.fields or _varies(scalar[f])]
    if not fields:
        raise DataError(f"{name} has no scalar field that varies in time and space; expected one")
    arrays = {field: scalar[field] for field in fields}
    for field, array in arrays.items():
        if not _varies(array) or array.ndim != 4 or array.shape != arrays[fields[0]].shape or array.shape[0] != runs:
            raise DataError(f"{name}: {field} has shape {array.shape}; expected ({runs}, times, {', '.join(axes)})")
    # The first axis in space is x; here rows are y.
    order = ("run", "time", *(("x", "y") if axes[0] != "y" else ("y", "x")))
    return arrays_source(
        name,
        arrays,
        Wanted(frames=wanted.frames),
        order,
        times=_times(dimensions["time"], arrays[fields[0]].shape[1], name),
        cell=cell_size([whole(dimensions[axis], name) for axis in axes if dimensions[axis].ndim == 1], name),
        boundary=_boundary(file, axes),
        parameters=_parameters(file, runs),
    )


def _varies(array: Any) -> bool:
    varying = (array.attrs.get(f"{axis}_varying", True) for axis in ("time", "sample", "dim"))
    return all(bool(np.all(value)) for value in varying)


def _times(time: Any, frames: int, name: str) -> tuple[float, ...] | None:
    """The times of the frames; of those that differ between trajectories, the first one's."""
    check_whole(time, name)
    return ascending(np.asarray(time if time.ndim == 1 else time[0]), frames)


def _parameters(file: Any, runs: int) -> dict[str, NDArray[np.float64]]:
    """The root attributes and scalars that are constant numbers, one value a run."""
    found: dict[str, NDArray[np.float64]] = {}
    for each in file.attrs.get("simulation_parameters", ()):
        value = parameter(file.attrs.get(_text(each)), runs)
        if value is not None:
            found[_text(each)] = value
    scalars = file.get("scalars")
    for each in [] if scalars is None else scalars.attrs.get("field_names", ()):
        scalar = scalars[_text(each)]
        if not scalar.attrs.get("time_varying", False) and scalar.size <= runs:
            value = parameter(np.asarray(scalar), runs)
            if value is not None:
                found[_text(each)] = value
    return found


def _boundary(file: Any, axes: list[str]) -> str | None:
    """The boundary along both axes; an axis that no condition names is open."""
    along = dict.fromkeys(axes, "no-flux")
    conditions = file.get("boundary_conditions")
    for condition in () if conditions is None else conditions.values():
        kind = _BOUNDARIES.get(_text(condition.attrs["bc_type"]).upper())
        for axis in np.atleast_1d(condition.attrs["associated_dims"]):
            if kind and _text(axis) in along:
                along[_text(axis)] = kind
    x, y = (along[axes[0]], along[axes[1]]) if axes[0] != "y" else (along[axes[1]], along[axes[0]])
    return f"x={x},y={y}"


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
