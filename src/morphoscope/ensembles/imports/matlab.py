"""MATLAB files of version 5, which are checked first: SciPy ends the process for some that are malformed.

Source: "MAT-File Format", The MathWorks; chapter 1.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from morphoscope.core.errors import DataError
from morphoscope.core.outside_arrays import reading
from morphoscope.core.outside_files import MIB, check_file
from morphoscope.ensembles.imports.arrays import MATLAB_AXES, MAX_WHOLE_BYTES, TIMES, named_source
from morphoscope.ensembles.imports.source import Source, Wanted

_KINDS = ("double", "single", "logical", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))
_COMPRESSED, _MATRIX = 15, 14  # types of elements
_HEADER = 128  # bytes before the first element
_BEGINNING = 4096  # bytes of a matrix within which its numbers begin
_FLAGS, _INTEGERS = 6, 5  # types of the flags and of the sizes
_COMPLEX = 0x800  # a flag
_NUMERIC = range(6, 16)  # classes of arrays of numbers
_SIZES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}  # bytes of a number by its type


def open_mat(path: Path, wanted: Wanted) -> Source:
    """The arrays of a MATLAB file of version 5; columns first, as MATLAB counts."""
    import scipy.io

    size = check_file(path, "a MATLAB file")
    with reading(path.name, "a MATLAB file"):
        sound = _sound_arrays(path, size)
        declared = {name: shape for name, shape, kind in scipy.io.whosmat(str(path)) if kind in _KINDS}
        names = [n for n in declared if n in sound and (not wanted.fields or n in (*wanted.fields, *TIMES))]
        if sum(8 * math.prod(map(int, declared[name])) for name in names) > MAX_WHOLE_BYTES:
            raise DataError(f"{path.name} holds arrays of more than {MAX_WHOLE_BYTES:,} bytes; save it as version 7.3")
        found: Mapping[str, Any] = {}
        if names:
            found = scipy.io.loadmat(str(path), variable_names=names, verify_compressed_data_integrity=True)
    arrays = {name: np.asarray(found[name]) for name in names if name in found}
    return named_source(path.name, arrays, wanted, order="F", usual=MATLAB_AXES)


def _sound_arrays(path: Path, size: int) -> set[str]:
    """The names of the arrays of real numbers whose sizes agree with their headers; little memory is used.

    Raises DataError for a file whose compressed elements expand too far, and ValueError for what is no such file.
    """
    names: list[str | None] = []
    with path.open("rb") as file:
        head = file.read(_HEADER)
        if len(head) < _HEADER or head[126:128] not in (b"IM", b"MI"):
            raise ValueError("no MATLAB 5 header")
        order, total, at = "<" if head[126:128] == b"IM" else ">", 0, _HEADER
        while at + 8 <= size:
            file.seek(at)
            kind, length = struct.unpack(order + "II", file.read(8))
            if at + 8 + length > size:
                raise ValueError(f"it is cut off: an element of {length:,} bytes at {at:,} of {size:,}")
            if kind == _COMPRESSED:
                begin, expanded = _expanded(file, length)
                total += expanded
                kind, inner = struct.unpack(order + "II", begin[:8])
                if kind == _MATRIX:
                    names.append(_name_of(begin[8:], min(inner, expanded - 8), order))
            elif kind == _MATRIX:
                names.append(_name_of(file.read(min(length, _BEGINNING)), length, order))
            if total > 2 * MAX_WHOLE_BYTES:
                raise DataError(f"{path.name} would expand to more than {2 * MAX_WHOLE_BYTES:,} bytes; it is refused")
            at += 8 + length
    return {name for name in names if name is not None and names.count(name) == 1}


def _expanded(file: Any, length: int) -> tuple[bytes, int]:
    """The beginning of a compressed element, and how long it is when it is expanded; counted up to a limit."""
    expand, total, pending, begin = zlib.decompressobj(), 0, b"", b""
    while (length or pending) and not expand.eof and total <= 2 * MAX_WHOLE_BYTES:
        block = pending or file.read(min(length, MIB))
        if not pending:
            length -= len(block)
        if not block:
            break
        part = expand.decompress(block, 4 * MIB)
        begin += part[: max(0, _BEGINNING + 8 - len(begin))]
        total += len(part)
        pending = expand.unconsumed_tail
    return begin, total


def _name_of(content: bytes, size: int, order: str) -> str | None:
    """The name of a matrix of ``size`` bytes, by its beginning; None unless it is a sound array of real numbers."""
    at, parts = 0, []
    for _ in range(3):
        kind, begin, length, at = _element(content, at, order)
        parts.append((kind, content[begin : begin + length]))
    (flagged, flags), (integers, sides), (_, name) = parts
    if flagged != _FLAGS or len(flags) != 8 or integers != _INTEGERS or len(sides) % 4 or len(sides) < 8:
        return None
    (word,) = struct.unpack(order + "I", flags[:4])
    shape = struct.unpack(f"{order}{len(sides) // 4}i", sides)
    if word & 0xFF not in _NUMERIC or word & _COMPLEX or min(shape) < 0:
        return None
    kind, begin, length, _ = _element(content, at, order)
    whole = kind in _SIZES and length == math.prod(shape) * _SIZES[kind] and begin + length <= size
    return name.decode("latin-1") if whole else None


def _element(content: bytes, at: int, order: str) -> tuple[int, int, int, int]:
    """Type, begin and length of an element, and where the next one is. Raises struct.error at the end."""
    (first,) = struct.unpack_from(order + "I", content, at)
    if first >> 16:  # of at most four bytes, which are in its tag
        return first & 0xFFFF, at + 4, first >> 16, at + 8
    (length,) = struct.unpack_from(order + "I", content, at + 4)
    return first, at + 8, length, at + 8 + -(-length // 8) * 8
