"""Pictures changed in ways that nothing was trained or calibrated on, for identify.py."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.identifying.photographed import unit_range


def retouched(picture: NDArray[np.float64], random: np.random.Generator, scale: float) -> NDArray[np.float64]:
    """One or two of: total-variation filter, coarse pixels, a printed screen, struck pixels, closed small gaps."""
    from scipy import ndimage
    from skimage.restoration import denoise_tv_chambolle

    for kind in random.choice(5, int(random.integers(1, 3)), replace=False).tolist():
        if kind == 0:
            picture = np.asarray(denoise_tv_chambolle(picture, weight=random.uniform(0.05, 0.4)), np.float64)
        elif kind == 1:
            pitch = max(2, round(random.uniform(0.8, 2.0) * scale))
            coarse = picture[::pitch, ::pitch]
            filled = np.kron(coarse, np.ones((pitch, pitch)))
            picture = np.asarray(filled[: len(picture), : len(picture)], np.float64)
        elif kind == 2:
            y, x = np.mgrid[: len(picture), : len(picture)] * (2 * np.pi / (random.uniform(1.0, 2.5) * max(scale, 1)))
            picture = picture + random.uniform(0.1, 0.4) * np.cos(x + y) * np.cos(x - y)
        elif kind == 3:
            struck = random.random(picture.shape) < random.uniform(0.005, 0.05)
            picture = np.where(struck, random.random(picture.shape) < 0.5, picture)
        else:
            picture = ndimage.grey_closing(picture, 2 * max(1, round(random.uniform(0.3, 1.0) * scale)) + 1)
        picture = unit_range(picture)
    return np.asarray(picture)
