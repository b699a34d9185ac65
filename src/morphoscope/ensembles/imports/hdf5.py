"""HDF5 files: The Well's layout, PDEBench's, MATLAB 7.3, and any other with its arrays; opened with limits."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morphoscope.core.errors import DataError
from morphoscope.core.extras import require
from morphoscope.core.outside_arrays import ALWAYS_EXPANDED_BYTES, MAX_EXPANSION, reading
from morphoscope.core.outside_files import MIB, check_file
from morphoscope.ensembles.imports.arrays import MATLAB_AXES, named_source
from morphoscope.ensembles.imports.pdebench import is_pdebench, open_pdebench
from morphoscope.ensembles.imports.source import Source, Wanted
from morphoscope.ensembles.imports.well import is_well, open_well

SUFFIXES = (".h5", ".hdf5", ".hdf", ".mat")
MAX_OBJECTS = 20_000  # in a file
MAX_DEPTH = 32  # of groups in groups
MAX_CHUNK_BYTES = 256 * MIB  # of one piece, which is always decompressed whole
_CACHE_BYTES = 64 * MIB  # so that a piece that several runs share is not decompressed for each
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_EXPECTED = "an HDF5 file"


def is_hdf5(path: Path) -> bool:
    """Whether a file has the signature of HDF5 at the beginning, or after the header of MATLAB 7.3."""
    check_file(path, _EXPECTED)
    with reading(path.name, _EXPECTED), path.open("rb") as file:
        begin = file.read(520)
    return begin[:8] == _SIGNATURE or begin[512:] == _SIGNATURE


@contextlib.contextmanager
def open_file(path: Path) -> Iterator[Any]:
    """An HDF5 file whose arrays are checked: their size, the size of their pieces, and no link to other files."""
    require("import")
    import h5py

    size = check_file(path, _EXPECTED)
    with reading(path.name, _EXPECTED), h5py.File(path, "r", rdcc_nbytes=_CACHE_BYTES, locking=False) as file:
        _check(file, path.name, size)
        yield file


def open_hdf5(path: Path, wanted: Wanted, stack: contextlib.ExitStack) -> Source:
    """The patterns of an HDF5 file; it stays open until ``stack`` is closed."""
    file = stack.enter_context(open_file(path))
    if is_well(file):
        return open_well(file, path.name, wanted)
    if is_pdebench(file):
        return open_pdebench(file, path.name, wanted)
    arrays = datasets(file)
    if path.suffix.lower() != ".mat":
        return named_source(path.name, arrays, wanted)
    # MATLAB counts columns first, so that axes are the other way round.
    usual = {count: tuple(reversed(axes)) for count, axes in MATLAB_AXES.items()}
    turned = Wanted(wanted.fields, tuple(reversed(wanted.axes)), wanted.size, wanted.frames)
    shown = {name: array for name, array in arrays.items() if "MATLAB_class" in array.attrs}
    return named_source(path.name, shown or arrays, turned, order="F", usual=usual)


def datasets(file: Any) -> dict[str, Any]:
    """The arrays of numbers in a file by path."""
    return {name: item for name, item in _arrays(file, file.filename) if item.shape and item.dtype.kind in "fiub"}


def _arrays(file: Any, name: str) -> Iterator[tuple[str, Any]]:
    """All arrays by path, each once; links to other places are not followed.

    Raises DataError for too many objects, and for groups in groups without end: finding one of them takes a time that
    grows with its depth.
    """
    import h5py

    seen: set[int] = set()
    count, waiting = 0, [("", file, 0)]
    while waiting:
        path, group, depth = waiting.pop()
        for key in group:
            count += 1
            if count > MAX_OBJECTS:
                raise DataError(f"{name} has more than {MAX_OBJECTS:,} groups and arrays; give a smaller file")
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                continue
            item, place = group[key], f"{path}{key}"
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            if isinstance(item, h5py.Dataset):
                yield place, item
            elif isinstance(item, h5py.Group):
                if depth == MAX_DEPTH:
                    raise DataError(f"{name} has groups in groups, more than {MAX_DEPTH} deep; give a simpler file")
                waiting.append((f"{place}/", item, depth + 1))


def _check(file: Any, name: str, size: int) -> None:
    """Raise DataError for a file that would need too much memory or time, or that refers to other files."""
    total = 0
    for path, item in _arrays(file, name):
        if item.shape is None:
            continue
        if item.external or item.is_virtual:
            raise DataError(f"{name}: {path} keeps its values in other files; only those in the file itself are read")
        total += math.prod(item.shape) * item.dtype.itemsize
        if item.chunks and math.prod(item.chunks) * item.dtype.itemsize > MAX_CHUNK_BYTES:
            raise DataError(f"{name}: {path} is stored in pieces of more than {MAX_CHUNK_BYTES:,} bytes; store it anew")
    if total > ALWAYS_EXPANDED_BYTES and total > MAX_EXPANSION * size:
        raise DataError(
            f"{name} would expand from {size:,} to {total:,} bytes; at most {MAX_EXPANSION} times its size is read"
        )
