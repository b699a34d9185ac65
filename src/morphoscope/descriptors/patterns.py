"""What a pattern is and how regular it is: the measures of photographs, and of any other field."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.descriptors.local_waves import Waves, waves_of
from morphoscope.descriptors.orientation import correlation_length, disclinations, orientation_field, stripe_ends
from morphoscope.descriptors.shapes import euler_characteristic
from morphoscope.descriptors.spectrum import spectrum
from morphoscope.descriptors.spots import Lattice, Spots, find_spots, lattice_of
from morphoscope.descriptors.table import Descriptor

_NO_PEAK = "the frame is homogeneous or has no dominant wavelength"
_NO_SPOTS = "the pattern has no spots"
_HEXATIC = "Nelson & Halperin, Phys. Rev. B 19, 2457 (1979)"
_SPOTS_A_WAVE = 0.45  # spots a square wavelength, at least, in a pattern of spots; hexagons have 0.87
_FEW_SPOTS = 0.12  # at most, in a pattern of stripes
_SMOOTH = 0.1  # wavelengths, before the threshold
_MINORITY = 0.45  # of the area, at most, in spots that are bright or dark; squares have one half, and no polarity
HOMOGENEOUS = "no pattern"
SPOTS = ("spots", "bright spots", "dark spots")  # by polarity 0, 1, −1

#: Measures of the last frame c(x); in the order of tables.
MEASURES: tuple[Descriptor, ...] = (
    Descriptor(
        "wavelength", "dominant wavelength", "length",
        "λ = 2π/q, q² = ⟨w |∇b|²⟩ / ⟨w b²⟩, with b the waves from 0.55 to 1.5 of the peak of the spectrum", _NO_PEAK,
        ratios=True,
    ),
    Descriptor(
        "wavelength_error", "standard error of the wavelength", "length",
        "from the variation of w (|∇b|² − q² b²) from place to place", _NO_PEAK,
    ),
    Descriptor(
        "spectral_width", "standard deviation of the wavenumber q = 2π/λ, weighted by power", "1/length",
        "√(Σ P(q) (|q| − ⟨q⟩)² / Σ P(q))", _NO_PEAK,
    ),
    Descriptor(
        "anisotropy", "anisotropy: 0 isotropic … 1 plane stripes", "1", "|Σ P(q) e^{2iθ}| / Σ P(q)", _NO_PEAK
    ),
    Descriptor(
        "coherence", "mean coherence of directions: 1 stripes, 0 no direction", "1", "⟨|z|⟩, with z = the orientation "
        "field ⟨(∂ₓb + i ∂ᵧb)²⟩ / ⟨|∇b|²⟩ over half a wavelength", _NO_PEAK, "Bigün & Granlund, Proc. ICCV (1987)",
    ),
    Descriptor(
        "orientation_length", "correlation length of the orientation field", "length",
        "where Re⟨z*(x) z(x + r)⟩ / ⟨|z|²⟩ falls to 1/e", f"{_NO_PEAK}, or it does not fall within half a side",
        ratios=True,
    ),
    Descriptor(
        "disclinations", "points around which the direction of stripes turns by half a turn", "1",
        "winding of arg z around squares of half a wavelength", f"{_NO_PEAK}, or the pattern is of spots",
    ),
    Descriptor(
        "stripe_ends", "ends of bright and dark stripes, inside", "1",
        "ends of the skeletons of b > 0 and b < 0, further than 0.75 λ from an edge",
        f"{_NO_PEAK}, or the pattern is of spots",
    ),
    Descriptor(
        "polarity", "1 bright spots, −1 dark spots, 0 neither", "1",
        "the side of Otsu's threshold with more spots, if it has less than 0.45 of the area", _NO_PEAK,
    ),
    Descriptor(
        "spot_count", "number of spots", "1",
        "islands of cells connected by sides on the side of Otsu's threshold that has more; cut ones count half",
        _NO_PEAK,
    ),
    Descriptor("spot_density", "spots an area", "1/length²", "number of spots / area", _NO_PEAK, ratios=True),
    Descriptor(
        "spot_diameter", "mean diameter of spots", "length", "2 √(area / π), of spots that no edge cuts", _NO_SPOTS,
        ratios=True,
    ),
    Descriptor("spot_diameter_spread", "standard deviation of the diameter of spots", "length", "as above", _NO_SPOTS),
    Descriptor(
        "circularity", "circularity of spots: 1 for discs", "1", "4π area / perimeter² by Crofton's formula", _NO_SPOTS
    ),
    Descriptor(
        "hexagonality", "hexagonal order around spots: 1 for hexagons", "1",
        "⟨|ψ₆|⟩, ψ₆ = ⟨e^{6iθ}⟩ over the neighbours by Delaunay's triangulation", _NO_SPOTS, _HEXATIC,
    ),
    Descriptor(
        "hexatic_order", "hexagonal order of the whole field: 1 for one crystal", "1", "|⟨ψ₆⟩|", _NO_SPOTS, _HEXATIC
    ),
    Descriptor(
        "lattice_defects", "spots without six neighbours", "1", "further than 1.3 λ from an edge", _NO_SPOTS
    ),
    Descriptor(
        "lattice_spots", "spots whose neighbours are all inside", "1", "further than 1.3 λ from an edge", _NO_SPOTS
    ),
    Descriptor(
        "area_share", "share of the area above Otsu's threshold", "1", "first Minkowski functional / area", _NO_PEAK
    ),
    Descriptor(
        "boundary_density", "length of the boundary between bright and dark, an area", "1/length",
        "second Minkowski functional (length of the contour at Otsu's threshold) / area", _NO_PEAK,
    ),
    Descriptor(
        "euler_density", "Euler characteristic of the bright part, an area", "1/length²",
        "third Minkowski functional, regions − holes / area", _NO_PEAK,
        "K. R. Mecke, Phys. Rev. E 53, 4794 (1996)",
    ),
)  # fmt: skip
MEASURES_BY_NAME = {measure.name: measure for measure in MEASURES}
_OF_STRIPES = ("disclinations", "stripe_ends")


@dataclasses.dataclass(frozen=True)
class PatternMeasures:
    """What a pattern is, in words, and its measures by name; NaN if undefined.

    Parameters
    ----------
    kind
        ``bright spots``, ``dark spots``, ``spots`` (half of the area), ``stripes``, ``mixed``, or ``no pattern``.
    values
        A number for each of :data:`MEASURES`.
    """

    kind: str
    values: dict[str, float]


def measure_pattern(
    field: NDArray[np.floating],
    *,
    spacing: float = 1.0,
    periodic: tuple[bool, bool] = (False, False),
    magnitude: float = 1.0,
) -> PatternMeasures:
    """Measure a pattern.

    Parameters
    ----------
    field
        (y, x).
    spacing
        Side of a cell.
    periodic
        Whether the grid is periodic along y and along x. Other edges are neither continued nor counted as boundaries.
    magnitude
        Typical magnitude of the values, by which a field is homogeneous; see :func:`morphoscope.descriptors.measure`.

    Returns
    -------
    PatternMeasures
        Its kind, and the measures in units of ``spacing``.

    Raises
    ------
    UsageError
        For arrays of another shape, and values that are not finite.
    """
    values = np.asarray(field, dtype=np.float64)
    if values.ndim != 2 or min(values.shape, default=0) < 1:
        raise UsageError(f"a field has shape {values.shape}; expected (y, x)")
    if not np.isfinite(values).all():
        raise UsageError("the field contains values that are not finite; only finished runs have measures")
    waves = waves_of(values, periodic, magnitude)
    if waves is None:
        return PatternMeasures(HOMOGENEOUS, {measure.name: math.nan for measure in MEASURES})
    above, threshold = _thresholded(values, waves)
    spots, polarity = _judged(above, waves)
    kind = _kind(spots.count * waves.wavelength**2 / values.size, spots, polarity)
    lattice = lattice_of(spots.places if kind in SPOTS else spots.places[:0], waves)
    found = {
        **_of_waves(values, waves, spacing, periodic, magnitude),
        **_of_spots(spots, lattice, values.size, spacing),
        **_minkowski(values, above, threshold, waves, spacing),
        "polarity": float(polarity) if kind in SPOTS else 0.0,
    }
    if kind in SPOTS:
        found |= dict.fromkeys(_OF_STRIPES, math.nan)
    return PatternMeasures(kind, {measure.name: found[measure.name] for measure in MEASURES})


def kind_of(field: NDArray[np.floating]) -> str:
    """What the pattern in a field (y, x) without periodic edges is, as in :class:`PatternMeasures`."""
    waves = waves_of(field, (False, False))
    if waves is None:
        return HOMOGENEOUS
    above, _ = _thresholded(np.asarray(field, dtype=np.float64), waves)
    spots, polarity = _judged(above, waves)
    return _kind(spots.count * waves.wavelength**2 / above.size, spots, polarity)


def _judged(above: NDArray[np.bool_], waves: Waves) -> tuple[Spots, int]:
    """The spots on the side of the threshold that has more, and whether that is above (1), below (−1), or neither."""
    sides = {1: find_spots(above, waves), -1: find_spots(~above, waves)}
    side = max(sides, key=lambda each: sides[each].count)
    minority = min(float(above.mean()), 1 - float(above.mean()))
    return sides[side], side if minority < _MINORITY else 0


def _kind(density: float, spots: Spots, polarity: int) -> str:
    """What the pattern is, from the number of spots a square wavelength and the share of the area in them."""
    if density >= _SPOTS_A_WAVE and spots.share > 0.5:
        return SPOTS[polarity]
    return "stripes" if density <= _FEW_SPOTS else "mixed"


def _thresholded(values: NDArray[np.float64], waves: Waves) -> tuple[NDArray[np.bool_], float]:
    """The cells above Otsu's threshold, after smoothing over a tenth of a wavelength, and the threshold."""
    from skimage.filters import threshold_otsu

    smooth = _smooth(values, waves)
    threshold = float(threshold_otsu(smooth))
    return np.asarray(smooth > threshold), threshold


def _smooth(values: NDArray[np.float64], waves: Waves) -> NDArray[np.float64]:
    from scipy import ndimage

    mode = ["wrap" if whole else "reflect" for whole in waves.periodic]
    return np.asarray(ndimage.gaussian_filter(values, _SMOOTH * waves.wavelength, mode=mode))


def _of_waves(
    values: NDArray[np.float64], waves: Waves, spacing: float, periodic: tuple[bool, bool], magnitude: float
) -> dict[str, float]:
    orientation = orientation_field(waves)
    moments = spectrum(values, spacing, periodic, magnitude)
    return {
        "wavelength": waves.wavelength * spacing,
        "wavelength_error": waves.error * spacing,
        "spectral_width": moments.width,
        "anisotropy": moments.anisotropy,
        "coherence": float(np.abs(orientation).mean()),
        "orientation_length": correlation_length(orientation, periodic) * spacing,
        "disclinations": float(disclinations(orientation, waves)),
        "stripe_ends": float(stripe_ends(waves)),
    }


def _of_spots(spots: Spots, lattice: Lattice, cells: int, spacing: float) -> dict[str, float]:
    return {
        "spot_count": spots.count,
        "spot_density": spots.count / (cells * spacing**2),
        "spot_diameter": spots.diameter * spacing,
        "spot_diameter_spread": spots.spread * spacing,
        "circularity": spots.circularity,
        "hexagonality": lattice.hexagonality,
        "hexatic_order": lattice.order,
        "lattice_defects": float(lattice.defects) if lattice.spots else math.nan,
        "lattice_spots": float(lattice.spots) if lattice.spots else math.nan,
    }


def _minkowski(
    values: NDArray[np.float64], above: NDArray[np.bool_], threshold: float, waves: Waves, spacing: float
) -> dict[str, float]:
    """The three functionals of the part above the threshold, an area; edges of the field are no boundary."""
    from skimage.measure import find_contours

    whole = np.pad(_smooth(values, waves), [(0, int(p)) for p in waves.periodic], mode="wrap")
    lines = find_contours(whole, threshold)
    length = sum(float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in lines)
    return {
        "area_share": float(above.mean()),
        "boundary_density": length / (values.size * spacing),
        "euler_density": euler_characteristic(above, waves.periodic) / (values.size * spacing**2),
    }
