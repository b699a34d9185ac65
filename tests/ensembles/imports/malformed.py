"""Malformed files of every format: cut off, changed, of another type, bombs, huge headers, and what is no pattern."""

# mypy: ignore-errors

from __future__ import annotations

import dataclasses
import gzip
import io
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numcodecs
import numpy as np
import scipy.io
import tifffile
import zarr
from PIL import Image

from tests.ensembles.imports.files import FRAMES, write_all

Make = Callable[[Path], object]
FRACTIONS = (0.0, 0.01, 0.1, 0.5, 0.9, 0.99)
SUFFIXES = (
    ".png", ".jpg", ".bmp", ".webp", ".gif", ".tif", ".mp4", ".avi", ".mkv", ".npy", ".npz", ".mat", ".nc", ".h5",
    ".csv", ".txt", ".zarr",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Case:
    """A file to make.

    Parameters
    ----------
    kind
        What is wrong with it.
    name
        Its name.
    make
        Writes it to a path.
    sure
        Whether it can't be a pattern; other files may be, such as a text that is cut off between two lines.
    """

    kind: str
    name: str
    make: Make
    sure: bool = False

    @property
    def format(self) -> str:
        """The suffix."""
        return Path(self.name).suffix


def cases(good: Path, seed: int, changes: int) -> Iterator[Case]:
    """All cases; ``good`` gets a file of every format, of which each is changed ``changes`` times at random places."""
    yield from made()
    good.mkdir()
    write_all(good)
    rng = np.random.default_rng(seed)
    for path in sorted(good.iterdir()):
        if path.is_dir():
            yield from _damaged_folder(path, rng, changes)
        else:
            yield from _damaged(path, rng, changes)
    yield from _other_types(good, rng)


def _damaged(path: Path, rng: np.random.Generator, changes: int) -> Iterator[Case]:
    content = path.read_bytes()
    for fraction in FRACTIONS:
        yield _content("cut off", path.name, content[: int(fraction * len(content))], sure=fraction < 0.005)
    for number in range(changes):
        damaged = bytearray(content)
        reach = min(len(content), 1024) if number % 3 else len(content)
        for place in rng.integers(0, reach, 1 + 3 * (number % 2)):
            damaged[place] = int(rng.integers(256))
        yield _content("changed bytes", path.name, bytes(damaged))
    place = int(rng.integers(0, min(len(content), 1024)))
    yield _content("bytes inserted", path.name, content[:place] + rng.bytes(37) + content[place:])
    yield _content("bytes of the beginning, then others", path.name, content[:64] + rng.bytes(20_000))


def _damaged_folder(path: Path, rng: np.random.Generator, changes: int) -> Iterator[Case]:
    inner = sorted(file.relative_to(path) for file in path.rglob("*") if file.is_file())
    for number in range(changes):
        part = inner[int(rng.integers(len(inner)))]
        content = (path / part).read_bytes()
        other = content[: len(content) // 2] if number % 2 else rng.bytes(len(content))

        def make(out: Path, part: Path = part, other: bytes = other) -> None:
            shutil.copytree(path, out)
            (out / part).write_bytes(other)

        yield Case("changed bytes", path.name, make)


def _other_types(good: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Bytes of no type, and the content of every file under the suffixes of others."""
    for suffix in SUFFIXES:
        for size in (0, 1, 7, 512, 100_000):
            yield _content("random bytes", f"file{suffix}", rng.bytes(size), sure=True)
        yield _content("zeros", f"file{suffix}", bytes(4096), sure=True)
        yield _content("text", f"file{suffix}", b"It was a dark and stormy night.\n" * 100, sure=True)
        yield Case("a folder", f"file{suffix}", lambda out: out.mkdir(), sure=True)
    for path in sorted(good.iterdir()):
        if path.is_file():
            content = path.read_bytes()
            for suffix in SUFFIXES:
                if suffix != path.suffix:
                    yield _content("another type", f"{path.stem}-{path.suffix[1:]}{suffix}", content)


def _content(kind: str, name: str, content: bytes, sure: bool = False) -> Case:
    return Case(kind, name, lambda out: out.write_bytes(content), sure)


def made() -> Iterator[Case]:
    """Files that are made to be refused."""
    for maker in (_arrays, _archives, _pictures, _hdf5, _matlab, _text, _groups):
        for kind, name, make in maker():
            yield Case(kind, name, make, sure=True)


Made = Iterator[tuple[str, str, Make]]


def _header(text: str, rest: bytes = b"") -> Make:
    encoded = text.encode("latin-1")
    return lambda out: out.write_bytes(b"\x93NUMPY\x02\x00" + struct.pack("<I", len(encoded)) + encoded + rest)


def _saved(array: object) -> Make:
    return lambda out: np.save(out, np.asarray(array), allow_pickle=True)


NOT_FINITE = {
    "NaN only": np.full((5, 24, 32), np.nan, np.float32), "infinite": np.full((24, 32), np.inf),
    "too large": np.full((24, 32), 1e300), "one NaN": np.where(np.arange(768).reshape(24, 32) == 300, np.nan, 1.0),
}  # fmt: skip
EMPTY = {
    "no axis": np.array(1.0), "empty": np.zeros((0,)), "no cells": np.zeros((5, 0, 32)), "one axis": np.arange(10.0),
    "no frames": np.zeros((0, 24, 32)), "three cells": np.zeros((5, 3, 32)), "no runs": np.zeros((0, 5, 24, 32)),
    "32 axes": np.zeros((1,) * 30 + (24, 32)),
}  # fmt: skip
NO_NUMBERS = {
    "complex": np.zeros((24, 32), complex), "text": np.full((24, 32), "abc"), "bytes": np.full((24, 32), b"abc"),
    "dates": np.zeros((24, 32), "datetime64[s]"), "records": np.zeros((24, 32), [("a", "f4"), ("b", "i4")]),
}  # fmt: skip


def _arrays() -> Made:
    for kind, array in {**NOT_FINITE, **EMPTY, **NO_NUMBERS, "objects": np.array([{}, 1], dtype=object)}.items():
        yield kind, "a.npy", _saved(array)
    shapes = ("(1000000000, 1000000, 1000000)", "(4, 4, 9223372036854775807)", "(-1, 24, 32)", "(24, -32)", "(24, 3.5)",
              "24", "'24'", "()", "(24, True)", "(" + "1," * 5000 + ")", "(0, 1000000000000000000000)")  # fmt: skip
    for shape in shapes:
        yield "huge header", "a.npy", _header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n")
    for descr in ("'|O'", "'<f3'", "'<U0'", "'|V1000000000'", "[('a','<f4',(1000000000,))]", "__import__('os')"):
        text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (24, 32)}}\n"
        yield "huge header", "a.npy", _header(text, bytes(4096))
    yield "deep nesting", "a.npy", _header("(" * 9000 + ")" * 9000)
    yield "deep nesting", "a.npy", _header("[" * 100_000 + "]" * 100_000)
    yield "huge header", "a.npy", _header(" " * 50_000_000)
    yield (
        "huge header",
        "a.npy",
        lambda out: out.write_bytes(b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(100)),
    )


def _archives() -> Made:
    for kind, array in {**NOT_FINITE, **EMPTY, **NO_NUMBERS}.items():
        yield kind, "a.npz", lambda out, array=array: np.savez(out, u=array)

    def zipped(*entries: tuple[str, bytes]) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in entries:
                archive.writestr(name, content)
        return file.getvalue()

    def npy(shape: tuple[int, ...], content: bytes) -> bytes:
        file = io.BytesIO()
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        return file.getvalue() + content

    def bomb(out: Path) -> None:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("u.npy", "w") as entry:
            entry.write(npy((400, 1024, 1024), b""))
            for _ in range(400):
                entry.write(bytes(2**22))

    yield "bomb", "a.npz", bomb
    many = [(f"u{n}.npy", npy((1024, 1024), bytes(2**22))) for n in range(80)]
    yield "bomb", "a.npz", lambda out: out.write_bytes(zipped(*many))
    yield "nested", "a.npz", lambda out: out.write_bytes(zipped(("a.npz", zipped(("b.npz", zipped())))))
    yield "no arrays", "a.npz", lambda out: out.write_bytes(zipped(("readme.txt", b"text")))
    yield "cut off", "a.npz", lambda out: out.write_bytes(zipped(("u.npy", npy((24, 32), bytes(24)))))
    yield "huge header", "a.npz", lambda out: out.write_bytes(zipped(("u.npy", npy((10**6, 10**6), b""))))
    yield "names", "a.npz", lambda out: out.write_bytes(zipped(("../../u.npy", b"x"), ("/etc/u.npy", b"y")))
    listed = zipped(*((f"{'n' * 200}{number}.npy", b"") for number in range(40_000)))
    yield "many entries", "a.npz", lambda out: out.write_bytes(listed)


def _png(width: int, height: int, data: bytes, depth: int = 8, colour: int = 0, more: bytes = b"") -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _pictures() -> Made:
    black = zlib.compress(bytes(60_000 * 8), 9)
    sizes = ((60_000, 60_000), (8_000, 8_000), (2**31 - 1, 2**31 - 1), (0, 0), (1, 1), (3, 1000), (10_000_000, 6))
    for width, height in sizes:
        yield "bomb", "a.png", lambda out, w=width, h=height: out.write_bytes(_png(w, h, black))
    text = zlib.compress(bytes(100_000_000), 9)
    length = struct.pack(">I", len(text) + 6)
    chunk = b"zTXtabcd\x00\x00" + text
    more = length + chunk + struct.pack(">I", zlib.crc32(chunk))
    yield "bomb", "a.png", lambda out: out.write_bytes(_png(64, 64, b"", more=more))
    yield "no data", "a.png", lambda out: out.write_bytes(_png(64, 64, b""))
    for kind in ("GIF", "WEBP", "BMP", "JPEG"):
        suffix = {"GIF": ".gif", "WEBP": ".webp", "BMP": ".bmp", "JPEG": ".jpg"}[kind]

        def tiny(out: Path, kind: str = kind) -> None:
            Image.new("L", (2, 2)).save(out, format=kind)

        yield "three cells", f"a{suffix}", tiny
    gif = b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\x80\x00\x00" + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHH", 0, 0, 65_535, 65_535) + b"\x00\x02\x01\x2c\x00"
    yield "bomb", "a.gif", lambda out: out.write_bytes(gif + frame * 1000 + b"\x3b")
    bmp = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 2**30, 2**30, 1, 24, *(0,) * 6)
    yield "bomb", "a.bmp", lambda out: out.write_bytes(bmp)
    for kind, array in {**NOT_FINITE, "complex": np.zeros((24, 32), np.complex64)}.items():
        yield kind, "a.tif", lambda out, array=array: tifffile.imwrite(out, array, photometric="minisblack")
    yield "bomb", "a.tif", lambda out: out.write_bytes(_tiff(60_000, 60_000))
    yield "bomb", "a.tif", lambda out: out.write_bytes(_tiff(2**31, 2**31))
    yield "bomb", "a.tif", lambda out: out.write_bytes(_tiff(8, 2**31))
    yield "endless pages", "a.tif", lambda out: out.write_bytes(_tiff(64, 64, following=8))
    for name in ("a.avi", "a.mp4", "a.mkv"):
        begin = {
            "a.avi": b"RIFF\xff\xff\xff\xffAVI ",
            "a.mp4": b"\x00\x00\x00\x20ftypisom",
            "a.mkv": b"\x1a\x45\xdf\xa3",
        }
        yield "only a beginning", name, lambda out, b=begin[name]: out.write_bytes(b + bytes(1000))


def _tiff(width: int, height: int, following: int = 0) -> bytes:
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8),
               (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 100)]  # fmt: skip
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\x00" + struct.pack("<IH", 8, len(entries)) + packed + struct.pack("<I", following) + bytes(100)


def _hdf5() -> Made:
    def file(build: Callable[[h5py.File], object]) -> Make:
        def make(out: Path) -> None:
            with h5py.File(out, "w") as opened:
                build(opened)

        return make

    for suffix in (".h5", ".nc"):
        for kind, array in {**NOT_FINITE, **EMPTY, "complex": NO_NUMBERS["complex"]}.items():
            yield kind, f"a{suffix}", file(lambda f, array=array: f.create_dataset("u", data=array))
        sizes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
            "never written": ((10**6, 1024, 1024), (1, 64, 64)), "one piece": ((64, 2048, 2048), (64, 2048, 2048)),
            "one frame": ((2**15, 2**15), (256, 256)),
        }  # fmt: skip
        for kind, (shape, chunks) in sizes.items():
            yield (
                f"bomb, {kind}",
                f"a{suffix}",
                file(lambda f, s=shape, c=chunks: f.create_dataset("u", s, np.float32, chunks=c, compression="gzip")),
            )
        yield "bomb", f"a{suffix}", _chunk_bomb

    def nested(f: h5py.File) -> None:
        group: h5py.Group = f
        for _ in range(2000):
            group = group.create_group("g")

    def circle(f: h5py.File) -> None:
        f.create_group("a")["b"] = f["/"]

    yield "deep nesting", "a.h5", file(nested)
    yield "circle", "a.h5", file(circle)
    yield "many groups", "a.h5", file(lambda f: [f.create_group(str(n)) for n in range(21_000)])
    yield "no arrays", "a.h5", file(lambda f: f.attrs.update({"a": 1}))
    yield "link", "a.h5", file(lambda f: f.update({"u": h5py.ExternalLink("/etc/passwd", "/u")}))
    yield "other files", "a.h5", file(lambda f: f.create_dataset("u", (8, 8), "u1", external=[("/etc/passwd", 0, 64)]))
    yield "text", "a.h5", file(lambda f: f.create_dataset("u", (24, 32), h5py.string_dtype()))
    for kind, attributes in {"no axes": {}, "one run more": {"n_trajectories": 10**9},
                             "text for a number": {"n_trajectories": "two"}}.items():  # fmt: skip

        def well(f: h5py.File, attributes: dict[str, object] = attributes) -> None:
            f.attrs.update({"n_trajectories": 1, **attributes})
            f.create_group("dimensions")
            f.create_group("t0_fields")

        yield f"The Well, {kind}", "a.h5", file(well)
    yield "PDEBench, no times", "a.h5", file(lambda f: f.update({"0/data": np.zeros((5, 24)), "0/grid/t": 1.0}))


def _chunk_bomb(out: Path) -> None:
    """100 GiB of zeros in pieces of 128 MiB that are all the same."""
    with h5py.File(out, "w", libver="latest") as file:
        array = file.create_dataset(
            "u", (800, 8, 2048, 2048), np.float32, chunks=(1, 8, 2048, 2048), compression="gzip"
        )
        piece = zlib.compress(bytes(8 * 2048 * 2048 * 4), 9)
        for run in range(800):
            array.id.write_direct_chunk((run, 0, 0, 0), piece)


def _matlab() -> Made:
    for kind, array in {**NOT_FINITE, "complex": NO_NUMBERS["complex"], "text": NO_NUMBERS["text"]}.items():
        yield kind, "a.mat", lambda out, array=array: scipy.io.savemat(out, {"u": array})
    yield "no arrays", "a.mat", lambda out: scipy.io.savemat(out, {"a": {"b": {"c": 1}}})
    head = b"MATLAB 5.0".ljust(124) + b"\x00\x01IM"

    def element(kind: int, content: bytes) -> bytes:
        return struct.pack("<II", kind, len(content)) + content

    yield (
        "bomb",
        "a.mat",
        lambda out: out.write_bytes(head + element(15, zlib.compress(bytes(700_000_000), 9))),
    )
    flags = element(6, struct.pack("<II", 6, 0))
    for sides in ((2**31 - 1, 2**31 - 1), (10**9, 4), (-5, 24)):
        array = flags + element(5, struct.pack("<ii", *sides)) + element(1, b"u" + bytes(7)) + element(9, bytes(64))
        yield "huge header", "a.mat", lambda out, array=array: out.write_bytes(head + element(14, array))
    nested = element(14, b"")
    for _ in range(3000):
        nested = element(14, flags + element(5, struct.pack("<ii", 1, 1)) + element(1, bytes(8)) + nested)
    yield "deep nesting", "a.mat", lambda out: out.write_bytes(head + nested)


def _text() -> Made:
    texts = {
        "NaN only": "nan,nan,nan,nan\n" * 5, "infinite": "1,2,inf,4\n" * 5, "uneven rows": "1,2,3,4\n1,2,3\n" * 5,
        "words": "a,b,c,d\n" * 5, "one row": "1,2,3,4\n", "only commas": ",,,,\n" * 100,
        "too large": "1e999,1,2,3\n" * 5,
        "complex": "1+2j,1,2,3\n" * 5, "quoted": '"1","2\n' * 50, "dates": "2020-01-01 12:00\n" * 50,
        "a long line": "1," * 3_000_000, "one long number": "1" * 5_000_000, "no newline": " " * 1_000_000,
        "a column": "1\n" * 100_000, "NUL": "1,2,\x00,4\n" * 5,
    }  # fmt: skip
    for suffix in (".csv", ".txt"):
        for kind, text in texts.items():
            yield kind, f"a{suffix}", lambda out, text=text: out.write_text(text)
        yield "UTF-16", f"a{suffix}", lambda out: out.write_text("1,2,3,4\n" * 5, encoding="utf-16")
        yield "gzip bomb", f"a{suffix}", lambda out: out.write_bytes(gzip.compress(bytes(10**8)))
        yield "huge", f"a{suffix}", _huge
    for suffix in SUFFIXES:
        yield "huge", f"a{suffix}", _huge


def _huge(out: Path) -> None:
    """3 GiB of zeros that take no room on the disk."""
    with out.open("wb") as file:
        file.truncate(3 * 2**30)


def _groups() -> Made:
    def zarray(shape: tuple[int, ...], chunks: tuple[int, ...], values: object = None) -> Make:
        def make(out: Path) -> None:
            group = zarr.open_group(str(out), mode="w")
            axes = ("time", "y", "x")[-len(shape) :]
            array = group.create_array("u", shape=shape, chunks=chunks, dtype="f4", dimension_names=axes)
            if values is not None:
                array[...] = values

        return make

    yield "bomb, never written", "a.zarr", zarray((10**6, 1024, 1024), (1, 64, 64))
    yield "bomb, one piece", "a.zarr", zarray((64, 2048, 2048), (64, 2048, 2048))
    yield "NaN only", "a.zarr", zarray((5, 24, 32), (5, 24, 32), np.nan)
    yield "three cells", "a.zarr", zarray((5, 3, 32), (5, 3, 32), 1.0)
    yield "one axis", "a.zarr", zarray((100,), (100,), 1.0)
    for kind, text in {"nonsense": "{", "a list": "[]", "deep nesting": "[" * 100_000, "null": "null",
                       "a number": "1" * 10_000, "no group": '{"zarr_format": 9}'}.items():  # fmt: skip
        for name in ("zarr.json", ".zgroup", ".zarray", ".zmetadata"):

            def make(out: Path, name: str = name, text: str = text) -> None:
                out.mkdir()
                (out / name).write_text(text)

            yield f"metadata, {kind}", "a.zarr", make

    def bomb(out: Path) -> None:
        zarray((5, 24, 32), (5, 24, 32), FRAMES)(out)
        piece = next(path for path in out.rglob("*") if path.is_file() and path.name != "zarr.json")
        piece.write_bytes(numcodecs.Zstd().encode(bytes(2**30)))

    yield "bomb", "a.zarr", bomb
