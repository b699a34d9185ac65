"""
Runs for other programs
=======================

The arrays of an ensemble are Zarr, which xarray opens; a NetCDF file is one call.
"""

import tempfile
from pathlib import Path

import xarray

import morphoscope

folder = Path(tempfile.mkdtemp())
plan = morphoscope.scan_plan(
    "gray-scott", {"k": 0.06}, grid={"f": (0.02, 0.05, 4)}, size=64, until=2000, record=["u", "v"]
)
scan = morphoscope.ensemble(plan, folder / "scan")
morphoscope.export(scan, folder / "scan.nc", format="netcdf")
data = xarray.open_dataset(folder / "scan.nc", engine="h5netcdf")
print(data)
grid = data["v"].isel(time=-1).plot.imshow(col="run", cmap="cividis", robust=True)
grid.fig.savefig("export.png", dpi=120)
