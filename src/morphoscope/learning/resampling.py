"""Fields at another cell size: trigonometric interpolation, cut into windows of a fixed size."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray


def resampled(
    frames: NDArray[np.float32], step: float, shape: tuple[int, int], periodic: tuple[bool, bool] = (True, True)
) -> NDArray[np.float32]:
    """Windows of a field at another cell size.

    Parameters
    ----------
    frames
        (…, y, x).
    step
        The side of a new cell in old cells; the same along both axes, so that shapes are preserved.
    shape
        (height, width) of a window in new cells.
    periodic
        Whether the field is periodic along y and along x. Along other axes it is mirrored at its edges, as at a
        boundary without flux.

    Returns
    -------
    NDArray
        (windows, …, height, width): the smallest number of windows that cover the field, evenly spaced from edge to
        edge. A field that is smaller than a window is repeated (or mirrored).

    Notes
    -----
    The trigonometric polynomial through the centres of the cells is evaluated at the new centres. Waves that the new
    cells can't resolve are left out.

    Examples
    --------
    >>> x = np.arange(12)
    >>> wave = np.broadcast_to(np.cos(2 * np.pi * x / 12), (1, 12, 12)).astype(np.float32)
    >>> resampled(wave, 0.5, (24, 24)).shape
    (1, 1, 24, 24)
    >>> resampled(wave, 0.5, (16, 24)).shape
    (2, 1, 16, 24)
    """
    (rows, columns), (height, width) = frames.shape[-2:], shape
    vertical = [_matrix(rows, step, start, height, periodic[0]) for start in starts(rows / step, height)]
    horizontal = [_matrix(columns, step, start, width, periodic[1]) for start in starts(columns / step, width)]
    windows = [down @ (frames @ across.T) for down in vertical for across in horizontal]
    return np.ascontiguousarray(np.stack(windows), dtype=np.float32)


def starts(length: float, window: int) -> list[float]:
    """The starts of the windows that cover an axis of ``length``."""
    count = max(1, math.ceil(round(length / window, 9)))
    return [float(s) for s in np.linspace(0, max(length - window, 0), count)]


@functools.lru_cache(maxsize=64)
def _matrix(cells: int, step: float, start: float, count: int, periodic: bool) -> NDArray[np.float32]:
    """The interpolation matrix from ``cells`` values to ``count`` new cells from ``start`` on, (count, cells)."""
    period = cells if periodic else 2 * cells
    places = (start + np.arange(count) + 0.5) * step - 0.5
    highest = min(period // 2, int(period / (2 * step)))
    wave = np.arange(-highest, highest + 1)
    weight = np.ones(len(wave))
    if 2 * highest == period:  # the highest and the lowest wavenumber are the same wave
        weight[[0, -1]] = 0.5
    phase = 2 * np.pi * (places[:, None] - np.arange(period)) / period  # (count, period)
    # Σ_q w_q cos(q phase), one wave at a time, since an array over all three indices would be large.
    matrix = np.zeros_like(phase)
    for q, w in zip(wave, weight, strict=True):
        matrix += w * np.cos(q * phase)
    matrix /= period
    if not periodic:  # the cell outside the edge is the mirror image of the cell inside it
        matrix = matrix[:, :cells] + matrix[:, : cells - 1 : -1]
    return matrix.astype(np.float32)
