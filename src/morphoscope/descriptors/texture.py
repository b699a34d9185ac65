"""Texture: numbers that compare patterns by what they look like, finer than the named descriptors.

They are for comparing runs of one ensemble, as charts do. All are the same for shifted, reflected and rotated patterns
(by right angles), and none needs a label or a network.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError

Floats = NDArray[np.float64]
#: Ends of the spectrum's bands, in waves per 128 cells.
_BANDS = (0.5, 1.5, 2.5, 4.0, 6.0, 8.0, 10.5, 13.5, 17.0, 21.0, 27.0, 40.0)
_WINDOW = 16  # cells, of local means and variances
_LEVELS = (0.2, 0.35, 0.5, 0.65, 0.8)  # of the range between the 3 and 97 % quantiles
_SCALES = (3.0, 6.0)  # cells, over which directions are averaged
_QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
_TINY = 1e-12


def texture(frames: NDArray[np.floating]) -> dict[str, float]:
    """The texture of one run.

    Parameters
    ----------
    frames
        Snapshots of one species, (time, y, x), the last one last. The grid is taken as periodic; in one dimension it
        has one row. The last frame must not be homogeneous.

    Returns
    -------
    dict
        Numbers by name, always the same names for the same number of frames: distribution of the values (skewness,
        kurtosis, quantiles in units of the standard deviation σ), shares of power in bands of wavenumbers, local
        variance and movement over windows of 16 cells, area, perimeter and Euler characteristic above five levels
        (Minkowski functionals), coherence of directions, curvatures.

    Raises
    ------
    UsageError
        For arrays of another shape, and for a homogeneous last frame.

    Notes
    -----
    Sources: Mecke, Phys. Rev. E 53, 4794 (1996) for Minkowski functionals of patterns; Bigün and Granlund, Proc. ICCV
    (1987) for the structure tensor whose eigenvalues give the coherence.
    """
    run: Floats = np.asarray(frames, dtype=np.float64)
    if run.ndim != 3 or not run.size:
        raise UsageError(f"frames have shape {run.shape}; expected (time, y, x)")
    last = run[-1]
    spread = float(last.std())
    if spread == 0:
        raise UsageError("the last frame is homogeneous; it has no texture")
    return {
        **_distribution(last, spread),
        **_bands(last),
        **_local(last, spread),
        **(_movement(run, spread) if len(run) > 1 else {}),
        **_levels(last),
        **_directions(last),
    }


def _quantiles(name: str, values: Floats, shares: tuple[float, ...]) -> dict[str, float]:
    found = np.quantile(values, shares)
    return {f"{name}_{100 * share:g}": float(value) for share, value in zip(shares, found, strict=True)}


def _cubes(values: Floats) -> float:
    """The mean of the third powers; products are several times as fast as powers."""
    return float(np.mean(values * values * values))


def _smoothed(fields: Floats, scales: tuple[float, ...]) -> list[Floats]:
    """Periodic fields (…, y, x) under Gaussians of some standard deviations, cut off at four of them."""
    from scipy import fft

    rows, columns = shape = fields.shape[-2:]
    waves = fft.rfft2(fields)
    return [
        np.asarray(
            fft.irfft2(waves * _transfer(rows, scale)[:, None] * _transfer(columns, scale)[: waves.shape[-1]], s=shape)
        )
        for scale in scales
    ]


@functools.lru_cache(64)
def _transfer(cells: int, scale: float) -> Floats:
    """The factor of each wave of an axis under a Gaussian that is cut off at four standard deviations, (cells,)."""
    steps = np.arange(int(4 * scale + 0.5) + 1)
    weights = np.exp(-0.5 * (steps / scale) ** 2)
    weights[1:] *= 2  # on both sides
    turns = np.outer(np.arange(cells), steps) % cells / cells
    return np.asarray(np.cos(2 * np.pi * turns) @ (weights / weights.sum()))


def _distribution(last: Floats, spread: float) -> dict[str, float]:
    standard = (last - last.mean()) / spread
    return {
        "skewness": _cubes(standard),
        "log_kurtosis": float(np.log(np.mean((standard * standard) ** 2))),
        **_quantiles("standard", standard, _QUANTILES),
        **_quantiles("value", last, (0.05, 0.5, 0.95)),
    }


def _bands(last: Floats) -> dict[str, float]:
    power = np.abs(np.fft.fft2(last - last.mean())) ** 2
    waves = [128 * np.fft.fftfreq(cells) for cells in last.shape]
    number = np.hypot(waves[0][:, None], waves[1][None, :])
    band = np.digitize(number.ravel(), _BANDS)
    shares = np.bincount(band, weights=power.ravel(), minlength=len(_BANDS) + 1) / power.sum()
    return {f"band_{i}": float(np.sqrt(shares[i])) for i in range(1, len(_BANDS))}


def _local(last: Floats, spread: float) -> dict[str, float]:
    from scipy import ndimage

    mean = ndimage.uniform_filter(last, _WINDOW, mode="wrap")
    square = ndimage.uniform_filter(last**2, _WINDOW, mode="wrap")
    local = np.sqrt(np.maximum(square - mean**2, 0.0)) / spread
    return {**_quantiles("local_spread", local, (0.02, 0.1, 0.25, 0.5, 0.9)), "mean_spread": float(mean.std() / spread)}


def _movement(frames: Floats, spread: float) -> dict[str, float]:
    from scipy import ndimage

    change = frames[-1] - frames[-2]
    moved, longer = np.abs(change) / spread, np.abs(frames[-1] - frames[0]) / spread
    local = ndimage.uniform_filter(moved, _WINDOW, mode="wrap")
    logs = np.log10(local + 1e-6)
    mean = float(np.log10(moved.mean() + 1e-6))
    return {
        "movement": mean,
        **_quantiles("movement", logs, (0.02, 0.25, 0.5, 0.75, 0.98)),
        "movement_growth": float(np.log10(longer.mean() + 1e-6)) - mean,
        "movement_skewness": _cubes(change) / float(np.mean(change**2) + 1e-20) ** 1.5,
    }


def _levels(last: Floats) -> dict[str, float]:
    low, high = np.quantile(last, (0.03, 0.97))
    found = {}
    for level in _LEVELS:
        above = last > low + level * (high - low)
        down, right = above & np.roll(above, -1, 0), above & np.roll(above, -1, 1)
        squares = down & np.roll(down, -1, 1)
        euler = int(above.sum()) - int(down.sum()) - int(right.sum()) + int(squares.sum())
        border = (above != np.roll(above, -1, 0)).sum() + (above != np.roll(above, -1, 1)).sum()
        found[f"area_{level:g}"] = float(above.mean())
        found[f"perimeter_{level:g}"] = float(border / above.size)
        found[f"euler_{level:g}"] = float(np.arcsinh(euler / 3))
    return found


def _directions(last: Floats) -> dict[str, float]:
    """Coherence of the gradient's directions, high in stripes, low in spots; and curvatures, which tell spots."""
    across = (np.roll(last, -1, 1) - np.roll(last, 1, 1)) / 2
    down = (np.roll(last, -1, 0) - np.roll(last, 1, 0)) / 2
    found = {}
    products = np.stack([across * across, down * down, across * down])
    for scale, (xx, yy, xy) in zip(_SCALES, _smoothed(products, _SCALES), strict=True):
        strength = xx + yy
        coherence = np.sqrt((xx - yy) ** 2 + 4 * xy**2) / (strength + _TINY)
        found[f"coherence_{scale:g}"] = float((coherence * strength).sum() / (strength.sum() + _TINY))
        found[f"mean_coherence_{scale:g}"] = float(coherence.mean())
    smooth = _smoothed(last, (1.5,))[0]
    xx = np.roll(smooth, 1, 1) + np.roll(smooth, -1, 1) - 2 * smooth
    yy = np.roll(smooth, 1, 0) + np.roll(smooth, -1, 0) - 2 * smooth
    xy = (np.roll(smooth, (1, 1), (0, 1)) + np.roll(smooth, (-1, -1), (0, 1))) / 4
    xy -= (np.roll(smooth, (1, -1), (0, 1)) + np.roll(smooth, (-1, 1), (0, 1))) / 4
    trace, determinant = xx + yy, xx * yy - xy**2
    scale = float(np.sqrt((trace**2).mean())) + _TINY
    round_ones = determinant > 0.05 * scale**2
    return {
        **found,
        "trace_skewness": _cubes(trace) / scale**3,
        "determinant": float(determinant.mean() / scale**2),
        **_quantiles("trace", trace / scale, (0.02, 0.1, 0.9, 0.98)),
        "round": float(round_ones.mean()),
        "round_maxima": float((round_ones & (trace < 0)).mean()),
    }
