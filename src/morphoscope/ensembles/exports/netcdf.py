"""Runs as NetCDF 4, with the variables and coordinates of the ensemble's data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.extras import require
from morphoscope.core.progress import Reporter
from morphoscope.core.storage import staged_file
from morphoscope.ensembles.arrays import attributes
from morphoscope.ensembles.exports.runs import columns_of, frames_of
from morphoscope.ensembles.store import Ensemble

_AXES = ("run", "time", "y", "x")


def write_netcdf(ensemble: Ensemble, runs: NDArray[np.intp], out: Path, overwrite: bool, progress: Reporter) -> None:
    """Write one file; xarray opens it as what ``Ensemble.dataset`` returns, with the plan as an attribute."""
    require("import")
    import h5netcdf
    import h5py

    plan = ensemble.plan
    with staged_file(out) as part, h5netcdf.File(part, "w", locking=False) as file:
        columns = columns_of(ensemble, runs)
        file.dimensions = dict(zip(_AXES, (len(runs), len(plan.times), *plan.grid.shape), strict=True))
        for name, (dimension, values, attrs) in columns.items():
            text = values.dtype.kind == "U"
            kind = h5py.string_dtype() if text else values.dtype
            variable = file.create_variable(name, (dimension,), kind, data=values.astype(object) if text else values)
            variable.attrs.update(attrs)
        others = " ".join(name for name in columns if name not in _AXES)
        for species in plan.record:
            variable = file.create_variable(
                species, _AXES, np.float32, chunks=(1, len(plan.times), *plan.grid.shape), compression="gzip",
                compression_opts=1, shuffle=True,
            )  # fmt: skip
            variable.attrs.update({"units": "1", "long_name": f"concentration of {species}", "coordinates": others})
            for position, frames in enumerate(frames_of(ensemble, runs, species, progress, f"export {species}")):
                variable[position] = frames
        file.attrs.update(attributes(plan))
