"""Runs in The Well's HDF5 layout: one file for each combination of parameters, as its own sets have.

Source: https://polymathic-ai.org/the_well/data_format; checked with the loader of the package the-well 1.2.0.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.extras import require
from morphoscope.core.progress import Reporter
from morphoscope.core.storage import staged_folder, write_json
from morphoscope.ensembles.exports.sequences import MARKER, MAX_FILES
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.store import Ensemble

_AXES = ("x", "y")
#: Boundary of a grid → that of The Well, which knows no others; fixed values at the edges are walls.
_BOUNDARIES = {"periodic": "PERIODIC", "no-flux": "WALL", "dirichlet": "WALL"}
_CONSTANT = {"sample_varying": False, "time_varying": False}


@dataclasses.dataclass(frozen=True)
class _Group:
    """The runs with the same parameters."""

    parameters: dict[str, float]
    runs: list[int]


def write_well(ensemble: Ensemble, runs: NDArray[np.intp], out: Path, overwrite: bool, progress: Reporter) -> None:
    """Write a folder with a file for each combination of parameters; its trajectories are the runs.

    Fields are (trajectory, time, x, y). Raises UsageError for one dimension, too many files and parameters that vary in
    space.
    """
    require("import")
    import h5py

    plan = ensemble.plan
    if plan.grid.dimensions == 1:
        raise UsageError(f"{ensemble.folder} is one-dimensional; use the format netcdf")
    groups = _groups(plan, runs)
    if len(groups) > MAX_FILES:
        raise UsageError(f"{len(groups)} combinations of parameters; at most {MAX_FILES:,} files; choose some runs")
    digits = len(str(len(groups) - 1))
    with staged_folder(out, MARKER, overwrite=overwrite) as part, progress.task("export", len(runs), "runs") as task:
        for number, group in enumerate(groups):
            with h5py.File(part / f"{plan.model.name}-{number:0{digits}}.hdf5", "w") as file:
                _describe(file, plan, group)
                fields = _fields(file, plan, len(group.runs))
                for position, run in enumerate(group.runs):
                    for species, field in fields.items():
                        field[position] = ensemble.frames(np.array([run]), species)[0].transpose(0, 2, 1)
                    task.advance(1)
        write_json(part / MARKER, {"plan_hash": plan.hash, "files": len(groups)})


def _groups(plan: Plan, runs: NDArray[np.intp]) -> list[_Group]:
    """The runs by their parameters, in the order of their first runs."""
    found: dict[tuple[tuple[str, float], ...], list[int]] = {}
    for run in runs.tolist():
        parameters = plan.table.parameters(run)
        if parameters.varying:
            raise UsageError(f"run {run} has parameters that vary in space, which The Well's layout does not have")
        found.setdefault(tuple((name, float(value)) for name, value in parameters.items()), []).append(run)
    return [_Group(dict(values), members) for values, members in found.items()]


def _describe(file: Any, plan: Plan, group: _Group) -> None:
    """Root attributes, dimensions, boundary conditions and scalars."""
    names = list(group.parameters)
    file.attrs.update({
        "dataset_name": plan.model.name, "grid_type": "cartesian", "n_spatial_dims": 2,
        "n_trajectories": len(group.runs), "simulation_parameters": names, **group.parameters,
    })  # fmt: skip
    dimensions = file.create_group("dimensions")
    dimensions.attrs["spatial_dims"] = list(_AXES)
    sides = dict(zip(_AXES, reversed(plan.grid.shape), strict=True))
    places = {axis: (np.arange(cells) + 0.5) * plan.grid.spacing for axis, cells in sides.items()}
    for name, values in {"time": np.array(plan.times), **places}.items():
        dimensions[name] = values.astype(np.float32)
        dimensions[name].attrs.update(_CONSTANT)
    edges = file.create_group("boundary_conditions")
    for axis, cells in sides.items():
        kind = _BOUNDARIES[plan.grid.along(axis)]
        condition = edges.create_group(f"{axis}_{kind.lower()}")
        condition.attrs.update({"associated_dims": [axis], "bc_type": kind, **_CONSTANT})
        condition.attrs["associated_fields"] = np.array([], dtype="S1")
        mask = np.zeros(cells, dtype=bool)
        mask[[0, -1]] = True
        condition["mask"] = mask
    scalars = file.create_group("scalars")
    scalars.attrs["field_names"] = names
    for name, value in group.parameters.items():
        scalars[name] = np.float32(value)
        scalars[name].attrs.update(_CONSTANT)


def _fields(file: Any, plan: Plan, runs: int) -> dict[str, Any]:
    """The empty arrays of the species; a vector or a tensor there is none."""
    group = file.create_group("t0_fields")
    group.attrs["field_names"] = list(plan.record)
    height, width = plan.grid.shape
    shape = (runs, len(plan.times), width, height)
    found = {}
    for species in plan.record:
        found[species] = group.create_dataset(species, shape, np.float32, chunks=(1, 1, width, height))
        found[species].attrs.update({"dim_varying": [True, True], "sample_varying": True, "time_varying": True})
    for order in ("t1_fields", "t2_fields"):
        file.create_group(order).attrs["field_names"] = np.array([], dtype="S1")
    return found
