"""Name, meaning and unit of each descriptor. Columns, attributes and axis labels are made from this table."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

#: Increased when the definition of a descriptor changes. Stored descriptors of another method are computed again.
#: 1: wavenumbers were 1/λ. 2: they are 2π/λ, and homogeneity is judged by the magnitude of a model's values.
METHOD = 2


@dataclasses.dataclass(frozen=True)
class Descriptor:
    """A number that describes a run.

    Parameters
    ----------
    name
        Name of the variable and the column.
    meaning
        What it is, for axes and attributes.
    unit
        In the units of the model; "1" for dimensionless numbers and counts.
    formula
        Its definition, for the documentation.
    undefined
        When it is NaN; empty if never.
    source
        Publication of the definition, unless it is in textbooks.
    ratios
        Whether values are compared by ratios, on a logarithmic scale.

    Examples
    --------
    >>> from morphoscope.descriptors import BY_NAME
    >>> BY_NAME["spots"].unit
    '1'
    """

    name: str
    meaning: str
    unit: str
    formula: str
    undefined: str = ""
    source: str = ""
    ratios: bool = False

    @property
    def title(self) -> str:
        """Meaning with unit, for axes and colour bars."""
        return self.meaning if self.unit == "1" else f"{self.meaning} ({self.unit})"


_UNIFORM = "the last frame is homogeneous"
_SINGLE = "there is only one frame"
_OTSU = "N. Otsu, IEEE Trans. Syst. Man Cybern. 9, 62 (1979)"

#: Descriptors of the last frame c(x), except the last three, which compare frames.
DESCRIPTORS: tuple[Descriptor, ...] = (
    Descriptor(
        "wavelength", "dominant wavelength", "length",
        "2π/q₀, with q₀ the centre of power P(q) around the highest ring of the radial spectrum; rings are as wide as "
        "the smallest wavenumber of the longer side, and smoothed by (1, 2, 1)/4",
        _UNIFORM, ratios=True,
    ),
    Descriptor(
        "wavenumber", "mean wavenumber q = 2π/λ, weighted by power", "1/length", "⟨q⟩ = Σ P(q) |q| / Σ P(q)", _UNIFORM
    ),
    Descriptor(
        "spectral_width", "standard deviation of the wavenumber q = 2π/λ, weighted by power", "1/length",
        "√(Σ P(q) (|q| − ⟨q⟩)² / Σ P(q))", _UNIFORM,
    ),
    Descriptor(
        "anisotropy", "anisotropy: 0 isotropic … 1 plane stripes", "1",
        "|Σ P(q) e^{2iθ}| / Σ P(q), with θ the direction of q", _UNIFORM,
    ),
    Descriptor("mean", "mean", "concentration", "⟨c⟩"),
    Descriptor("variance", "variance", "concentration²", "⟨(c − ⟨c⟩)²⟩"),
    Descriptor("minimum", "minimum", "concentration", "min c"),
    Descriptor("maximum", "maximum", "concentration", "max c"),
    Descriptor(
        "spots", "number of spots, regions above Otsu's threshold that reach across no side", "1",
        "regions of cells connected by sides, with c > T, that do not reach across the grid; 0 for a homogeneous frame",
        source=_OTSU,
    ),
    Descriptor(
        "spot_area", "mean area of a spot", "length²",
        "mean number of cells of a spot, times dx² (dx in one dimension)", "there is no spot", _OTSU, ratios=True,
    ),
    Descriptor(
        "holes", "number of holes, regions below Otsu's threshold that reach across no side", "1",
        "regions of cells connected by sides, with c ≤ T, that do not reach across the grid; 0 for a homogeneous frame",
        source=_OTSU,
    ),
    Descriptor(
        "hole_area", "mean area of a hole", "length²",
        "mean number of cells of a hole, times dx² (dx in one dimension)", "there is no hole", _OTSU, ratios=True,
    ),
    Descriptor(
        "euler", "Euler characteristic of the part above Otsu's threshold", "1",
        "cells with c > T − pairs of neighbours among them + full 2 × 2 squares = regions − holes in them; "
        "0 for a homogeneous frame", source=_OTSU,
    ),
    Descriptor(
        "activity", "activity: root mean square change between the last two frames", "concentration/time",
        "√⟨(c(t₂) − c(t₁))²⟩ / (t₂ − t₁)", _SINGLE, ratios=True,
    ),
    Descriptor(
        "drift_speed", "drift speed between the last two frames", "length/time",
        "|s| / (t₂ − t₁), with s the smallest displacement for which c(x − s, t₁) explains at least 95 % of the "
        "variance of c(x, t₂)", f"{_SINGLE}, {_UNIFORM}, or no displacement explains it", ratios=True,
    ),
    Descriptor(
        "period", "period after which the frames repeat", "time",
        "the first maximum above 0.95, after r has fallen below 0.5, of r(τ) = ⟨δc(t) δc(t + τ)⟩ / "
        "√(⟨δc(t)²⟩ ⟨δc(t + τ)²⟩), with δc the deviation from each cell's mean over time",
        "there are fewer than 8 frames, their intervals differ, nothing changes, or nothing repeats within them",
        ratios=True,
    ),
)  # fmt: skip
BY_NAME = {descriptor.name: descriptor for descriptor in DESCRIPTORS}
NAMES = tuple(BY_NAME)


def names_except(taken: Collection[str]) -> tuple[str, ...]:
    """The names of all descriptors except those that are ``taken``, for example by species of a model."""
    return tuple(name for name in NAMES if name not in taken)
