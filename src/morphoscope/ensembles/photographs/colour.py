"""One number a pixel from its colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R 601
_COLOURS = ("red", "green", "blue")
_COARSE = 10  # the light is taken to be even over a tenth of the picture
_GREY = 0.01  # largest difference between colours, of 1, in a picture that is grey


def channel_of(picture: Floats, channel: str) -> tuple[Floats, str]:
    """One value a pixel of a picture (y, x) or (y, x, 3), and what was done, in words."""
    if picture.ndim == 2:
        return picture, "grey values" if channel in ("colour-axis", "grey") else f"grey values; there is no {channel}"
    if channel in _COLOURS:
        return picture[..., _COLOURS.index(channel)], channel
    if channel == "grey" or float(np.quantile(np.ptp(picture, axis=2), 0.99)) <= _GREY:
        return picture @ _LUMA, "grey values (ITU-R 601 luma)"
    weights, share = colour_axis(picture)
    words = ", ".join(f"{name} {weight:+.2f}" for name, weight in zip(_COLOURS, weights, strict=True))
    return picture @ weights, f"principal colour axis ({words}), {share:.0%} of the variance of colours"


def colour_axis(picture: Floats) -> tuple[Floats, float]:
    """The unit vector along which the colours of the details differ most, and its share of their variance.

    The mean colour of the surroundings is subtracted before, so that uneven light does not count. The sign is that of
    the luma, so that bright remains bright; where the axis does not change the luma, its largest weight is positive.
    """
    from scipy import ndimage

    width = max(2.0, min(picture.shape[:2]) / _COARSE)
    step = max(1, max(picture.shape[:2]) // 512)  # every pixel of a large picture is not needed
    few = picture[::step, ::step]
    details = few - ndimage.gaussian_filter(few, (width / step, width / step, 0), mode="reflect")
    pixels = details.reshape(-1, 3)
    variances, directions = np.linalg.eigh(pixels.T @ pixels / len(pixels))
    axis = directions[:, -1]
    luma = float(axis @ _LUMA)
    sign = np.sign(luma) if abs(luma) > 0.05 else np.sign(axis[np.argmax(np.abs(axis))])
    total = float(variances.sum())
    return axis * (sign or 1.0), float(variances[-1]) / total if total > 0 else 1.0
