"""Whether spots are dark or bright."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.shapes import euler_characteristic

BRIGHT, DARK, NEITHER = "bright", "dark", "neither"
#: What each is, in words.
WORDS = {BRIGHT: "bright spots on dark ground", DARK: "dark spots on bright ground", NEITHER: "neither spots nor holes"}
_SPOTS = 0.15  # islands a square wavelength; hexagons have 0.87


def polarity_of(field: NDArray[np.floating], wavelength: float) -> str:
    """``bright`` or ``dark`` for separate islands above or below Otsu's threshold, otherwise ``neither``.

    The field (y, x) is smoothed over a tenth of a wavelength before. The Euler characteristic of the bright part counts
    bright islands as 1 and dark ones as −1; what is left over from noise is less than 0.15 a square wavelength.
    """
    from scipy import ndimage
    from skimage.filters import threshold_otsu

    if not math.isfinite(wavelength) or not np.ptp(field):
        return NEITHER
    smooth = ndimage.gaussian_filter(np.asarray(field, dtype=np.float64), wavelength / 10, mode="reflect")
    above = np.asarray(smooth > threshold_otsu(smooth))
    islands = [euler_characteristic(mask, (False, False)) for mask in (above, ~above)]
    bright, dark = (count * wavelength**2 / field.size for count in islands)
    if max(bright, dark) < _SPOTS:
        return NEITHER
    return BRIGHT if bright > dark else DARK
