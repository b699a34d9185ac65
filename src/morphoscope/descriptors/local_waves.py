"""The wavelength of a pattern with its standard error, from the waves around the peak of its spectrum."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.coarse import coarse_wavelength
from morphoscope.descriptors.spectrum import PERIODIC, is_homogeneous

Floats = NDArray[np.float64]
#: The band of wavenumbers around the peak, as shares of it: nothing, all, all, nothing. The next wave of hexagons is at
#: √3, and that of stripes at 2.
BAND = (0.4, 0.55, 1.5, 1.7)
_NOISE_FROM = 0.35  # cycles per cell, from which on the spectrum is taken for noise
#: Median of the power of noise, of its mean: a transform is real between mirrors (χ² with 1 degree of freedom), and
#: complex along a periodic axis (2 degrees).
_MEDIAN = {False: 0.4549, True: math.log(2)}
_SMOOTH = (0.5, 0.75, 1.0, 1.5)  # wavelengths, over which the deviations are smoothed for the standard error
_FEWEST = 4.0  # independent areas in the smoothed deviations


@dataclasses.dataclass(frozen=True)
class Waves:
    """The waves of a pattern around the peak of its spectrum, in cells.

    Parameters
    ----------
    wavelength, error
        λ and its standard error.
    band
        The pattern without longer and shorter waves, (y, x).
    gradient
        Its derivatives along y and x.
    window
        Weights of the cells: 1 for periodic fields, and a Hann window along other axes.
    periodic
        Whether the grid is periodic along y and along x.
    """

    wavelength: float
    error: float
    band: Floats
    gradient: tuple[Floats, Floats]
    window: Floats
    periodic: tuple[bool, bool]


def waves_of(
    field: NDArray[np.floating], periodic: tuple[bool, bool] = PERIODIC, magnitude: float = 1.0
) -> Waves | None:
    """The waves of a field (y, x) around the peak of its spectrum; None if it is homogeneous or has no peak.

    The band b(x) of wavenumbers from 0.55 to 1.5 of the peak gives q² = ⟨w |∇b|²⟩ / ⟨w b²⟩, the mean of q² weighted by
    power, and λ = 2π/q. Derivatives are taken before the window w, so that the window does not broaden the peak. White
    noise in the band, as strong as at the highest wavenumbers, is subtracted. Along axes that are not periodic, b is
    made of the field and its mirror images.

    The standard error follows from how w (|∇b|² − q² b²), whose sum vanishes, varies from place to place: smoothed
    over s, its mean square times the area 4π s² is the variance of the sum. The largest result is taken for s from 0.5
    to 1.5 wavelengths that leave 4 independent areas or more.
    """
    values = np.asarray(field, dtype=np.float64)
    if is_homogeneous(values, magnitude) or min(values.shape) < 4:
        return None
    coarse = coarse_wavelength(values, all(periodic))
    if not math.isfinite(coarse):
        return None
    window = np.outer(*(np.ones(n) if whole else _hann(n) for n, whole in zip(values.shape, periodic, strict=True)))
    spectral = _Mirrored(values, periodic)
    peak = 1 / coarse  # cycles per cell
    for _ in range(3):
        band, gradient, noise = spectral.band(peak)
        slopes = gradient[0] ** 2 + gradient[1] ** 2
        power = float(np.mean(window * band**2)) - noise[0] * float(window.mean())
        steep = float(np.mean(window * slopes)) - noise[1] * float(window.mean())
        if power <= 0 or steep <= 0:
            return None
        found = math.sqrt(steep / power) / (2 * math.pi)
        if not 0.5 * peak < found < 2 * peak:
            return None
        peak = found
    squared = (2 * math.pi * peak) ** 2
    rest = window * (slopes - noise[1] - squared * (band**2 - noise[0]))
    relative = _relative_error(rest, power * squared, window, 1 / peak, periodic)
    return Waves(1 / peak, relative / peak, band, gradient, window, periodic)


def _hann(n: int) -> Floats:
    return np.asarray(np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2)


def _relative_error(
    rest: Floats, total: float, window: Floats, wavelength: float, periodic: tuple[bool, bool]
) -> float:
    """The standard error of λ / λ, half of that of q², from the deviations ``rest`` whose mean is 0."""
    from scipy import ndimage

    mode = ["wrap" if whole else "constant" for whole in periodic]
    area = window.sum() ** 2 / np.sum(window**2)  # cells
    largest = 0.0
    for share in _SMOOTH:
        width = share * wavelength
        spots = area / (4 * math.pi * width**2)
        if spots < _FEWEST and share > _SMOOTH[0]:
            break
        smooth = ndimage.gaussian_filter(rest, width, mode=mode)
        variance = float(np.mean(smooth**2)) * 4 * math.pi * width**2 / rest.size
        largest = max(largest, variance * (1 + 3 / max(spots, 1.0)))  # few areas: the variance itself is uncertain
    return math.sqrt(largest) / total / 2


class _Mirrored:
    """The transform of a field, which is continued by its mirror images along axes that are not periodic."""

    def __init__(self, values: Floats, periodic: tuple[bool, bool]) -> None:
        self.shape = values.shape
        pad = [(0, 0) if whole else (0, n) for n, whole in zip(values.shape, periodic, strict=True)]
        whole = np.pad(values - values.mean(), pad, mode="symmetric")
        self.full = whole.shape
        self.transform = np.fft.rfft2(whole)
        self.qy, self.qx = np.fft.fftfreq(whole.shape[0])[:, None], np.fft.rfftfreq(whole.shape[1])[None, :]
        self.number = np.hypot(self.qy, self.qx)
        self.weight = np.full(self.number.shape, 2.0)
        self.weight[:, 0] = 1.0
        high = np.abs(self.transform[self.number > _NOISE_FROM]) ** 2
        self.noise = float(np.median(high)) / _MEDIAN[any(periodic)] / whole.size**2

    def band(self, peak: float) -> tuple[Floats, tuple[Floats, Floats], tuple[float, float]]:
        """The field in the band around a wavenumber, its gradient, and what noise adds to their mean squares."""
        low, rise, fall, high = (share * peak for share in BAND)
        up = np.clip((self.number - low) / (rise - low), 0, 1)
        down = np.clip((high - self.number) / (high - fall), 0, 1)
        taper = np.sin(np.pi / 2 * up) ** 2 * np.sin(np.pi / 2 * down) ** 2
        part = self.transform * taper
        along = [2j * np.pi * q * part for q in (self.qy, self.qx)]
        fields = [np.fft.irfft2(each, s=self.full)[: self.shape[0], : self.shape[1]] for each in (part, *along)]
        squares = self.weight * taper**2 * self.noise
        noise = float(squares.sum()), float(np.sum(squares * (2 * np.pi * self.number) ** 2))
        return fields[0], (fields[1], fields[2]), noise
