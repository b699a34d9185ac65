"""A picture of a pattern as a network reads it: the same number of pixels a wavelength, no light, no contrast, no sign.

A picture tells neither the size of its pixels in a model's units nor the sign and range of a species. So a pattern is
brought to its own dominant wavelength, in two views: a wide one with the arrangement, a close one with the profile.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.descriptors.spectrum import spectrum

SIDE = 64  # pixels along a side of each view
WIDE, CLOSE = 6, 16  # pixels a wavelength
MIN_PIXELS = 32  # along each side of a picture
WINDOWS = 4
_LIGHT = 1.5  # standard deviation of the Gaussian that estimates the light, in wavelengths
_LARGEST = 4.0  # standard deviations; larger values are cut off
_REDUCED = 640  # pixels; larger pictures are averaged in blocks first
_FARTHEST = 3 * SIDE  # pixels of the wide field that are used
_FEWEST = 5.0  # pixels a wavelength that a reduced picture keeps

Floats = NDArray[np.floating]


@dataclasses.dataclass(frozen=True, eq=False)
class CanonicalViews:
    """Windows of a picture at its dominant wavelength.

    Attributes
    ----------
    wide
        6 pixels a wavelength, (windows, 64, 64), float32, mean 0 and standard deviation 1 over the picture.
    close
        16 pixels a wavelength around the middle of each window, (windows, 64, 64).
    wavelength
        The dominant wavelength, in pixels of the picture.
    inverted
        Whether bright and dark were exchanged, so that the skewness of the values is positive: separate spots are
        bright.
    """

    wide: NDArray[np.float32]
    close: NDArray[np.float32]
    wavelength: float
    inverted: bool

    def stacked(self) -> NDArray[np.float32]:
        """Both views as channels, (windows, 2, 64, 64)."""
        return np.stack([self.wide, self.close], axis=1)


def canonical_views(picture: Floats, windows: int = WINDOWS) -> CanonicalViews:
    """Bring a picture (y, x) of any contrast, sign and scale to its dominant wavelength.

    The wavelength is that of the highest peak of the spectrum, without a quadratic surface and with a Hann window. A
    Gaussian of 1.5 wavelengths is subtracted as the light. No edge is periodic: windows lie inside the picture, and
    where it shows fewer wavelengths than a view, it is mirrored at its edges.

    Parameters
    ----------
    picture
        (y, x), 32 × 32 pixels or more.
    windows
        The largest number of windows, spread over the picture.

    Raises
    ------
    UsageError
        For other shapes, values that are not finite, and pictures that are uniform.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(200)
    >>> stripes = 40 + 7 * np.cos(2 * np.pi * x / 20) * np.ones((200, 1))
    >>> views = canonical_views(stripes)
    >>> round(views.wavelength, 1), views.stacked().shape
    (20.0, (1, 2, 64, 64))
    """
    field = _checked(picture)
    factor = 1
    if max(field.shape) > _REDUCED:
        factor = math.ceil(max(field.shape) / _REDUCED)
        reduced = _block_means(field, factor)
        if pattern_wavelength(reduced) >= _FEWEST:
            field = reduced
        else:
            factor = 1
    wavelength = pattern_wavelength(field)
    wide = _levelled(_resampled(field, wavelength / WIDE, _FARTHEST))
    skewness = float(np.mean(wide**3))
    sign = -1.0 if skewness < 0 else 1.0
    wide = np.clip(sign * wide, -_LARGEST, _LARGEST)
    corners = _corners((wide.shape[0], wide.shape[1]), windows)
    shown = [_window(wide, top, left) for top, left in corners]
    middle = (np.array(field.shape) - 1) / 2
    closes = []
    for top, left in corners:
        offset = (np.array([top, left]) + _inside(wide.shape) / 2 - np.array(wide.shape) / 2) * wavelength / WIDE
        closes.append(sign * _close(field, wavelength, middle + offset))
    return CanonicalViews(
        np.stack(shown).astype(np.float32), np.stack(closes).astype(np.float32), wavelength * factor, sign < 0
    )


def pattern_wavelength(field: Floats) -> float:
    """The dominant wavelength of a field (y, x) without periodic edges, in cells; at most its longer side."""
    level = _without_surface(field)
    scale = float(level.std())
    found = spectrum(level / scale, periodic=(False, False)).wavelength if scale > 0 else math.nan
    longest = float(max(field.shape))
    return min(max(found, 2.0), longest) if math.isfinite(found) else longest / 2


def _checked(picture: Floats) -> NDArray[np.float64]:
    field = np.asarray(picture, dtype=np.float64)
    if field.ndim != 2 or min(field.shape) < MIN_PIXELS:
        raise UsageError(
            f"the picture has shape {np.shape(picture)}; expected (y, x), {MIN_PIXELS} pixels or more along each side"
        )
    if not np.isfinite(field).all():
        raise UsageError("the picture contains NaN or infinite numbers; expected finite values")
    if float(np.ptp(field)) <= 1e-6 * max(1e-30, float(np.abs(field).max())):
        raise UsageError("the picture is uniform; there is no pattern to identify")
    return field


def _without_surface(field: Floats) -> NDArray[np.float64]:
    """A field less its quadratic surface of least squares."""
    values = np.asarray(field, dtype=np.float64)
    y, x = (np.linspace(-1, 1, n) for n in values.shape)
    rows, columns = (np.stack([np.ones_like(t), t, t**2 - np.mean(t**2)], axis=1) for t in (y, x))
    rows, columns = (basis / np.linalg.norm(basis, axis=0) for basis in (rows, columns))
    weights = rows.T @ values @ columns  # the bases are orthonormal on a symmetric grid
    weights[np.add.outer(np.arange(3), np.arange(3)) > 2] = 0
    return np.asarray(values - rows @ weights @ columns.T)


def _block_means(field: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    height, width = (n // factor for n in field.shape)
    cut = field[: height * factor, : width * factor]
    return np.asarray(cut.reshape(height, factor, width, factor).mean(axis=(1, 3)))


def _smooth(field: NDArray[np.float64], pitch: float) -> NDArray[np.float64]:
    """A field without details that cells of ``pitch`` can't resolve."""
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(field, 0.45 * pitch, mode="reflect", truncate=3)) if pitch > 1 else field


def _resampled(field: NDArray[np.float64], pitch: float, most: int) -> NDArray[np.float64]:
    """A field with cells of ``pitch`` old ones around its middle, at most ``most`` along a side."""
    from scipy import ndimage

    shape = tuple(int(min(most, max(4, math.floor(n / pitch)))) for n in field.shape)
    offset = [(n - 1) / 2 - (count - 1) / 2 * pitch for n, count in zip(field.shape, shape, strict=True)]
    order = 1 if pitch > 1.5 else 3
    return np.asarray(
        ndimage.affine_transform(_smooth(field, pitch), (pitch, pitch), offset, shape, order=order, mode="nearest")
    )


def _levelled(field: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without light, mean 0, standard deviation 1."""
    from scipy import ndimage

    level = field - ndimage.gaussian_filter(field, _LIGHT * WIDE, mode="reflect", truncate=3)
    return np.asarray((level - level.mean()) / max(float(level.std()), 1e-12))


def _close(field: NDArray[np.float64], wavelength: float, middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """The close view around a place, moved as far as necessary to be inside the field."""
    from scipy import ndimage

    pitch = wavelength / CLOSE
    half = SIDE * pitch / 2
    reach = math.ceil(half) + 2
    centre = [
        float(np.clip(m, min(half, n / 2), max(n - half, n / 2))) for m, n in zip(middle, field.shape, strict=True)
    ]
    low = [max(0, math.floor(c) - reach) for c in centre]
    high = [min(n, math.ceil(c) + reach) for c, n in zip(centre, field.shape, strict=True)]
    part = _smooth(field[low[0] : high[0], low[1] : high[1]], pitch)
    offset = [c - start - (SIDE - 1) / 2 * pitch for c, start in zip(centre, low, strict=True)]
    shown = ndimage.affine_transform(part, (pitch, pitch), offset, (SIDE, SIDE), order=1, mode="reflect")
    shown = _without_surface(shown)
    return np.asarray(np.clip(shown / max(float(shown.std()), 1e-12), -_LARGEST, _LARGEST))


def _inside(shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.asarray(np.minimum(np.array(shape), SIDE), dtype=np.float64)


def _corners(shape: tuple[int, int], windows: int) -> list[tuple[int, int]]:
    """Where windows begin, the one in the middle first."""
    room = [max(0, n - SIDE) for n in shape]
    middle = (room[0] // 2, room[1] // 2)
    if windows == 1 or max(room) < SIDE // 4:
        return [middle]
    ends = [(0, 0), (room[0], room[1]), (0, room[1]), (room[0], 0)]
    return list(dict.fromkeys([middle, *ends]))[:windows]


def _window(wide: NDArray[np.float64], top: int, left: int) -> NDArray[np.float64]:
    part = wide[top : top + SIDE, left : left + SIDE]
    lacking = [SIDE - n for n in part.shape]
    return np.pad(part, [(n // 2, n - n // 2) for n in lacking], mode="symmetric") if max(lacking) else part
