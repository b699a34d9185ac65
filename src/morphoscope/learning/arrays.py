"""Conversion of arrays of any accepted shape and type to the frames that a classifier reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.learning.classifier import Input

_FACTOR = 10.0  # values may exceed the concentrations of the model's initial states by this factor

Frames = NDArray[np.float32]
Notes = tuple[str, ...]


def concentrations(array: NDArray[Any], name: str, largest: float = 1.0) -> tuple[Frames, Notes]:
    """Numbers as concentrations, with notes on the conversion.

    Integers of 8 and 16 bits are grey levels: their largest value is concentration 1. ``largest``: a concentration that
    the model reaches. Raises UsageError for NaN and infinite numbers, and for values far above ``largest``.
    """
    if array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        white = np.iinfo(array.dtype).max
        return array.astype(np.float32) / np.float32(white), (f"{name}: grey level {white} is read as concentration 1",)
    if array.dtype.kind not in "fui":
        raise UsageError(f"{name} contains values of type {array.dtype}; expected numbers")
    values = array.astype(np.float32)
    if not np.isfinite(values).all():
        count = int(values.size - np.isfinite(values).sum())
        raise UsageError(f"{name} contains {count} numbers that are NaN or infinite; expected finite concentrations")
    reached = float(np.abs(values).max()) if values.size else 0.0
    if reached > _FACTOR * largest:
        raise UsageError(
            f"{name} contains values up to {reached:g}; expected concentrations of about 0 to {largest:g}; scale them, "
            "or give grey levels as 8-bit integers"
        )
    return values, ()


def as_frames(array: NDArray[Any], expected: Input, name: str) -> tuple[NDArray[Any], Notes]:
    """An array (y, x), (frames, y, x) or (n, frames, y, x) as (n, frames, y, x), with notes.

    A single frame is a pattern that does not change, and is repeated. Raises UsageError for other shapes and for
    colours.
    """
    count = expected.frames
    array = without_colours(array, name) if array.ndim == 3 else array
    if array.ndim == 2:
        array = array[None]
    if array.ndim == 3:
        array = array[None]
    if array.ndim != 4 or array.shape[1] not in {1, count} or 0 in array.shape:
        raise UsageError(
            f"{name} has shape {array.shape}; expected (y, x), (frames, y, x) or (n, frames, y, x), with "
            f"{count} frames, {expected.spaced()}, or one"
        )
    if array.shape[1] == count:
        return array, ()
    return np.repeat(array, count, axis=1), (f"{name}: one frame is read as a pattern that does not change",)


def without_colours(array: NDArray[Any], name: str) -> NDArray[Any]:
    """One channel of a grey picture with colour channels (y, x, 3 or 4); other arrays are not changed.

    Raises UsageError for a picture with colours, since the colours of a photograph are not frames.
    """
    if array.shape[2] not in {3, 4} or min(array.shape[:2]) <= 4:
        return array
    red, green, blue = (array[..., channel] for channel in range(3))
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return red
    raise UsageError(
        f"{name} is a colour picture, {array.shape[1]}x{array.shape[0]}, but colours are not concentrations; convert "
        f"it to grey or, if its colours are frames, give the array as (frames, y, x)"
    )
