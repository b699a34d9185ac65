"""Colour scales: which values a picture draws as its darkest and its brightest colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: A picture whose values differ by no more than this share of the largest magnitude is drawn uniform. Rounding in
#: float32 leaves differences of up to 4e-4 near a Turing line, see descriptors/spectrum.py.
SMALLEST_CONTRAST = 1e-3
_OUTLYING = 1.0  # per cent of the runs at either end whose extremes do not stretch the scale of all
_FEWEST_TICKS = 3

Range = tuple[float, float]


def colour_range(values: ArrayLike, *, shown: Range | None = None, magnitude: float = 0.0) -> Range:
    """The range of colours for one run: from its smallest to its largest value.

    Parameters
    ----------
    values
        Numbers of any shape; those that are not finite do not count.
    shown
        A range that is always included, as a model states it for its species.
    magnitude
        Size of typical values, where it is known from elsewhere, for example from the initial state. A field that
        decayed to 1e-10 is drawn uniform only if something tells that 1e-10 is small.

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
    >>> low, high = colour_range([0.379994, 0.380003])  # uniform but for rounding
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

    One per cent of the runs at either end do not stretch it, so that a single run that went astray does not make all
    others look uniform.

    Parameters
    ----------
    lowest, highest
        Smallest and largest value of each run; those that are not finite do not count.
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
    """
    low, high = (np.asarray(v, dtype=np.float64).ravel() for v in (lowest, highest))
    low, high = low[np.isfinite(low)], high[np.isfinite(high)]
    if not low.size or not high.size:
        return shown or (0.0, 1.0)
    ends = float(np.percentile(low, _OUTLYING)), float(np.percentile(high, 100 - _OUTLYING))
    return _with_contrast(*_including(*ends, shown), magnitude)


def range_of_runs(frames: NDArray[np.floating], *, shown: Range | None = None, magnitude: float = 0.0) -> Range:
    """:func:`shared_range` of the frames of many runs, (run, frames, y, x)."""
    ends = (frames.min(axis=(1, 2, 3)), frames.max(axis=(1, 2, 3))) if frames.size else ((), ())
    return shared_range(*ends, shown=shown, magnitude=magnitude)


def _including(low: float, high: float, shown: Range | None) -> Range:
    return (low, high) if shown is None else (min(low, shown[0]), max(high, shown[1]))


def _with_contrast(low: float, high: float, magnitude: float) -> Range:
    """The range itself, or around its middle one as wide as the values are large if they hardly differ."""
    size = max(abs(low), abs(high), magnitude)
    if high - low > SMALLEST_CONTRAST * size:
        return low, high
    middle, half = (low + high) / 2, size / 2 or 0.5
    # The middle is grey level 127 of 255, not 127.5, where rounding would make two levels of one value.
    return middle - half * 254 / 255, middle + half * 256 / 255


def scaled(values: NDArray[np.floating], ends: Range) -> NDArray[np.float32]:
    """Values as shares of a range, 0 … 1; what lies beyond it is cut off."""
    low, high = ends
    share = (np.asarray(values, dtype=np.float64) - low) / (high - low)
    return np.clip(share, 0.0, 1.0).astype(np.float32)


def ticks(low: float, high: float, *, logarithmic: bool = False) -> list[float]:
    """Round numbers for a colour bar from ``low`` to ``high``: three or more.

    On a logarithmic scale 1, 2 and 5 times powers of ten, where there are enough of them in the range.

    Examples
    --------
    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> ticks(1.0, 40.0, logarithmic=True)
    [1.0, 2.0, 5.0, 10.0, 20.0]
    """
    from matplotlib.ticker import LogLocator, MaxNLocator

    linear = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10], min_n_ticks=_FEWEST_TICKS)
    choices: list[LogLocator | MaxNLocator] = [linear]
    if logarithmic:
        choices[:0] = [LogLocator(subs=(1,), numticks=8), LogLocator(subs=(1, 2, 5), numticks=8)]
        if high / low < 1e3:
            choices = choices[1:]
    for locator in choices:
        found = [float(f"{v:.12g}") for v in locator.tick_values(low, high) if _inside(v, low, high)]
        if len(found) >= _FEWEST_TICKS:
            return found
    return [float(v) for v in np.linspace(low, high, _FEWEST_TICKS)]


def _inside(value: float, low: float, high: float) -> bool:
    margin = 1e-9 * (high - low)
    return low - margin <= value <= high + margin
