"""The wavelength of a pattern in a raw picture, under uneven light and with noise: an estimate for filters."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_FEWEST_WAVES = 2.5  # along the longer side; slower variation is taken for light
_UNLIKELY = 8.0  # standard deviations of the mean power of noise in a ring, as if its waves were independent
_NOISE_FROM = 0.35  # cycles per cell, from which on the spectrum is taken for noise


def smooth_surface(field: NDArray[np.floating], degree: int = 2) -> Floats:
    """The polynomial of a degree in x and y that is nearest to a field (y, x), by least squares."""
    values = np.asarray(field, dtype=np.float64)
    rows, columns = (_polynomials(n, degree) for n in values.shape)
    weights = rows.T @ values @ columns  # products of orthonormal polynomials are orthonormal on the grid
    weights[np.add.outer(np.arange(degree + 1), np.arange(degree + 1)) > degree] = 0
    return np.asarray(rows @ weights @ columns.T)


def _polynomials(count: int, degree: int) -> Floats:
    """Orthonormal polynomials of the degrees 0 to ``degree`` on ``count`` cells, (count, degree + 1)."""
    return np.asarray(np.linalg.qr(np.polynomial.legendre.legvander(np.linspace(-1, 1, count), degree))[0])


def coarse_wavelength(field: NDArray[np.floating], periodic: bool = False) -> float:
    """The wavelength of the strongest structure that is no uneven light, in cells; NaN if there is none.

    The highest local maximum of the power in rings of wavenumber, without the mean power of the noise, which is seen at
    the highest wavenumbers, and without rings that noise explains. Unless the field is ``periodic``, a quadratic
    surface is subtracted before, and a maximum needs 2.5 waves along the longer side: uneven light falls off from
    the smallest wavenumber on, and so has no such maximum.
    """
    values = np.asarray(field, dtype=np.float64)
    if periodic:
        values = values - values.mean()
    else:
        values = values - smooth_surface(values)
        window = np.outer(*(np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2 for n in values.shape))
        values = (values - np.sum(window * values) / window.sum()) * window
    power = np.abs(np.fft.rfft2(values)) ** 2
    number = np.hypot(np.fft.fftfreq(values.shape[0])[:, None], np.fft.rfftfreq(values.shape[1])[None, :])
    longest = max(values.shape)
    ring = np.round(number * longest).astype(np.intp).ravel()
    count = np.bincount(ring)
    density = np.bincount(ring, weights=power.ravel()) / np.maximum(count, 1)
    highest = longest // 2
    noise = float(np.median(density[max(2, math.floor(_NOISE_FROM * longest)) : highest + 1]))
    seen = density > noise * (1 + _UNLIKELY / np.sqrt(np.maximum(count, 1)))
    rings = np.convolve(np.where(seen, density - noise, 0) * count, [0.25, 0.5, 0.25], mode="same")[: highest + 1]
    first = 1 if periodic else math.ceil(_FEWEST_WAVES)
    peaks = [k for k in range(first, highest) if rings[k] > 0 and rings[k] >= max(rings[k - 1], rings[k + 1])]
    if not peaks or power.sum() <= 0:
        return math.nan
    best = max(peaks, key=lambda k: rings[k])
    near = slice(best - 1, best + 2)
    return longest / float(np.average(np.arange(best - 1, best + 2), weights=rings[near]))
