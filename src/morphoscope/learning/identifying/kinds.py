"""The kind of a pattern by its geometry, of any model: what a reader of photographs can name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.shapes import euler_characteristic
from morphoscope.descriptors.spectrum import PERIODIC, dominant_wavelength

SPOTS, MIXED, STRIPES, WAVES = "spots", "mixed", "stripes", "waves"
KINDS = (SPOTS, MIXED, STRIPES, WAVES)
#: Models whose patterns are waves of an excitable or oscillating medium, or of cyclic competition.
WAVE_MODELS = frozenset({"barkley", "oregonator", "complex-ginzburg-landau", "may-leonard"})
_SPOTS, _STRIPES = 0.45, 0.15  # islands a square wavelength; hexagons have 0.87


def pattern_kind(
    field: NDArray[np.floating], model: str = "", periodic: tuple[bool, bool] = PERIODIC
) -> tuple[str, float]:
    """The kind of a clean field (y, x), and how far it is from another kind, in islands a square wavelength.

    With the Euler characteristics χ of the parts above and below Otsu's threshold, max(χ) λ²/area ≥ 0.45 are spots,
    dark or bright ones (a perfect hexagonal array has √3/2 = 0.87), and < 0.15 stripes, which includes labyrinths and
    the walls of domains; what is between is mixed. Patterns of :data:`WAVE_MODELS` are waves: in these models the
    pattern moves, which one picture does not show.
    """
    if model in WAVE_MODELS:
        return WAVES, 1.0
    from skimage.filters import threshold_otsu

    above = np.asarray(field > threshold_otsu(np.asarray(field, dtype=np.float64)))
    wavelength = dominant_wavelength(field, periodic=periodic, magnitude=float(np.std(field)) or 1.0)
    islands = max(euler_characteristic(above, periodic), euler_characteristic(~above, periodic))
    density = islands * wavelength**2 / field.size
    kind = SPOTS if density >= _SPOTS else STRIPES if density < _STRIPES else MIXED
    return kind, min(abs(density - _SPOTS), abs(density - _STRIPES))
