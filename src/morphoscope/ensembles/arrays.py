"""The arrays of an ensemble: a Zarr v3 group, which xarray opens with coordinates.

A chunk is one run; the chunks of some consecutive runs are one file, a shard. Every chunk ends with its CRC-32C, so a
changed bit is an error and never data. Folders of earlier versions have one file per run and no checksums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from morphoscope.ensembles.plan import Plan
    from morphoscope.ensembles.table import RunTable

Coordinates = dict[str, tuple[str, Any, dict[str, str]]]  # name → dimension, values, attributes
_DIMENSIONS = ("run", "time", "y", "x")
_SHARD_BYTES = 4 << 20  # of uncompressed data in a shard, unless one run is larger
_SHARD_RUNS = 1000  # at most in a shard, so that runs of few cells are not computed for long before they are stored
#: How arrays are stored: float32 exactly, compressed or not, or rounded to float16.
STORAGES = {"float32": ("float32", True), "uncompressed": ("float32", False), "float16": ("float16", True)}


def coordinates(plan: Plan) -> Coordinates:
    """The axes of a plan's arrays, and for each run its parameters, seed and label (empty if unknown).

    If runs have several initial conditions, also ``initial``.

    A parameter that varies in space is NaN. A coordinate with the name of a recorded species is left out.
    """
    grid, runs = plan.grid, plan.table
    model = plan.model
    found: Coordinates = {
        name: ("run", np.array(plan.table.numbers(name)), {"units": "1", "long_name": model.meanings[name] or name})
        for name in plan.parameter_names
    }
    found |= {
        "run": ("run", np.arange(len(runs)), {"long_name": "number of the run"}),
        "seed": ("run", np.asarray(runs.seeds), {"long_name": "seed of the run's random stream"}),
        "label": ("run", _labels(runs), {"long_name": "class, if known"}),
        "time": ("time", np.array(plan.times, dtype=float), {"units": "1", "long_name": "model time"}),
    }
    if runs.initials:
        texts = np.array([str(plan.initial_of(run)) for run in range(len(runs))])
        found["initial"] = ("run", texts, {"long_name": "initial condition"})
    if plan.imported is not None:
        found["source"] = ("run", np.array(plan.imported.sources()), {"long_name": "file it was imported from"})
    unit = plan.imported.unit if plan.imported else ""
    for axis, cells in (("y", grid.height), ("x", grid.width)):
        centres = (np.arange(cells) + 0.5) * grid.spacing
        found[axis] = (axis, centres, {"units": unit or "1", "long_name": f"cell centre, {axis}"})
    return {name: values for name, values in found.items() if name not in plan.record}


def _labels(runs: RunTable) -> NDArray[np.str_]:
    """The label of every run, empty where there is none."""
    if runs.codes is None:
        return np.zeros(len(runs), dtype="<U1")
    return np.array([*runs.names, ""])[runs.codes]


def attributes(plan: Plan) -> dict[str, Any]:
    """Attributes of the group of a plan's arrays."""
    return {"model": plan.model.name, "title": plan.model.title, "plan": plan.name, "plan_hash": plan.hash}


def runs_per_shard(plan: Plan, itemsize: int = 4) -> int:
    """The number of runs in a shard. It depends on the plan only, so that all computers write the same files."""
    run = itemsize * len(plan.times) * plan.grid.height * plan.grid.width
    return min(max(_SHARD_BYTES // run, 1), _SHARD_RUNS, len(plan.runs))


def create_arrays(plan: Plan, folder: Any, storage: str = "float32") -> None:
    """Create the group of a plan's arrays, or the missing ones of its arrays. Existing arrays are not changed."""
    import zarr

    group = zarr.open_group(folder, mode="a", zarr_format=3)
    dtype, compressed = STORAGES[storage]
    itemsize = np.dtype(dtype).itemsize
    shape = (len(plan.runs), len(plan.times), *plan.grid.shape)
    compressor = zarr.codecs.BloscCodec(cname="zstd", clevel=1, shuffle="shuffle", typesize=itemsize)
    for species in plan.record:
        if species not in group:
            group.create_array(
                species,
                shape=shape,
                chunks=(1, *shape[1:]),
                shards=(runs_per_shard(plan, itemsize), *shape[1:]),
                dtype=dtype,
                fill_value=float("nan"),
                compressors=[*([compressor] if compressed else []), zarr.codecs.Crc32cCodec()],
                dimension_names=_DIMENSIONS,
                attributes={"units": "1", "long_name": f"concentration of {species}"},
                chunk_key_encoding={"name": "default", "separator": "."},  # one file a shard, no folder
                config={"write_empty_chunks": True},  # so that a chunk that is not there is damage
            )
    _create_coordinates(plan, group)


def group_objects(plan: Plan, storage: str) -> dict[str, bytes]:
    """The group of a plan's arrays as the contents of its objects, before any run is stored."""
    import zarr

    content: dict[str, Any] = {}
    create_arrays(plan, zarr.storage.MemoryStore(content), storage)
    return {name: buffer.to_bytes() for name, buffer in content.items()}


def _create_coordinates(plan: Plan, group: Any) -> None:
    import zarr

    found = coordinates(plan)
    for name, (dimension, values, attrs) in found.items():
        if name not in group:
            # Zarr v3 specifies strings of variable length, but not of fixed length.
            data = values.astype(np.dtypes.StringDType()) if values.dtype.kind == "U" else values
            group.create_array(
                name,
                data=data,
                chunks=data.shape,
                compressors=[zarr.codecs.ZstdCodec(level=1), zarr.codecs.Crc32cCodec()],
                dimension_names=(dimension,),
                attributes=attrs,
            )
    # xarray recognizes the axes by their names, and the other coordinates by this attribute.
    others = [name for name in found if name not in _DIMENSIONS]
    described = {"coordinates": " ".join(others), **attributes(plan)}
    if any(group.attrs.get(name) != value for name, value in described.items()):
        group.attrs.update(described)
