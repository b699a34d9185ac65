"""Dust, noise and uneven light. Beyond an edge, all filters see the picture reflected."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.coarse import smooth_surface

Floats = NDArray[np.float64]
_DUST_DEVIATIONS = 8.0  # robust standard deviations by which specks differ from the median around them
_MOST_DUST = 0.05  # of the picture; more is no dust
_NOISY = 0.05  # noise of that share of the standard deviation is smoothed
_LIGHT_WAVES = 1.5  # standard deviation of the Gaussian, in wavelengths
_TRUNCATE = 2.0  # standard deviations, at which the Gaussian ends
_DARKEST = 0.1  # of the brightest light: below it, division would amplify noise

Filtered = tuple[Floats, str, int]  # the new field, what was done, the reach of the filter in cells


def without_dust(field: Floats, given: float | str, wavelength: float) -> Filtered:
    """Replace specks by biharmonic interpolation from around them (Damelin & Hoang, 2018, as in scikit-image).

    A speck differs from the median over twice its width by more than 8 robust standard deviations of such differences.
    """
    from scipy import ndimage
    from skimage.restoration import inpaint_biharmonic

    widest = _auto(given, wavelength / 5, 1, 12)
    if given == "none" or not widest:
        return field, _left(given, "no wavelength was found"), 0
    window = 2 * math.ceil(widest) + 1
    around = ndimage.median_filter(field, window, mode="reflect")
    difference = np.abs(field - around)
    spread = 1.4826 * float(np.median(difference))
    specks = difference > _DUST_DEVIATIONS * spread if spread > 0 else difference > 0.1 * float(np.ptp(field))
    share = float(specks.mean())
    if not share:
        return field, f"no specks up to {widest:.3g} cells wide", 0
    if share > _MOST_DUST:
        return field, f"left: {share:.0%} of the cells differ from their surroundings, which is more than dust", 0
    wide = ndimage.binary_dilation(specks, iterations=1)
    count = ndimage.label(wide)[1]
    low, high = float(field.min()), float(field.max())
    unit = (field - low) / (high - low)
    filled = low + (high - low) * inpaint_biharmonic(unit, wide, split_into_regions=True)
    return np.where(wide, filled, field), f"{count} specks on {wide.mean():.2%} of the cells replaced", 2


def without_noise(field: Floats, given: float | str, wavelength: float) -> Filtered:
    """A median over a disc; with ``auto`` a tenth of a wavelength in radius, and only if there is noise.

    The noise is estimated from second differences along both axes (Immerkær, Comput. Vis. Image Underst. 64, 300
    (1996)), by their median instead of their mean.
    """
    from scipy import ndimage
    from skimage.morphology import disk

    if given == "none":
        return field, "left as it is", 0
    differences = ndimage.convolve(field, np.outer((1.0, -2.0, 1.0), (1.0, -2.0, 1.0)), mode="reflect")
    noise = 1.4826 * float(np.median(np.abs(differences))) / 6 / max(float(field.std()), 1e-300)
    if given == "auto" and not noise > _NOISY:
        return field, f"left: noise of {max(noise, 0):.1%} of the standard deviation", 0
    width = _auto(given, 0.2 * wavelength, 3, 15)
    if not width:
        return field, "left: no wavelength was found", 0
    radius = max(1, round((width - 1) / 2))
    words = f"noise of {noise:.0%} of the standard deviation; median over {2 * radius + 1} cells"
    return ndimage.median_filter(field, footprint=disk(radius), mode="reflect"), words, radius


def even_light(field: Floats, given: float | str, wavelength: float) -> Filtered:
    """Divide by the light, or subtract it where the field is not positive. Returns relative or absolute deviations."""
    from scipy import ndimage

    if given == "none":
        return field, "left as it is", 0
    surface = smooth_surface(field)
    width = _auto(given, _LIGHT_WAVES * wavelength, 1, max(field.shape))
    reach = 0
    if width:
        reach = math.ceil(_TRUNCATE * width)
        surface = surface + ndimage.gaussian_filter(field - surface, width, mode="reflect", truncate=_TRUNCATE)
    over = f"a Gaussian of {width:.3g} cells" if width else "no Gaussian, since no wavelength was found"
    unevenness = float(np.ptp(surface)) / max(abs(float(surface.mean())), 1e-300)
    if field.min() >= 0 and surface.min() > _DARKEST * surface.max():
        return field / surface - 1, f"light, uneven by {unevenness:.0%}, divided out; quadratic and {over}", reach
    return field - surface, f"background subtracted; quadratic and {over}", reach


def _auto(given: float | str, automatic: float, low: float, high: float) -> float:
    """A length that is given, or the automatic one within limits; 0 if it is not known."""
    if not isinstance(given, str):
        return float(given)
    return float(np.clip(automatic, low, high)) if math.isfinite(automatic) else 0.0


def _left(given: float | str, reason: str) -> str:
    return "left as it is" if given == "none" else f"left: {reason}"
