"""Open a file of any format that can be imported."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

from morphoscope.core.checksums import file_checksum
from morphoscope.core.errors import DataError
from morphoscope.core.outside_files import check_file
from morphoscope.ensembles.imports import arrays, hdf5, labelled, matlab, pictures
from morphoscope.ensembles.imports.folders import Known, files_in, with_known
from morphoscope.ensembles.imports.source import Source, Wanted, foreign

#: What opens files that stay open while their runs are read.
_STREAMED: dict[str, Callable[[Path, Wanted, contextlib.ExitStack], Source]] = {
    ".npy": arrays.open_npy,
    ".npz": arrays.open_npz,
    **dict.fromkeys(pictures.STACKS, pictures.open_stack),
    **dict.fromkeys(labelled.NETCDF, labelled.open_netcdf),
}
READABLE = tuple(
    dict.fromkeys((*pictures.OPENERS, *arrays.OPENERS, *_STREAMED, *hdf5.SUFFIXES)),
)
#: Suffixes of files that are taken from a folder: text may be anything, and so is not taken.
_IN_FOLDERS = tuple(suffix for suffix in READABLE if suffix not in (".csv", ".tsv", ".txt", ".dat"))
_REFUSED = (".pkl", ".pickle", ".pt", ".pth", ".joblib")
_EXPECTED = "a file that can be imported"


def listed(paths: list[Path], table: Path | None = None) -> list[tuple[Path, Known]]:
    """The files that are given themselves or by their folders, with what a table says about them.

    Raises DataError if one does not exist or is of no format that can be imported.
    """
    found: list[tuple[Path, Known]] = []
    for path in paths:
        if path.is_dir() and not labelled.is_zarr(path):
            found += files_in(path, _IN_FOLDERS, table)
        else:
            found.append((path, Known()))
    for path, _ in found:
        _check_kind(path)
    return found


def _check_kind(path: Path) -> None:
    if labelled.is_zarr(path):
        return
    check_file(path, _EXPECTED)
    suffix = path.suffix.lower()
    if suffix in _REFUSED:
        raise DataError(f"{path.name} is refused: loading {suffix} files could run code; save its arrays as .npy")
    if suffix not in READABLE:
        raise DataError(f"{path.name}: unknown file type {suffix!r}; expected one of {', '.join(READABLE)}, or Zarr")


def open_source(path: Path, known: Known, wanted: Wanted, stack: contextlib.ExitStack) -> Source:
    """The runs of a file. It stays open until ``stack`` is closed. Raises DataError if it can't be read."""
    suffix = path.suffix.lower()
    with foreign(path.name, _EXPECTED):
        if labelled.is_zarr(path):
            source = labelled.open_zarr(path, wanted, stack)
        elif suffix in _STREAMED:
            source = _STREAMED[suffix](path, wanted, stack)
        elif suffix == ".mat" and not hdf5.is_hdf5(path):
            source = matlab.open_mat(path, wanted)
        elif suffix in hdf5.SUFFIXES:
            source = hdf5.open_hdf5(path, wanted, stack)
        else:
            source = {**pictures.OPENERS, **arrays.OPENERS}[suffix](path, wanted)
    return with_known(source, known)


def checksum(path: Path) -> str:
    """SHA-256 of a file; of a folder, of the names and checksums of its files."""
    with foreign(path.name, _EXPECTED):
        if not path.is_dir():
            return file_checksum(path)
        files = sorted(file for file in path.rglob("*") if file.is_file())
        lines = (f"{file.relative_to(path).as_posix()} {file_checksum(file)}\n" for file in files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()
