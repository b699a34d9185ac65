"""How much memory and time importing and exporting large files take, each in a process of its own.

    python benchmarks/imports.py [--gb 1] [--run-mib 20] [--kinds npy,well,...] [--formats netcdf,...] [--folder DIR]
                                [--sparse] [--exported N]

First table: files whose values are ``--gb`` GB (10⁹ bytes) as they are stored, of runs of ``--run-mib`` MiB; stacks
and films are one run, of which every n-th frame is taken, or one run a page. Second table: the ensemble of the first
kind in all formats. Peak memory is the largest resident set of the process, with pages of files that it maps. All
files are in ``--folder``, by default a temporary one, and each is deleted before the next is made: at most about three
times ``--gb`` GB are needed.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 256
FRAME = 4 * SIDE * SIDE  # bytes as float32
SPARSE = "--sparse" in sys.argv
Floats = NDArray[np.float32]
Options = list[str]


def frames_of(run: int, count: int) -> Floats:
    """Frames (count, y, x) of moving waves in steps of 1/4096, which compress to about a fifth; or nothing but 0."""
    if SPARSE:
        return np.zeros((count, SIDE, SIDE), np.float32)
    y, x = np.mgrid[:SIDE, :SIDE]
    wave = np.sin(2 * np.pi * (x + 0.3 * y) / 21.3) + 0.3 * np.sin(2 * np.pi * (0.2 * x - y) / 33.7)
    moved = [np.roll(wave, (run + frame) % SIDE, axis=1) * (1 + (run * count + frame) % 1009 / 4036) for frame in
             range(count)]  # fmt: skip
    return (np.round(4096 * (0.5 + 0.25 * np.stack(moved))) / 4096).astype(np.float32)


def every(frames: int) -> str:
    """The option that takes as many of so many frames as a run can have."""
    return f"::{-(-frames * FRAME // 2**27)}"


def holes() -> dict[str, Any]:
    """Options of h5py for an array whose room is reserved and not written, with ``--sparse``."""
    import h5py

    if not SPARSE:
        return {}
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    return {"dcpl": properties}


def little(shape: Sequence[int]) -> Floats:
    """Zeros with one random number in a hundred, which compress to about a sixtieth."""
    values = np.zeros(shape, np.float32)
    some = values.reshape(-1)[::100]
    some[:] = np.random.default_rng(0).random(len(some), np.float32)
    return values


def pieces_of(kind: str, runs: int, frames: int) -> tuple[int, ...]:
    """The shape of a piece: ``run`` is one run, ``small`` has 64 x 64 cells of a frame, ``large`` about
    240 MiB, ``half`` 120 MiB.
    """
    most = (120 if kind == "half" else 240) * 2**20 // FRAME
    large = (min(runs, max(1, most // max(1, frames // 4))), max(1, frames // 4), SIDE, SIDE)
    return {"run": (1, frames, SIDE, SIDE), "small": (1, 1, 64, 64), "half": large, "large": large}[kind]


def fill(array: Any, frames: int) -> None:
    """Write an array of HDF5: run by run, or, with ``--sparse``, the same compressed bytes as each of its pieces."""
    if not SPARSE:
        for run in range(array.shape[0]):
            array[run] = frames_of(run, frames)
        return
    piece = zlib.compress(little(array.chunks).tobytes(), 1)
    sides = (range(0, side, step) for side, step in zip(array.shape, array.chunks, strict=True))
    for place in itertools.product(*sides):
        array.id.write_direct_chunk(place, piece)


def write_npy(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """One array (run, time, y, x)."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (runs, frames, SIDE, SIDE)}
    with (folder / "large.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        if SPARSE:
            file.truncate(file.tell() + runs * frames * FRAME)
        for run in range(0 if SPARSE else runs):
            file.write(frames_of(run, frames).tobytes())
    return folder / "large.npy", []


def write_npz(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """One compressed array (run, time, y, x)."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (runs, frames, SIDE, SIDE)}
    with (
        zipfile.ZipFile(folder / "large.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("u.npy", "w", force_zip64=True) as entry,
    ):
        np.lib.format.write_array_header_1_0(entry, header)
        for run in range(runs):
            entry.write((little((frames, SIDE, SIDE)) if SPARSE else frames_of(run, frames)).tobytes())
    return folder / "large.npz", []


def write_hdf5(folder: Path, runs: int, frames: int, pieces: str = "") -> tuple[Path, Options]:
    """One compressed array (run, time, y, x); by default in the pieces that h5py chooses, each of many runs."""
    import h5py

    chunks = pieces_of(pieces, runs, frames) if pieces else True
    with h5py.File(folder / "large.h5", "w", rdcc_nbytes=2**29) as file:
        fill(file.create_dataset("u", (runs, frames, SIDE, SIDE), np.float32, chunks=chunks, compression=1), frames)
    return folder / "large.h5", []


def write_frames(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """One compressed array (time, y, x) in the pieces that h5py chooses, of which as many frames are taken as fit."""
    import h5py

    with h5py.File(folder / "large.h5", "w", rdcc_nbytes=2**29) as file:
        array = file.create_dataset("u", (runs * frames, SIDE, SIDE), np.float32, chunks=True, compression=1)
        if SPARSE:
            fill(array, frames)
        for run in range(0 if SPARSE else runs):
            array[run * frames : (run + 1) * frames] = frames_of(run, frames)
    return folder / "large.h5", ["--frames", every(runs * frames)]


def write_well(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """The Well's layout with two fields (trajectory, time, x, y)."""
    import h5py

    runs = max(1, runs // 2)
    with h5py.File(folder / "large.hdf5", "w") as file:
        file.attrs.update({
            "dataset_name": "gray_scott_reaction_diffusion", "grid_type": "cartesian", "n_spatial_dims": 2,
            "n_trajectories": runs, "simulation_parameters": ["F", "k"], "F": 0.03, "k": 0.06,
        })  # fmt: skip
        dimensions = file.create_group("dimensions")
        dimensions.attrs["spatial_dims"] = ["x", "y"]
        for name, values in (("time", np.arange(frames)), ("x", np.arange(SIDE)), ("y", np.arange(SIDE))):
            dimensions[name] = values.astype(np.float32)
        file.create_group("scalars").attrs["field_names"] = np.array([], dtype="S1")
        group = file.create_group("t0_fields")
        group.attrs["field_names"] = ["A", "B"]
        for name in ("A", "B"):
            field = group.create_dataset(name, (runs, frames, SIDE, SIDE), np.float32, **holes())
            for run in range(0 if SPARSE else runs):
                field[run] = frames_of(run, frames).transpose(0, 2, 1)
    return folder / "large.hdf5", []


def write_pdebench(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """PDEBench's layout, one group a seed, with two fields (t, x, y, field)."""
    import h5py

    with h5py.File(folder / "large.h5", "w") as file:
        for seed in range(max(1, runs // 2)):
            group = file.create_group(f"{seed:04d}")
            data = group.create_dataset("data", (frames, SIDE, SIDE, 2), np.float32, **holes())
            if not SPARSE:
                one = frames_of(seed, frames)
                data[...] = np.stack([one, 1 - one], axis=-1)
            for name, count in (("t", frames), ("x", SIDE), ("y", SIDE)):
                group.create_dataset(f"grid/{name}", data=np.arange(count, dtype=np.float32))
    return folder / "large.h5", []


def write_matlab(folder: Path, runs: int, frames: int, pieces: str = "") -> tuple[Path, Options]:
    """MATLAB 7.3: an array that MATLAB calls (y, x, time, run); in one piece by default, which is not compressed."""
    import h5py

    options: dict[str, Any] = {"chunks": pieces_of(pieces, runs, frames), "compression": 1} if pieces else holes()
    with h5py.File(folder / "large.mat", "w", userblock_size=512) as file:
        array = file.create_dataset("u", (runs, frames, SIDE, SIDE), np.float32, **options)
        array.attrs["MATLAB_class"] = np.bytes_("single")
        if pieces or not SPARSE:
            fill(array, frames)
    return folder / "large.mat", []


def write_netcdf(folder: Path, runs: int, frames: int, pieces: str = "run") -> tuple[Path, Options]:
    """NetCDF 4."""
    import h5netcdf
    import h5py

    with h5netcdf.File(folder / "large.nc", "w") as file:
        file.dimensions = {"run": runs, "time": frames, "y": SIDE, "x": SIDE}
        chunks = pieces_of(pieces, runs, frames)
        file.create_variable("u", ("run", "time", "y", "x"), np.float32, chunks=chunks, compression=1)
    with h5py.File(folder / "large.nc", "r+") as file:
        fill(file["u"], frames)
    return folder / "large.nc", []


def write_netcdf3(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """NetCDF 3 with 64-bit offsets, which grows along its runs."""
    from scipy.io import netcdf_file

    with netcdf_file(str(folder / "large.nc"), "w", version=2) as file:
        for name, count in (("run", None), ("time", frames), ("y", SIDE), ("x", SIDE)):
            file.createDimension(name, count)
        array = file.createVariable("u", np.dtype(">f4"), ("run", "time", "y", "x"))
        array[0] = frames_of(0, frames)
    # SciPy keeps the whole file in memory while it writes; further records have the same bytes as the first.
    path = folder / "large.nc"
    with path.open("r+b") as file:
        file.seek(4)
        file.write(runs.to_bytes(4, "big"))
        file.seek(0, 2)
        if SPARSE:
            file.truncate(file.tell() + (runs - 1) * frames * FRAME)
        for run in range(1, 1 if SPARSE else runs):
            file.write(frames_of(run, frames).astype(">f4").tobytes())
    return path, []


def write_zarr(folder: Path, runs: int, frames: int, pieces: str = "run") -> tuple[Path, Options]:
    """Zarr 3 with names of dimensions; with ``--sparse``, all pieces are links to one file."""
    import zarr

    group = zarr.open_group(str(folder / "large.zarr"), mode="w")
    shape, chunks = (runs, frames, SIDE, SIDE), pieces_of(pieces, runs, frames)
    array = group.create_array("u", shape=shape, dtype="f4", chunks=chunks, dimension_names=("run", "time", "y", "x"),
                               compressors=zarr.codecs.GzipCodec(level=1))  # fmt: skip
    if SPARSE:
        array[tuple(slice(side) for side in chunks)] = little(chunks)
    first = folder / "large.zarr" / "u" / "c" / "0" / "0" / "0" / "0"
    for place in itertools.product(*(range(-(-side // step)) for side, step in zip(shape, chunks, strict=True))):
        path = first.parents[3].joinpath(*map(str, place))
        if SPARSE and path != first:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.hardlink_to(first)
    for run in range(0 if SPARSE else runs):
        array[run] = frames_of(run, frames)
    return folder / "large.zarr", []


def write_stack(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """A BigTIFF stack, of which as many frames are taken as fit into a run."""
    import tifffile

    def pages() -> Iterator[Floats]:
        for run in range(runs):
            yield from frames_of(run, frames)

    shape = (runs * frames, SIDE, SIDE)
    values = None if SPARSE else pages()
    tifffile.imwrite(folder / "large.tif", values, shape=shape, dtype=np.float32, bigtiff=True)
    return folder / "large.tif", ["--frames", every(runs * frames)]


def write_pages(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """A BigTIFF stack, every page of which is a run."""
    return write_stack(folder, runs, frames)[0], ["--axes", "run,y,x"]


def write_film(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """A film in grey, of which as many frames are taken as fit into a run: 256 frames, over and over."""
    import imageio_ffmpeg

    total = -(-runs * frames // SIDE)
    short, path = folder / "short.mp4", folder / "large.mp4"
    writer = imageio_ffmpeg.write_frames(str(short), (SIDE, SIDE), fps=25, pix_fmt_in="gray")
    writer.send(None)
    for frame in frames_of(0, 1) if SPARSE else frames_of(0, SIDE):
        for _ in range(SIDE if SPARSE else 1):
            writer.send(np.round(255 * np.clip(frame, 0, 1)).astype(np.uint8).tobytes())
    writer.close()
    again = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-stream_loop", str(total - 1)]
    subprocess.run([*again, "-i", str(short), "-c", "copy", str(path)], check=True)
    short.unlink()
    return path, ["--frames", every(total * SIDE)]


def write_gif(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """An animated GIF of 64 frames, over and over, of which as many are taken as fit into a run."""
    from PIL import Image

    path, total = folder / "large.gif", -(-runs * frames // 64)
    one = frames_of(0, 64) if not SPARSE else np.stack([np.roll(little((SIDE, SIDE)), k, 1) for k in range(64)])
    pictures = [Image.fromarray(np.round(255 * frame).astype(np.uint8)) for frame in one]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40, optimize=False)
    content = path.read_bytes()
    begin = 13 + (3 << (content[10] & 7) + 1 if content[10] & 0x80 else 0)  # after the table of colours
    with path.open("wb") as file:
        file.write(content[:begin])
        for _ in range(total):
            file.write(content[begin:-1])
        file.write(content[-1:])
    return path, ["--frames", every(64 * total)]


def write_pictures(folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """A folder of PNG files of 1024 x 1024 pixels of 16 bits."""
    from PIL import Image

    (folder / "pictures").mkdir()
    for number in range(max(1, runs * frames * FRAME // 2**21)):
        tile = np.tile(np.round(65535 * np.clip(frames_of(number, 1)[0], 0, 1)).astype(np.uint16), (4, 4))
        Image.fromarray(tile).save(folder / "pictures" / f"{number:06d}.png", compress_level=1)
    return folder / "pictures", []


KINDS: dict[str, Callable[[Path, int, int], tuple[Path, Options]]] = {
    "npy": write_npy, "npz": write_npz, "well": write_well, "pdebench": write_pdebench, "netcdf3": write_netcdf3,
    "hdf5": write_hdf5, "hdf5-frames": write_frames, "matlab": write_matlab,
    "netcdf": write_netcdf, "zarr": write_zarr,
    **{f"hdf5-{pieces}": functools.partial(write_hdf5, pieces=pieces) for pieces in ("run", "small", "large")},
    **{f"netcdf-{pieces}": functools.partial(write_netcdf, pieces=pieces) for pieces in ("small", "large")},
    **{f"zarr-{pieces}": functools.partial(write_zarr, pieces=pieces) for pieces in ("small", "half")},
    "matlab-run": functools.partial(write_matlab, pieces="run"),
    "stack": write_stack, "pages": write_pages, "film": write_film, "gif": write_gif, "pictures": write_pictures,
}  # fmt: skip
FORMATS = {"netcdf": "large-export.nc", "npz": "large-export.npz", "well": "well", "tiff": "stacks", "mp4": "films"}


def measured(arguments: Options) -> tuple[float, float]:
    """Seconds and peak memory in MiB of a command of this package. Raises SystemExit if it fails."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "morphoscope", *arguments]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read() if child.stderr else b""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"morphoscope {' '.join(arguments)} ended with {child.returncode}: {said.decode()[-500:]}")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def written(kind: str, folder: Path, runs: int, frames: int) -> tuple[Path, Options]:
    """Write a file in a process of its own: the memory of this one would count as that of its children."""
    command = [sys.executable, __file__, "--write", kind, str(folder), str(runs), str(frames)]
    command += ["--sparse"] * SPARSE
    path, options = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return Path(path), options


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.is_dir() else (
        path.stat().st_size
    )  # fmt: skip


def remove(path: Path) -> None:
    """Delete a file or a folder."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def row(name: str, decoded: float, stored: int, seconds: float, peak: float) -> None:
    """Print one row of a table."""
    sizes = f"{decoded / 1e9:.1f} GB | {stored / 1e9:.2f} GB"
    print(f"| {name} | {sizes} | {seconds:.0f} s | {decoded / seconds / 1e6:.0f} | {peak:.0f} MiB |", flush=True)


def main(arguments: Any) -> None:
    """Print both tables."""
    frames = max(1, int(arguments.run_mib * 2**20) // FRAME)
    runs = max(1, round(arguments.gb * 1e9 / (frames * FRAME)))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as place:
        folder, out = Path(place), Path(place) / "ensemble"
        print("| import | values | file | time | MB/s | peak |\n|---|---|---|---|---|---|", flush=True)
        for kind in [name for name in arguments.kinds.split(",") if name]:
            path, options = written(kind, folder, runs, frames)
            stored = size_of(path)
            row(kind, runs * frames * FRAME, stored, *measured(["import", str(path), "--out", str(out), *options]))
            remove(path)
            remove(out)
        formats = [name for name in arguments.formats.split(",") if name]
        if not formats:
            return
        path, options = written("npy", folder, runs, frames)
        measured(["import", str(path), "--out", str(out), *options])
        remove(path)
        print("\n| export | values | file | time | MB/s | peak |\n|---|---|---|---|---|---|", flush=True)
        numbers = range(0, runs, -(-runs // arguments.exported) if arguments.exported else 1)
        chosen = [text for run in numbers for text in ("--run", str(run))] if arguments.exported else []
        for name in formats:
            target = folder / FORMATS[name]
            result = measured(["export", str(out), "--format", name, "--out", str(target), *chosen])
            row(name, len(numbers) * frames * FRAME, size_of(target), *result)
            remove(target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gb", type=float, default=1.0)
    parser.add_argument("--run-mib", type=float, default=20.0)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--formats", default="netcdf,npz,well,tiff,mp4")
    parser.add_argument("--exported", type=int, default=0, help="export so many runs; by default all")
    parser.add_argument("--folder", default=None)
    parser.add_argument("--sparse", action="store_true", help="values are all 0; many files have holes then")
    parser.add_argument("--write", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        kind, folder, runs, frames = given.write
        path, options = KINDS[kind](Path(folder), int(runs), int(frames))
        print(json.dumps([str(path), options]))
    else:
        main(given)
