"""Colour scales: the values that a picture draws as its darkest and its brightest colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: A picture whose values differ by at most this fraction of the largest magnitude is drawn uniform. Rounding in float32
#: leaves differences of up to 4e-4 near a Turing line, see descriptors/spectrum.py.
SMALLEST_CONTRAST = 1e-3
_OUTLYING = 1.0  # per cent of the runs at either end whose extremes do not widen the common scale
_RARE = 10.0  # per cent of the runs at either end whose extremes widen it by a share of its width only
_WIDENED = 0.25
_MIN_TICKS = 3

Range = tuple[float, float]


def colour_range(values: ArrayLike, *, shown: Range | None = None, magnitude: float = 0.0) -> Range:
    """The range of colours for one run: from its smallest to its largest value.

    Parameters
    ----------
    values
        An array of any shape; values that are not finite do not count.
    shown
        A range that is always included, such as the ``shown`` range of a model.
    magnitude
        Typical magnitude of values, if it is known, for example from the initial state. Without it, a field that has
        decayed to 1e-10 can't be recognized as small and is not drawn uniform.

    Returns
    -------
    tuple of float
        Values drawn as the first and the last colour, the first below the second.

    Examples
    --------
    >>> colour_range([0.2, 0.7])
    (0.2, 0.7)
    >>> colour_range([0.2, 0.7], shown=(0.0, 0.5))
    (0.0, 0.7)
    >>> low, high = colour_range([0.379994, 0.380003])  # uniform except for rounding
    >>> round(low, 2), round(high, 2)
    (0.19, 0.57)
    """
    finite = np.asarray(values, dtype=np.float64).ravel()
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return shown or (0.0, 1.0)
    return _with_contrast(*_including(float(finite.min()), float(finite.max()), shown), magnitude)


def shared_range(lowest: ArrayLike, highest: ArrayLike, *, shown: Range | None = None, magnitude: float = 0.0) -> Range:
    """One range of colours for many runs, from the smallest and the largest value of each.

    One per cent of the runs at either end do not widen it, and a tenth of them by a quarter of its width at most, so
    that one run with extreme values does not make all others dark. Values beyond are drawn as its ends. Runs with a
    pattern count by themselves, too, since a few of them may be among many uniform ones.

    Parameters
    ----------
    lowest, highest
        Smallest and largest value of each run; values that are not finite do not count.
    shown, magnitude
        As in :func:`colour_range`.

    Returns
    -------
    tuple of float
        Values drawn as the first and the last colour, the first below the second.

    Examples
    --------
    >>> shared_range([0.0, 0.1, 0.2], [0.5, 1.0, 0.3], shown=(0.0, 2.0))
    (0.0, 2.0)
    >>> shared_range([0.0] * 12, [1.0] * 11 + [10.0])
    (0.0, 1.25)
    """
    low, high = (np.asarray(v, dtype=np.float64).ravel() for v in (lowest, highest))
    known = np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return shown or (0.0, 1.0)
    return _with_contrast(*_including(*_without_outliers(low[known], high[known], magnitude), shown), magnitude)


def _without_outliers(low: NDArray[np.float64], high: NDArray[np.float64], magnitude: float) -> Range:
    """The common range of runs with these extremes, see :func:`shared_range`."""
    patterned = high - low > SMALLEST_CONTRAST * np.maximum(np.maximum(abs(low), abs(high)), magnitude)
    groups = [group for group in (np.ones_like(patterned), patterned) if group.any()]
    first = min(float(np.percentile(low[group], _RARE)) for group in groups)
    last = max(float(np.percentile(high[group], 100 - _RARE)) for group in groups)
    more = _WIDENED * (last - first)
    outer = float(np.percentile(low, _OUTLYING)), float(np.percentile(high, 100 - _OUTLYING))
    return max(outer[0], first - more), min(outer[1], last + more)


def range_of_runs(frames: NDArray[np.floating], *, shown: Range | None = None, magnitude: float = 0.0) -> Range:
    """:func:`shared_range` of the frames of many runs, (run, frames, y, x)."""
    ends = (frames.min(axis=(1, 2, 3)), frames.max(axis=(1, 2, 3))) if frames.size else ((), ())
    return shared_range(*ends, shown=shown, magnitude=magnitude)


def _including(low: float, high: float, shown: Range | None) -> Range:
    return (low, high) if shown is None else (min(low, shown[0]), max(high, shown[1]))


def _with_contrast(low: float, high: float, magnitude: float) -> Range:
    """The range itself; if it is too narrow, one around its middle that is as wide as the values are large."""
    size = max(abs(low), abs(high), magnitude)
    if high - low > SMALLEST_CONTRAST * size:
        return low, high
    middle, half = (low + high) / 2, size / 2 or 0.5
    # The middle is grey level 127 of 255. At 127.5, rounding would give one value two levels.
    return middle - half * 254 / 255, middle + half * 256 / 255


def scaled(values: NDArray[np.floating], ends: Range) -> NDArray[np.float32]:
    """Values scaled from a range to 0 … 1; values outside it are clipped."""
    low, high = ends
    fraction = (np.asarray(values, dtype=np.float64) - low) / (high - low)
    return np.clip(fraction, 0.0, 1.0).astype(np.float32)


def ticks(low: float, high: float, *, logarithmic: bool = False) -> list[float]:
    """At least three round numbers for a colour bar from ``low`` to ``high``.

    On a logarithmic scale 1, 2 and 5 times powers of ten, if there are enough of them in the range.

    Examples
    --------
    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> ticks(1.0, 40.0, logarithmic=True)
    [1.0, 2.0, 5.0, 10.0, 20.0]
    """
    from matplotlib.ticker import LogLocator, MaxNLocator

    linear = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10], min_n_ticks=_MIN_TICKS)
    choices: list[LogLocator | MaxNLocator] = [linear]
    if logarithmic:
        choices[:0] = [LogLocator(subs=(1,), numticks=8), LogLocator(subs=(1, 2, 5), numticks=8)]
        if high / low < 1e3:
            choices = choices[1:]
    for locator in choices:
        found = [float(f"{v:.12g}") for v in locator.tick_values(low, high) if _inside(v, low, high)]
        if len(found) >= _MIN_TICKS:
            return found
    return [float(v) for v in np.linspace(low, high, _MIN_TICKS)]


def _inside(value: float, low: float, high: float) -> bool:
    margin = 1e-9 * (high - low)
    return low - margin <= value <= high + margin
