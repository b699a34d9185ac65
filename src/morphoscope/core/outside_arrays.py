"""Arrays and pictures from outside: their headers say how much memory they need, before it is used."""

from __future__ import annotations

import contextlib
import io
import math
import os
import struct
import sys
import threading
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.outside_files import MIB, check_file

if TYPE_CHECKING:
    from PIL.Image import Image

#: 20,000 patterns of three frames of 128x128 cells as float32. More belong in an ensemble, which is read run by run.
MAX_ARRAY_BYTES = 4096 * MIB
#: Numbers of simulations shrink to a tenth, constant ones to a thousandth. So archives that expand by more than
#: MAX_EXPANSION are refused above the size that any computer has room for.
MAX_EXPANSION = 200
ALWAYS_EXPANDED_BYTES = 256 * MIB
MAX_PIXELS = 64_000_000
_MAX_LISTED_BYTES = 8 * MIB  # of the list of entries in an archive
_ZIP64 = 2**32 - 1  # stands for a number that is in another record
_STANDARD_ERROR = threading.RLock()
#: Kinds of pictures that are decoded. Others of Pillow's start programs, such as Ghostscript, or are rarely tested.
IMAGE_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP")

#: What NumPy, the zip reader and decompressors raise for damaged files.
_DAMAGE = (
    *(OSError, ValueError, EOFError, KeyError, IndexError, TypeError, SyntaxError, OverflowError, RuntimeError),
    *(MemoryError, zipfile.BadZipFile, zlib.error, AttributeError, struct.error, tokenize.TokenError),
)
Source = Path | bytes
Arrays = dict[str, NDArray[Any]]


def load_array(source: Source, name: str, expected: str, max_bytes: int = MAX_ARRAY_BYTES) -> NDArray[Any]:
    """The array in a .npy file.

    Parameters
    ----------
    source
        The file, or its content.
    name
        What it is called in messages.
    expected
        What it should be, with its article.
    max_bytes
        The largest array that is read.

    Raises
    ------
    DataError
        For special files, damaged files, pickled objects and arrays that are too large.
    """
    with reading(name, expected), _opened(source, expected) as (file, size):
        needed = _array_bytes(file, name)
        _check_bytes(needed, name, max_bytes)
        if needed > size:
            raise DataError(f"{name} is cut off: {size:,} bytes of an array of {needed:,}; expected {expected}")
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)


def load_archive(
    source: Source,
    name: str,
    expected: str,
    names: Callable[[str], bool] = lambda _: True,
    max_bytes: int = MAX_ARRAY_BYTES,
) -> tuple[Arrays, list[str]]:
    """The arrays of a .npz file whose name ``names`` accepts, and the names of all arrays in it.

    Other arguments and errors are as in :func:`load_array`; ``max_bytes`` holds for all arrays together.
    """
    with reading(name, expected), _opened(source, expected) as (file, size), open_archive(file, name) as archive:
        known = [entry.removesuffix(".npy") for entry in archive.namelist() if entry.endswith(".npy")]
        wanted = [known_name for known_name in known if names(known_name)]
        needed = 0
        for each in wanted:
            with archive.open(f"{each}.npy") as entry:
                needed += _array_bytes(entry, name)
            _check_bytes(needed, name, max_bytes)
        if needed > ALWAYS_EXPANDED_BYTES and needed > MAX_EXPANSION * size:
            raise DataError(
                f"{name} would expand from {size:,} to {needed:,} bytes; at most {MAX_EXPANSION} times its size is "
                "read; save the arrays uncompressed if they are meant"
            )
        found = {}
        for each in wanted:
            with archive.open(f"{each}.npy") as entry:
                found[each] = np.lib.format.read_array(entry, allow_pickle=False)
        return found, known


def open_archive(file: BinaryIO, name: str) -> zipfile.ZipFile:
    """A zip archive, opened for reading. Raises DataError for one with too many entries, and BadZipFile.

    The zip reader holds about a kilobyte for each entry, whose record has at least 46 bytes.
    """
    file.seek(0, io.SEEK_END)
    file.seek(max(0, file.tell() - 65_557))  # the longest comment, and the record before it
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    listed = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if listed > _MAX_LISTED_BYTES and listed != _ZIP64:
        raise DataError(f"{name} lists {listed:,} bytes of entries; at most {_MAX_LISTED_BYTES:,} are read")
    if listed == _ZIP64 or b"PK\x06\x06" in tail[max(0, at - 100) : max(0, at)]:
        size = tail[at - 76 + 40 : at - 76 + 48] if at >= 76 else b""
        if int.from_bytes(size, "little") > _MAX_LISTED_BYTES:
            raise DataError(f"{name} lists too many entries; at most {_MAX_LISTED_BYTES:,} bytes of them are read")
    file.seek(0)
    return zipfile.ZipFile(file)


@contextlib.contextmanager
def open_image(source: Source, name: str, expected: str = "a picture") -> Iterator[Image]:
    """A picture, opened with Pillow and not decoded yet; errors of decoding it in the body are one line, too.

    Raises DataError for special files, other kinds than :data:`IMAGE_FORMATS`, and more than :data:`MAX_PIXELS`.
    """
    from PIL import Image

    with reading(name, expected), _opened(source, expected) as (file, _):
        try:
            image = Image.open(file, formats=IMAGE_FORMATS)
        except Image.DecompressionBombError:
            raise DataError(f"{name} has too many pixels; at most {MAX_PIXELS:,} are read; crop it") from None
        with image:
            if image.width * image.height > MAX_PIXELS:
                raise DataError(f"{name} has {image.width}x{image.height} pixels; at most {MAX_PIXELS:,} are read")
            with _silent_libtiff() if image.format == "TIFF" else contextlib.nullcontext():
                yield image


@contextlib.contextmanager
def _silent_libtiff() -> Iterator[None]:
    """Nothing on standard error, where libtiff describes damage that Pillow then raises an error for.

    Standard error is the process's: threads take turns, so that each puts back what was there.
    """
    with _STANDARD_ERROR:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        try:
            kept = os.dup(2)
        except OSError:  # closed
            yield
            return
        try:
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


class _NoWarnings:
    """No warnings as long as any thread is in the body.

    Python's filters are the process's: the first thread that comes keeps them, and the last one that goes puts them
    back. Threads that each did so could leave behind what another one had set.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._kept = threading.Lock(), 0, contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._kept.enter_context(warnings.catch_warnings(action="ignore"))
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._kept.close()


_NO_WARNINGS = _NoWarnings()


@contextlib.contextmanager
def _opened(source: Source, expected: str) -> Iterator[tuple[BinaryIO, int]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source), len(source)
        return
    size = check_file(source, expected)
    with source.open("rb") as file:
        yield file, size


@contextlib.contextmanager
def reading(name: str, expected: str) -> Iterator[None]:
    """Turn what readers of arrays and pictures raise for damaged files into one line, a DataError; warnings go."""
    try:
        with _NO_WARNINGS:  # they describe the same damage, in lines of their own
            yield
    except UsageError:
        raise
    except _DAMAGE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        if "pickle" in reason or "Object arrays" in reason:
            reason = "it holds pickled objects, which are refused: they could run code"
        raise DataError(f"{name} can't be read ({reason}); expected {expected}") from error


def array_header(file: Any, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """The shape of an array, whether its first axis is the fastest, and its type, by its header.

    Raises DataError for pickled objects, and ValueError for what is no header.
    """
    version = np.lib.format.read_magic(file)
    headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in headers:  # 3.0 is for names outside Latin-1, which plain arrays do not have
        raise ValueError(f"format {version[0]}.{version[1]} of .npy; expected 1.0 or 2.0")
    shape, turned, dtype = headers[version](file)
    if dtype.hasobject:
        raise DataError(f"{name} holds pickled objects, which are refused: they could run code; save plain numbers")
    if not dtype.itemsize:
        raise ValueError("its elements have no size")
    if any(side < 0 for side in shape):
        raise ValueError(f"its shape is {shape}")
    return shape, turned, dtype


def _array_bytes(file: Any, name: str) -> int:
    """The bytes of memory of an array, by its header. Raises as :func:`array_header`."""
    shape, _, dtype = array_header(file, name)
    return int(math.prod(shape) * dtype.itemsize)


def _check_bytes(needed: int, name: str, max_bytes: int) -> None:
    if needed > max_bytes:
        raise DataError(
            f"{name} holds arrays of {needed:,} bytes; at most {max_bytes:,} are read at once; give fewer at a time"
        )
