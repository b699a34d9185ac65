"""Round many numbers to a few decimal digits at once, exactly as Python's formatting does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DIGITS = 12  # of a point's coordinates: enough to distinguish points, and short enough to type
_EXACT = 22  # the largest power of ten that is a float64 exactly
_POWERS = np.array([float(10**power) for power in range(_EXACT + 1)])
_DOUBTFUL = 1e-3  # how near to a half the error of the scaled value may decide; it is below 10¹² · 2⁻⁵³ ≈ 10⁻⁴


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest numbers of 12 significant decimal digits, equal to ``float(f"{value:.12g}")``.

    Notes
    -----
    A value is scaled by a power of ten to a whole number of 12 digits and back. Both that number and the power are
    exact, so IEEE 754 rounds their quotient or product correctly, as it rounds decimal text. What is too near to a
    half, to a power of ten or outside the exact powers goes through text.
    """
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(all="ignore"):
        power = DIGITS - 1 - np.floor(np.log10(np.abs(values)))
        factor = _POWERS[np.nan_to_num(np.minimum(np.abs(power), _EXACT)).astype(np.intp)]
        scaled = np.where(power < 0, values / factor, values * factor)
        whole = np.rint(scaled)
        found = np.where(power < 0, whole * factor, whole / factor)
        size = np.abs(whole)
        clear = np.abs(np.abs(scaled - whole) - 0.5) > _DOUBTFUL
        sure = clear & (np.abs(power) <= _EXACT) & (size >= 10.0 ** (DIGITS - 1)) & (size < 10.0**DIGITS)
    for position in np.flatnonzero(~sure).tolist():
        found[position] = float(f"{values[position]:.{DIGITS}g}")
    return found
