"""Region, rotation, square and resampling. Both axes are always scaled by the same factor.

Each function returns the new picture and the affine map from its cells to those of the old one, a 2 × 3 matrix with
(y, x)_old = M[:, :2] (y, x)_new + M[:, 2], where a cell's centre has whole numbers.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError

Floats = NDArray[np.float64]
IDENTITY: Floats = np.eye(2, 3)


def composed(outer: Floats, inner: Floats) -> Floats:
    """The map that applies ``inner`` first, then ``outer``."""
    return np.hstack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2:] + outer[:, 2:]])


def cut(field: Floats, left: int, top: int, width: int, height: int) -> tuple[Floats, Floats]:
    """A rectangle of a field. Raises UsageError if it reaches beyond the field."""
    if left + width > field.shape[1] or top + height > field.shape[0]:
        raise UsageError(
            f"the region {left},{top},{width},{height} reaches beyond the picture of {field.shape[1]}x{field.shape[0]} "
            "pixels; choose a smaller one",
            parameter="region",
        )
    shift = np.hstack([np.eye(2), [[top], [left]]])
    return field[top : top + height, left : left + width], shift


def middle_square(field: Floats, side: int | None = None) -> tuple[Floats, Floats]:
    """The largest square in the middle, or the one with a side."""
    side = side or min(field.shape)
    return cut(field, (field.shape[1] - side) // 2, (field.shape[0] - side) // 2, side, side)


def rotated(field: Floats, degrees: float) -> tuple[Floats, Floats]:
    """A field turned counter-clockwise about its middle, by cubic splines: the largest upright rectangle inside it."""
    from scipy import ndimage

    quarters = round(degrees / 90)
    turned = np.rot90(field, quarters)
    rest = math.radians(degrees - 90 * quarters)
    height, width = _inner(turned.shape, abs(rest))
    if min(height, width) < 2:
        raise UsageError(f"a picture of {field.shape[1]}x{field.shape[0]} pixels is too narrow to be rotated")
    turn = np.array([[math.cos(rest), math.sin(rest)], [-math.sin(rest), math.cos(rest)]])  # (y, x), y downwards
    centre = (np.array(turned.shape) - 1) / 2
    offset = centre - turn @ ((np.array([height, width]) - 1) / 2)
    back = composed(_quarter_turns(field.shape, quarters), np.hstack([turn, offset[:, None]]))
    if not rest:
        return turned, back
    return ndimage.affine_transform(turned, turn, offset, (height, width), order=3, mode="reflect"), back


def _inner(shape: tuple[int, ...], angle: float) -> tuple[int, int]:
    """Height and width of the largest upright rectangle inside a rectangle that is turned by up to 45 degrees."""
    height, width = shape
    sine, cosine = math.sin(angle), math.cos(angle)
    short, long = min(height, width), max(height, width)
    if short <= 2 * sine * cosine * long:  # two corners of the rectangle touch a long side
        half = short / 2
        inner = (half / cosine, half / sine) if height < width else (half / sine, half / cosine)
        found = (inner[0], inner[1]) if sine else (height, width)
    else:
        double = cosine**2 - sine**2
        found = ((height * cosine - width * sine) / double, (width * cosine - height * sine) / double)
    return math.floor(found[0] + 1e-9), math.floor(found[1] + 1e-9)


def _quarter_turns(shape: tuple[int, ...], quarters: int) -> Floats:
    """The map from the cells of ``np.rot90(field, quarters)`` to those of the field."""
    rows, columns = (n - 1 for n in shape)
    maps = (
        [[1, 0, 0], [0, 1, 0]],
        [[0, 1, 0], [-1, 0, columns]],
        [[-1, 0, rows], [0, -1, columns]],
        [[0, -1, rows], [1, 0, 0]],
    )
    return np.array(maps[quarters % 4], dtype=np.float64)


def resampled(field: Floats, cells: int) -> tuple[Floats, Floats]:
    """A field with ``cells`` along its longer side, by cubic splines, and a Gaussian first if cells become larger.

    The new cells are squares. If the shorter side is no multiple of them, less than one of them is cut off.
    """
    from scipy import ndimage

    factor = max(field.shape) / cells
    shape = tuple(max(1, math.floor(n / factor + 1e-9)) for n in field.shape)
    smooth = ndimage.gaussian_filter(field, (factor - 1) / 2, mode="reflect") if factor > 1 else field
    offset = np.full(2, (factor - 1) / 2)
    new = ndimage.affine_transform(smooth, np.full(2, factor), offset, shape, order=3, mode="reflect")
    return new, np.hstack([factor * np.eye(2), offset[:, None]])
