"""PDEBench's HDF5 layout: one group a seed, with data (t, x, y, field), grid/t, grid/x and grid/y.

Source: Takamoto et al., "PDEBench", NeurIPS 2022, set 2D_diff-react: no flux through the edges.
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
    chosen,
    parameter,
    whole,
)

MAX_CONFIG_CHARACTERS = 20_000
_NUMERICAL = ("seed", "t", "n", "tdim", "xdim", "ydim", "x_left", "x_right", "y_bottom", "y_top")
_AXES = ("time", "x", "y", "field")
_NAMES = ("u", "v")


def is_pdebench(file: Any) -> bool:
    """Whether an HDF5 file has PDEBench's layout with a group for each seed."""
    first = next(iter(file.values()), None)
    return first is not None and hasattr(first, "keys") and {"data", "grid"} <= set(first.keys())


def open_pdebench(file: Any, name: str, wanted: Wanted) -> Source:
    """The runs of a file in two dimensions, one for each seed; constants of its configuration are parameters."""
    seeds = sorted(file)
    first, grid = file[seeds[0]]["data"], file[seeds[0]]["grid"]
    if first.ndim != 4:
        raise DataError(f"{name}: {seeds[0]}/data has shape {first.shape}; expected (t, x, y, field)")
    for seed in seeds:
        if "data" not in file[seed] or file[seed]["data"].shape != first.shape:
            raise DataError(f"{name}: {seed}/data differs from {seeds[0]}/data; expected {first.shape} in every group")
    known = list(_NAMES) if first.shape[-1] == 2 else [f"u{number}" for number in range(first.shape[-1])]
    fields = chosen(name, known, wanted)
    components = tuple(known.index(field) for field in fields)
    one = arrays_source(
        name,
        {"u": first},
        Wanted(frames=wanted.frames),
        _AXES,
        times=ascending(whole(grid["t"], name) if "t" in grid else None, first.shape[0]),
        cell=cell_size([whole(grid[axis], name) for axis in ("y", "x") if axis in grid], name),
        boundary="no-flux",
    )

    def read(run: int) -> dict[str, NDArray[np.float32]]:
        source = arrays_source(name, {"u": file[seeds[run]]["data"]}, Wanted(frames=wanted.frames), _AXES)
        found = list(source.read(0).values())
        return {field: found[component] for field, component in zip(fields, components, strict=True)}

    return Source(
        name, len(seeds), one.times, one.frames, one.shape, tuple(fields), read, one.cell, "", one.boundary,
        _parameters(file, seeds),
    )  # fmt: skip


def _parameters(file: Any, seeds: list[str]) -> dict[str, NDArray[np.float64]]:
    """The numbers in the configurations of all runs that are not settings of the solver."""
    rows = [_constants(file[seed].attrs.get("config", "")) for seed in seeds]
    names = [name for name in rows[0] if all(name in row for row in rows)]
    return {name: np.array([row[name] for row in rows]) for name in names}


def _constants(config: Any) -> dict[str, float]:
    """The constants in one configuration (YAML); none if it can't be read."""
    import yaml

    content = config.decode("utf-8", "replace") if isinstance(config, bytes) else str(config)
    if len(content) > MAX_CONFIG_CHARACTERS or "&" in content:  # anchors expand without bound
        return {}
    try:
        values = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    values = values.get("sim") if isinstance(values, dict) else None
    if not isinstance(values, dict):
        return {}
    found = {str(key): parameter(value, 1) for key, value in values.items() if str(key) not in _NUMERICAL}
    return {key: float(value[0]) for key, value in found.items() if value is not None}
