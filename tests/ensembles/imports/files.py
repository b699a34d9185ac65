"""The same five frames as files of many formats."""

from __future__ import annotations

from pathlib import Path

import h5py
import imageio_ffmpeg
import numpy as np
import scipy.io
import tifffile
import xarray
from PIL import Image

HEIGHT, WIDTH = 24, 32
FRAMES = np.stack(
    [0.5 + 0.4 * np.sin(2 * np.pi * (np.arange(WIDTH) + t) / 8) + 0.02 * np.arange(HEIGHT)[:, None] / HEIGHT
     for t in range(5)]
).astype(np.float32)  # fmt: skip
GREY = np.round(FRAMES * 255).astype(np.uint8)


def write_arrays(folder: Path) -> None:
    np.save(folder / "plain.npy", FRAMES)
    np.save(folder / "columns.npy", np.asfortranarray(FRAMES))
    np.savez(folder / "plain.npz", u=FRAMES, v=1 - FRAMES, t=2.0 * np.arange(5))
    matlab = {"u": FRAMES.transpose(1, 2, 0), "time": 3.0 * np.arange(5)}
    scipy.io.savemat(folder / "five.mat", matlab, do_compression=True)
    with h5py.File(folder / "seven.mat", "w", userblock_size=512) as file:
        file.create_dataset("u", data=FRAMES.transpose(1, 2, 0).T).attrs["MATLAB_class"] = np.bytes_("single")
    with h5py.File(folder / "any.h5", "w") as file:
        file["run/u"] = FRAMES
    np.savetxt(folder / "grid.csv", FRAMES[0], delimiter=",")
    np.savetxt(folder / "grid.txt", FRAMES[0], header="a comment")


def write_pictures(folder: Path) -> None:
    first, *others = (Image.fromarray(frame) for frame in GREY)
    first.save(folder / "grey.png")
    first.convert("RGB").save(folder / "colours.jpg", quality=95)
    Image.fromarray(np.round(FRAMES[0] * 65535).astype(np.uint16)).save(folder / "deep.png")
    first.save(folder / "moving.gif", save_all=True, append_images=others, duration=100)
    first.save(folder / "lzw.tif", compression="tiff_lzw")
    tifffile.imwrite(folder / "floats.tif", FRAMES)
    tifffile.imwrite(folder / "deep.tif", np.round(FRAMES * 65535).astype(np.uint16), compression="zlib")
    for name in ("film.mp4", "film.avi"):
        writer = imageio_ffmpeg.write_frames(
            str(folder / name), (WIDTH, HEIGHT), fps=10, pix_fmt_in="gray", quality=9, macro_block_size=2
        )
        writer.send(None)
        for frame in GREY:
            writer.send(np.ascontiguousarray(frame))
        writer.close()


def write_labelled(folder: Path) -> None:
    places = {
        "x": ("x", 0.5 * np.arange(WIDTH), {"units": "mm"}),
        "y": ("y", 0.5 * np.arange(HEIGHT), {"units": "mm"}),
        "time": 2.0 * np.arange(5),
        "f": ("run", [0.1, 0.2]),
    }
    data = xarray.Dataset({"u": (("run", "time", "y", "x"), np.stack([FRAMES, 1 - FRAMES]))}, places)
    data.to_netcdf(folder / "three.nc", engine="scipy")
    data.to_zarr(folder / "group.zarr", zarr_format=2)
    data.assign_coords(label=("run", ["A", ""])).to_netcdf(folder / "four.nc", engine="h5netcdf")


def write_well(path: Path, runs: int = 2) -> None:
    """The Well's layout, as its specification describes it; axes x, y."""
    with h5py.File(path, "w") as file:
        file.attrs.update({
            "dataset_name": "gray_scott", "grid_type": "cartesian", "n_spatial_dims": 2, "n_trajectories": runs,
            "simulation_parameters": ["F", "k"], "F": 0.03, "k": 0.06,
        })  # fmt: skip
        dimensions = file.create_group("dimensions")
        dimensions.attrs["spatial_dims"] = ["x", "y"]
        step = 2 / (WIDTH - 1)
        for name, values in (("time", 10.0 * np.arange(5)), ("x", step * np.arange(WIDTH) - 1),
                             ("y", step * np.arange(HEIGHT))):  # fmt: skip
            dimensions[name] = values.astype(np.float32)
            dimensions[name].attrs["sample_varying"] = False
        edges = file.create_group("boundary_conditions").create_group("x_periodic")
        edges.attrs["associated_dims"], edges.attrs["bc_type"] = ["x"], "PERIODIC"
        scalars = file.create_group("scalars")
        scalars.attrs["field_names"] = ["D"]
        scalars["D"] = np.linspace(1, 2, runs)
        scalars["D"].attrs.update({"sample_varying": True, "time_varying": False})
        fields = file.create_group("t0_fields")
        fields.attrs["field_names"] = ["A", "B"]
        for name, first in (("A", FRAMES), ("B", 1 - FRAMES)):
            fields[name] = np.stack([first / (1 + run) for run in range(runs)]).transpose(0, 1, 3, 2)
            fields[name].attrs.update({"dim_varying": [True, True], "sample_varying": True, "time_varying": True})


def write_pdebench(path: Path) -> None:
    """PDEBench's layout for 2D_diff-react, as its generator writes it."""
    with h5py.File(path, "w") as file:
        for seed in range(3):
            group = file.create_group(f"{seed:04d}")
            pair = np.stack([FRAMES * (seed + 1), 1 - FRAMES], axis=-1)
            group.create_dataset("data", data=pair.transpose(0, 2, 1, 3), compression="lzf")
            for name, values in (("t", np.arange(5)), ("x", np.arange(WIDTH) / 8), ("y", np.arange(HEIGHT) / 8)):
                group.create_dataset(f"grid/{name}", data=values.astype(np.float32))
            group.attrs["config"] = "sim:\n  Du: 0.001\n  k: 0.005\n  t: 5\n  seed: 1\n"


def write_all(folder: Path) -> None:
    write_arrays(folder)
    write_pictures(folder)
    write_labelled(folder)
    write_well(folder / "well.hdf5")
    write_pdebench(folder / "bench.h5")
