"""A photograph as the start of a run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.engines.state_files import blended
from morphoscope.models import Model

Floats = NDArray[np.float64]
_ENDS = (1, 99)  # percentiles of a picture that become the background and the perturbed state
_LEAST = 1e-6  # of a prepared picture's contrast; less is rounding


def start_of(
    model: Model, picture: NDArray[np.floating], shape: tuple[int, int], *, bright: bool, name: str = "the picture"
) -> Floats:
    """A state (species, height, width) that is perturbed where a prepared picture (y, x) is dark, or ``bright``.

    The middle of the grid's aspect is cut out and scaled to ``shape``, by linear interpolation; if the cells are larger
    than the pixels, it is smoothed before by a Gaussian with a standard deviation of half a cell. Raises UsageError for
    a picture without contrast, which messages call ``name``.
    """
    from scipy import ndimage

    part = _middle(picture.astype(np.float64), shape)
    scale = (shape[0] / part.shape[0], shape[1] / part.shape[1])
    if max(scale) < 1:  # so that details which the cells can't hold do not turn into others
        part = ndimage.gaussian_filter(part, [0.5 / s for s in scale], mode="reflect")
    places = np.meshgrid(*((np.arange(n) + 0.5) / s - 0.5 for n, s in zip(shape, scale, strict=True)), indexing="ij")
    fitted = ndimage.map_coordinates(part, places, order=1, mode="nearest")
    low, high = np.percentile(fitted, _ENDS)
    if high - low < _LEAST:
        raise UsageError(f"{name} has the same value everywhere; expected a picture")
    share = np.clip((fitted - low) / (high - low), 0, 1)
    return blended(model, share if bright else 1 - share)


def _middle(picture: Floats, shape: tuple[int, int]) -> Floats:
    """The largest part of an aspect in the middle of a picture."""
    side = min(picture.shape[0] / shape[0], picture.shape[1] / shape[1])
    height, width = max(1, round(side * shape[0])), max(1, round(side * shape[1]))
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]
