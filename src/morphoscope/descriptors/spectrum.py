"""Power spectra of patterns: dominant wavelength, width, anisotropy."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
from numpy.typing import NDArray

PERIODIC = (True, True)
#: A field is homogeneous if its standard deviation is at most this fraction of its mean, or of the typical magnitude of
#: values. In float32, rounding stops the decay of a perturbation at about 6e-8/(rate dt) of the mean; 5e-5 was observed
#: next to a Turing line.
SMALLEST_SPREAD = 1e-4


@dataclasses.dataclass(frozen=True)
class Spectrum:
    """Moments of a power spectrum with wavenumbers q = 2π/λ, in units of ``spacing``; NaN for homogeneous fields."""

    wavelength: float
    wavenumber: float
    width: float
    anisotropy: float


def is_homogeneous(field: NDArray[np.floating], magnitude: float = 1.0) -> bool:
    """Whether a field is uniform except for rounding: its standard deviation ≤ 1e-4 max(|mean|, ``magnitude``).

    ``magnitude``: typical magnitude of the values, by which a field that has decayed to zero is judged.
    """
    return bool(np.std(field, dtype=np.float64) <= SMALLEST_SPREAD * max(magnitude, abs(float(np.mean(field)))))


def power_spectrum(field: NDArray[np.floating], magnitude: float = 1.0) -> NDArray[np.float64]:
    """P(q) = |F[c − ⟨c⟩](q)|² / N², zero wavenumber in the middle; the sum is the variance of ``field`` (y, x).

    All 0 for a homogeneous field (see :func:`is_homogeneous`), since the spectrum of rounding errors can look like that
    of a pattern.
    """
    if is_homogeneous(field, magnitude):
        return np.zeros(field.shape)
    values = np.asarray(field, dtype=np.float64)
    transform = np.fft.fftshift(np.fft.fft2(values - values.mean()))
    return np.abs(transform) ** 2 / values.size**2


def radial_spectrum(
    field: NDArray[np.floating], spacing: float = 1.0, magnitude: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The power in rings of wavenumber q = 2π/λ: (centres of the rings, 1/length; power in each).

    The width of a ring is the smallest wavenumber of the longer side; the last ring is at the largest wavenumber of the
    shorter side. All power is 0 for a homogeneous field.
    """
    power = power_spectrum(field, magnitude)
    axes = [2 * np.pi * np.fft.fftshift(np.fft.fftfreq(n, spacing)) for n in power.shape]
    wavenumber = np.hypot(axes[0][:, None], axes[1][None, :])
    longest, shortest = max(power.shape), min(n for n in power.shape if n > 1)
    width = 2 * np.pi / (longest * spacing)
    ring = np.round(wavenumber / width).astype(int)
    last = shortest // 2 * longest // shortest
    summed = np.bincount(ring.ravel(), weights=power.ravel())[1 : last + 1].astype(np.float64)
    return np.arange(1, len(summed) + 1) * width, summed


def dominant_wavelength(
    field: NDArray[np.floating],
    spacing: float = 1.0,
    periodic: tuple[bool, bool] = PERIODIC,
    magnitude: float = 1.0,
) -> float:
    """The wavelength at the peak of the spectrum, interpolated between rings; NaN for a homogeneous field (y, x)."""
    return spectrum(field, spacing, periodic, magnitude).wavelength


def spectrum(
    field: NDArray[np.floating],
    spacing: float = 1.0,
    periodic: tuple[bool, bool] = PERIODIC,
    magnitude: float = 1.0,
) -> Spectrum:
    """Dominant wavelength, mean and standard deviation of q = 2π/λ, anisotropy |Σ P e^{2iθ}| / Σ P of a field (y, x).

    The dominant wavelength belongs to the centre of power around the highest ring of the smoothed radial spectrum.
    Along an axis that is not ``periodic`` (y, x), a Hann window is applied first.
    """
    if is_homogeneous(field, magnitude):
        return Spectrum(math.nan, math.nan, math.nan, math.nan)
    waves = _waves(field.shape, periodic)
    values = np.asarray(field, dtype=np.float64)
    tapered = (values - np.sum(values * waves.window) / waves.window.sum()) * waves.window
    transform = np.fft.rfft2(tapered)
    power = (transform.real**2 + transform.imag**2).ravel()[waves.order] * waves.weight
    total = power.sum()
    mean = float(power @ waves.number / total)
    width = math.sqrt(max(0.0, float(power @ (waves.number - mean) ** 2 / total)))
    moment = math.hypot(float(power @ waves.cos2), float(power @ waves.sin2)) / float(total)
    peak = _peak(waves, power)
    cycles = 2 * math.pi / spacing  # wavenumber of one cycle per cell
    return Spectrum(spacing / peak, cycles * mean, cycles * width, min(1.0, moment))


@dataclasses.dataclass(frozen=True)
class _Waves:
    """The waves of a real transform without the mean, by ascending wavenumber ``number``, in cycles per cell.

    ``order``: positions in the transform. ``weight``: number of waves that each represents. ``ring``: its ring.
    """

    window: NDArray[np.float64]
    order: NDArray[np.intp]
    weight: NDArray[np.float64]
    number: NDArray[np.float64]
    cos2: NDArray[np.float64]
    sin2: NDArray[np.float64]
    ring: NDArray[np.intp]
    ring_width: float


@functools.lru_cache(maxsize=16)
def _waves(shape: tuple[int, int], periodic: tuple[bool, bool]) -> _Waves:
    height, width = shape
    qy, qx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    number = np.hypot(qy, qx).ravel()
    order = np.argsort(number, kind="stable")[1:]  # the mean is first
    weight = np.full((height, width // 2 + 1), 2.0)
    weight[:, 0] = 1.0
    # At the highest wavenumber of an even side, direction θ and its mirror image are the same wave.
    mirrored = np.zeros_like(weight, dtype=bool)
    if width % 2 == 0:
        weight[:, -1] = 1.0
        mirrored[:, -1] = True
    if height % 2 == 0:
        mirrored[height // 2] = True
    angle = 2 * np.arctan2(qy, qx)
    sin2 = np.where(mirrored, 0.0, np.sin(angle))
    tapers = [np.ones(n) if whole or n == 1 else _hann(n) for n, whole in zip(shape, periodic, strict=True)]
    ring_width = 1 / max(shape)
    return _Waves(
        window=tapers[0][:, None] * tapers[1][None, :],
        order=order,
        weight=weight.ravel()[order],
        number=number[order],
        cos2=np.cos(angle).ravel()[order],
        sin2=sin2.ravel()[order],
        ring=np.round(number[order] / ring_width).astype(np.intp),
        ring_width=ring_width,
    )


def _hann(n: int) -> NDArray[np.float64]:
    """A Hann window whose zeros are half a cell outside the ends."""
    return np.asarray(np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2)


def _peak(waves: _Waves, power: NDArray[np.float64]) -> float:
    """Cycles per cell at the centre of power around the highest ring of the smoothed radial spectrum."""
    rings = np.bincount(waves.ring, weights=power)
    highest = int(np.argmax(np.convolve(rings, [0.5, 1.0, 0.5], mode="same"))) or 1
    # Wide enough for a peak between rings, narrow enough to exclude the mean and the first harmonic.
    reach = min(2.0, max(highest / 2, 0.6)) * waves.ring_width
    number = highest * waves.ring_width
    for _ in range(2):  # first around the centre of the ring, then around the first result
        low, high = np.searchsorted(waves.number, (number - reach, number + reach))
        number = float(power[low:high] @ waves.number[low:high] / power[low:high].sum())
    return number
