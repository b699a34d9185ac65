"""The orientation field of a pattern, how far it is correlated, and its defects."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.local_waves import Waves

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]
_SMOOTH = 0.5  # wavelengths, over which directions are averaged
_COHERENT = 0.3  # of 1: below, the direction is that of no stripes
_EDGE = 0.75  # wavelengths from an edge that is not periodic, within which ends of stripes are not counted


def orientation_field(waves: Waves) -> Complex:
    """z(x) = ⟨(∂ₓb + i ∂ᵧb)²⟩ / ⟨|∇b|²⟩, averaged by a Gaussian of half a wavelength.

    |z| is the coherence: 1 in stripes, 0 where all directions are equal. The argument is twice the angle of the wave
    vector. Source: Bigün & Granlund, Proc. ICCV (1987).
    """
    from scipy import ndimage

    down, across = waves.gradient
    mode = ["wrap" if whole else "reflect" for whole in waves.periodic]
    width = _SMOOTH * waves.wavelength
    parts = [
        ndimage.gaussian_filter(product, width, mode=mode)
        for product in (across**2 - down**2, 2 * across * down, across**2 + down**2)
    ]
    return (parts[0] + 1j * parts[1]) / np.maximum(parts[2], 1e-300)


def correlation_length(field: Complex, periodic: tuple[bool, bool]) -> float:
    """The distance in cells at which C(r) = Re⟨z*(x) z(x + r)⟩ / ⟨|z|²⟩ has fallen to 1/e, averaged over directions.

    Pairs beyond an edge that is not periodic do not count. NaN if C does not fall so far within half the shorter side,
    or z vanishes.
    """
    shape = [n if whole else 2 * n for n, whole in zip(field.shape, periodic, strict=True)]
    pairs = np.fft.ifft2(np.abs(np.fft.fft2(np.ones(field.shape), shape)) ** 2).real
    sums = np.fft.ifft2(np.abs(np.fft.fft2(field, shape)) ** 2).real
    distance = np.hypot(*(np.fft.fftfreq(n)[:, None] * n if axis == 0 else np.fft.fftfreq(n)[None, :] * n
                          for axis, n in enumerate(shape)))  # fmt: skip
    reach = min(field.shape) // 2
    ring = np.round(distance).astype(np.intp).ravel()
    near = ring <= reach
    total = np.bincount(ring[near], weights=sums.ravel()[near])
    count = np.bincount(ring[near], weights=pairs.ravel()[near])
    if total[0] <= 0:
        return math.nan
    values = total / np.maximum(count, 1e-9) / (total[0] / count[0])
    below = np.flatnonzero(values < 1 / math.e)
    if not len(below):
        return math.nan
    last = int(below[0])
    before, after = float(values[last - 1]), float(values[last])
    return last - 1 + (before - 1 / math.e) / (before - after)


def disclinations(field: Complex, waves: Waves) -> int:
    """The number of points around which the direction turns by half a turn, either way.

    The phase of z is added up around squares of half a wavelength. Squares with an incoherent corner count if they
    turn, since z vanishes at a disclination; if all corners are incoherent, there is no direction that could turn.
    """
    step = max(1, round(waves.wavelength / 2))
    few = field[::step, ::step]
    wrapped = [whole and n % step == 0 for n, whole in zip(field.shape, waves.periodic, strict=True)]
    few = np.pad(few, [(0, int(w)) for w in wrapped], mode="wrap")
    corners = [few[:-1, :-1], few[:-1, 1:], few[1:, 1:], few[1:, :-1]]
    turn = sum(np.angle(b * np.conj(a)) for a, b in zip(corners, corners[1:] + corners[:1], strict=True))
    coherent = np.max(np.abs(corners), axis=0) > _COHERENT
    return int(np.count_nonzero(coherent & (np.abs(np.round(turn / (2 * np.pi))) > 0)))


def stripe_ends(waves: Waves) -> int:
    """The number of ends of ridges and of valleys of the band b, that is of dislocations on either side.

    Ends of the skeletons of b > 0 and b < 0 (Zhang & Suen, 1984), further than 0.75 wavelengths from edges that are not
    periodic. A skeleton that is a point, as that of a round spot, has no end.
    """
    from scipy import ndimage
    from skimage.morphology import skeletonize

    margin = [round(waves.wavelength) if whole else 0 for whole in waves.periodic]
    band = np.pad(waves.band, [(m, m) for m in margin], mode="wrap")
    kept = tuple(
        slice(m, m + n)
        if whole
        else slice(math.ceil(_EDGE * waves.wavelength), n - math.ceil(_EDGE * waves.wavelength))
        for m, n, whole in zip(margin, waves.band.shape, waves.periodic, strict=True)
    )
    ends = 0
    around = np.ones((3, 3))
    for mask in (band > 0, band < 0):
        skeleton = skeletonize(mask)
        neighbours = ndimage.convolve(skeleton.astype(np.int8), around.astype(np.int8), mode="constant") - 1
        ends += int(np.count_nonzero((skeleton & (neighbours == 1))[kept]))
    return ends
