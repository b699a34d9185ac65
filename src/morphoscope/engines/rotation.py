"""Rotated masks of squares, with the bits of ``scipy.ndimage.rotate``, but computed only where they are not zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines.start_parts import periodic_slice

Place = tuple[int, int]  # row, column
_REACH = 3  # cells from where the cubic spline is evaluated to the farthest that it reads, and one for safety


def periodic_square(corner: Place, side: int, shape: Place) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The index of a square in a field whose edges are joined."""
    rows, columns = (periodic_slice(start, side, size) for start, size in zip(corner, shape, strict=True))
    return rows[:, None], columns


def turned_squares(
    masks: NDArray[np.float64], squares: Sequence[Sequence[Place]], side: int, angle: float
) -> NDArray[np.float64]:
    """Masks rotated around the centre of a periodic grid, by a cubic spline without prefilter.

    Parameters
    ----------
    masks
        (masks, height, width), zero outside their squares.
    squares
        For each mask the corners of squares that contain all that is not zero.
    side
        The side of the squares, in cells.
    angle
        In degrees.

    Returns
    -------
    array
        (masks, height, width), equal to ``ndimage.rotate(mask, angle, reshape=False, order=3, mode="grid-wrap",
        prefilter=False)`` of each mask.
    """
    from scipy import ndimage

    shape = (masks.shape[1], masks.shape[2])
    places = _read_at(shape, angle)
    rows, columns = (np.floor(p).astype(np.intp) % size for p, size in zip(places, shape, strict=True))
    turned = np.zeros_like(masks)
    for mask, corners, result in zip(masks, squares, turned, strict=True):
        near = np.zeros(shape, dtype=bool)
        for row, column in corners:
            near[periodic_square((row - _REACH, column - _REACH), min(side + 2 * _REACH, *shape), shape)] = True
        here = near[rows, columns]
        result[here] = ndimage.map_coordinates(mask, places[:, here], order=3, mode="grid-wrap", prefilter=False)
    return turned


def _read_at(shape: tuple[int, int], angle: float) -> NDArray[np.float64]:
    """Where each cell of a rotated field reads the original one: (2, height, width), in the order of SciPy's sums."""
    from scipy import special

    cosine, sine = special.cosdg(angle), special.sindg(angle)
    matrix = np.array([[cosine, sine], [-sine, cosine]])
    centre = (np.array(shape) - 1) / 2
    offset = centre - matrix @ centre
    row, column = np.arange(shape[0], dtype=float)[:, None], np.arange(shape[1], dtype=float)
    return np.stack([offset[i] + row * matrix[i, 0] + column * matrix[i, 1] for i in (0, 1)])
