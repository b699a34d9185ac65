"""Arrays in .npy files and .npz archives, of which only the parts that are indexed are read; nothing is mapped."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError
from morphoscope.core.outside_arrays import ALWAYS_EXPANDED_BYTES, MAX_EXPANSION, array_header, open_archive
from morphoscope.core.outside_files import MIB, check_file
from morphoscope.ensembles.imports.source import check_whole

_PIECE_BYTES = MIB  # read at once where only some numbers of it are wanted


class StoredArray:
    """An array in an open file, which is read part by part.

    Parameters
    ----------
    file
        The file, at the header of the array. It stays open as long as parts are read.
    name
        What it is called in messages.
    size
        Bytes of the file from its beginning.

    Raises
    ------
    DataError
        For a file that is cut off, and for pickled objects.
    """

    def __init__(self, file: Any, name: str, size: int) -> None:
        shape, self._turned, self.dtype = array_header(file, name)
        self._file, self._name, self._begin = file, name, file.tell()
        self._shape = shape[::-1] if self._turned else shape  # as the numbers are stored, the last axis fastest
        self.shape = shape
        if self._begin + self.nbytes > size:
            raise DataError(f"{name} is cut off: {size:,} bytes, but its array has {self.nbytes:,}; restore the file")

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all numbers."""
        return int(math.prod(self.shape) * self.dtype.itemsize)

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        """The part at an index of one integer or slice for each axis, as of a NumPy array."""
        stored = tuple(reversed(index)) if self._turned else tuple(index)
        found = self._part(self._begin, self._shape, stored)
        return found.T if self._turned else found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        check_whole(self, self._name)
        return np.asarray(self[(slice(None),) * self.ndim], dtype=dtype)

    def _part(self, begin: int, shape: tuple[int, ...], index: tuple[Any, ...]) -> NDArray[Any]:
        """The part of an array that begins at a byte; read whole if it is small or wanted whole."""
        size = math.prod(shape) * self.dtype.itemsize
        if _is_whole(index, shape) or size <= _PIECE_BYTES or len(shape) == 1:
            return self._read(begin, shape)[index]
        step = size // shape[0]
        if not isinstance(index[0], slice):
            return self._part(begin + range(shape[0])[index[0]] * step, shape[1:], index[1:])
        places = range(shape[0])[index[0]]
        parts: NDArray[Any] | None = None
        for number, place in enumerate(places):
            one = self._part(begin + place * step, shape[1:], index[1:])
            parts = np.empty((len(places), *one.shape), self.dtype) if parts is None else parts
            parts[number] = one
        return np.empty((0,), self.dtype) if parts is None else parts

    def _read(self, begin: int, shape: tuple[int, ...]) -> NDArray[Any]:
        found = np.empty(shape, self.dtype)
        view = memoryview(found.reshape(-1).view(np.uint8).data)
        self._file.seek(begin)
        done = 0
        while done < len(view):
            count = self._file.readinto(view[done:])
            if not count:
                raise EOFError(f"it is cut off after {begin + done:,} bytes")
            done += count
        return found


def _is_whole(index: tuple[Any, ...], shape: tuple[int, ...]) -> bool:
    """Whether an index takes everything."""
    return all(
        isinstance(one, slice) and range(side)[one] == range(side) for one, side in zip(index, shape, strict=True)
    )


def stored_array(path: Path, stack: contextlib.ExitStack) -> StoredArray:
    """The array of a .npy file, which stays open until ``stack`` is closed. Raises DataError and what NumPy raises."""
    size = check_file(path, "an array of numbers")
    return StoredArray(stack.enter_context(path.open("rb")), path.name, size)


def stored_arrays(path: Path, stack: contextlib.ExitStack) -> Mapping[str, StoredArray]:
    """The arrays of a .npz archive by name; it stays open until ``stack`` is closed.

    An archive is compressed as a stream: parts in the order of their places are read fast, all others from the
    beginning. Raises DataError for archives that would expand too much, and what the zip reader and NumPy raise.
    """
    size = check_file(path, "an archive of arrays")
    archive = stack.enter_context(open_archive(stack.enter_context(path.open("rb")), path.name))
    found: dict[str, StoredArray] = {}
    for entry in archive.infolist():
        if entry.filename.endswith(".npy"):
            file = stack.enter_context(archive.open(entry))
            name = entry.filename.removesuffix(".npy")
            found[name] = StoredArray(file, f"{path.name}: {name}"[:200], entry.file_size)
    total = sum(array.nbytes for array in found.values())
    if total > ALWAYS_EXPANDED_BYTES and total > MAX_EXPANSION * size:
        raise DataError(
            f"{path.name} would expand from {size:,} to {total:,} bytes; at most {MAX_EXPANSION} times its size is read"
        )
    return found
