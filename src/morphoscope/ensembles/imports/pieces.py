"""The runs of an array that is stored in pieces, each of which may belong to many runs and is decompressed whole."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.outside_files import MIB

#: Of the neighbours of a run that are read with it, since they are stored in the same pieces.
_MAX_BLOCK_BYTES = 128 * MIB
#: Of pieces that are read at once, unless one is larger: Zarr decompresses ten at a time.
_MAX_PART_BYTES = 64 * MIB


class Blocks:
    """The runs of an array. Those that are stored in the same pieces are read together, as far as memory allows.

    Parameters
    ----------
    array
        Anything with ``shape``, ``dtype`` and ``array[index]``, and ``chunks`` if it is stored in pieces.
    axes
        What its axes are.
    component
        The position along the axis of fields, if it has one.
    taken
        The frames that are taken.
    """

    def __init__(self, array: Any, axes: Sequence[str], component: int | None, taken: range) -> None:
        self._array, self._axes = array, axes
        self._place = {"field": component, "time": slice(taken.start, taken.stop, taken.step)}
        sides = dict(zip(axes, array.shape, strict=True))
        self._runs = sides.get("run", 1)
        self._bytes = array.dtype.itemsize * len(taken) * sides["y"] * sides["x"]
        pieces = getattr(array, "chunks", None)
        self._together = int(dict(zip(axes, pieces, strict=True)).get("run", 1)) if pieces else 1
        self._first = 0
        self._block: NDArray[Any] | None = None

    def read(self, run: int, fields: int) -> NDArray[Any]:
        """The run without the axes of runs and fields; ``fields`` share the memory."""
        count = max(1, min(self._together, _MAX_BLOCK_BYTES // max(1, self._bytes * fields)))
        if count == 1 or "run" not in self._axes:
            return read_in_parts(self._array, self._index(run))
        if self._block is None or not self._first <= run < self._first + count:
            self._block = None  # before the next one is there
            self._first = run // count * count
            block = slice(self._first, min(self._first + count, self._runs))
            self._block = read_in_parts(self._array, self._index(block))
        kept = [axis for axis in self._axes if axis != "field"]
        return self._block.take(run - self._first, axis=kept.index("run"))

    def _index(self, run: int | slice) -> tuple[Any, ...]:
        place = {"run": run, **self._place}
        return tuple(place.get(axis, slice(None)) for axis in self._axes)


def read_in_parts(array: Any, index: tuple[int | slice, ...]) -> NDArray[Any]:
    """The part of an array at an index of integers and ascending slices, read from a few pieces at a time."""
    pieces = getattr(array, "chunks", None)
    if not pieces:
        return np.asarray(array[index])
    part = [int(side) for side in pieces]
    for axis in reversed(range(len(part))):
        count = max(1, _MAX_PART_BYTES // max(1, math.prod(part) * array.dtype.itemsize))
        part[axis] = min(part[axis] * count, max(1, array.shape[axis]))
    split = [_split(*each) for each in zip(index, array.shape, part, strict=True)]
    if all(len(axis) == 1 for axis in split):
        return np.asarray(array[index])
    lengths = [len(range(side)[one]) for one, side in zip(index, array.shape, strict=True) if isinstance(one, slice)]
    found = np.empty(lengths, array.dtype)
    for places in itertools.product(*split):
        target = tuple(to for _, to in places if to is not None)
        found[target] = array[tuple(place for place, _ in places)]
    return found


def _split(index: int | slice, side: int, part: int) -> list[tuple[int | slice, slice | None]]:
    """An index along an axis, split where parts end, each with its place in what is found; None for an integer."""
    if not isinstance(index, slice):
        return [(index, None)]
    places, found = range(side)[index], list[tuple[int | slice, slice | None]]()
    for _, group in itertools.groupby(range(len(places)), lambda number: places[number] // part):
        first, *others = group
        last = others[-1] if others else first
        found.append((slice(places[first], places[last] + 1, places.step), slice(first, last + 1)))
    return found
