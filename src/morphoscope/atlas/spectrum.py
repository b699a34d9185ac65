"""Power spectra of patterns on a periodic square."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def power_spectrum(field: NDArray[np.floating]) -> NDArray[np.float64]:
    """P(q) = |F[c − ⟨c⟩](q)|² / N², zero wavenumber in the middle; the sum is the variance of ``field`` (y, x)."""
    values = np.asarray(field, dtype=np.float64)
    transform = np.fft.fftshift(np.fft.fft2(values - values.mean()))
    return np.abs(transform) ** 2 / values.size**2


def radial_spectrum(
    field: NDArray[np.floating], spacing: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The power in rings of wavenumber 1/λ (cycles per length): (ring centres, summed power).

    Rings are as wide as the smallest wavenumber of the longer side and end where the shorter side's reach does.
    """
    power = power_spectrum(field)
    axes = [np.fft.fftshift(np.fft.fftfreq(n, spacing)) for n in power.shape]
    wavenumber = np.hypot(axes[0][:, None], axes[1][None, :])
    width = 1 / (max(power.shape) * spacing)
    ring = np.round(wavenumber / width).astype(int)
    last = min(power.shape) // 2 * max(power.shape) // min(power.shape)
    summed = np.bincount(ring.ravel(), weights=power.ravel())[1 : last + 1].astype(np.float64)
    return np.arange(1, len(summed) + 1) * width, summed


def dominant_wavelength(field: NDArray[np.floating], spacing: float = 1.0) -> float | None:
    """The wavelength of the ring with the most power; None for a homogeneous field (variance below 1e-12)."""
    wavenumber, power = radial_spectrum(field, spacing)
    if power.sum() < 1e-12:
        return None
    return float(1 / wavenumber[np.argmax(power)])
