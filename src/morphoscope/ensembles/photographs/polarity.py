"""Whether spots are dark or bright."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.patterns import SPOTS, kind_of

BRIGHT, DARK, NEITHER = "bright", "dark", "neither"
#: What each is, in words.
WORDS = {BRIGHT: "bright spots on dark ground", DARK: "dark spots on bright ground", NEITHER: "neither spots nor holes"}


def polarity_of(field: NDArray[np.floating]) -> str:
    """``bright`` or ``dark`` for a field (y, x) whose pattern is of such spots, otherwise ``neither``."""
    return {SPOTS[1]: BRIGHT, SPOTS[-1]: DARK}.get(kind_of(field), NEITHER)
