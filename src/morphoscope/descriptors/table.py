"""The physical descriptors: name, meaning and unit of each; columns, attributes and labels are made from this table."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

#: Goes up when a descriptor's definition changes; what was stored by another method is measured anew.
METHOD = 1


@dataclasses.dataclass(frozen=True)
class Descriptor:
    """A number that says something of a run. ``unit`` is in the model's own units, "1" for pure numbers and counts.

    ``ratios``: whether it is compared by ratios, on a logarithmic scale.
    """

    name: str
    meaning: str
    unit: str
    ratios: bool = False

    @property
    def title(self) -> str:
        """Meaning with unit, for axes and colour bars."""
        return self.meaning if self.unit == "1" else f"{self.meaning} ({self.unit})"


#: Of the last frame, but for the last three, which compare frames. NaN where a descriptor is undefined.
DESCRIPTORS: tuple[Descriptor, ...] = (
    Descriptor("wavelength", "dominant wavelength", "length", ratios=True),
    Descriptor("wavenumber", "mean wavenumber 1/λ, weighted by power", "1/length"),
    Descriptor("spectral_width", "standard deviation of the wavenumber 1/λ, weighted by power", "1/length"),
    Descriptor("anisotropy", "anisotropy: 0 isotropic … 1 plane stripes", "1"),
    Descriptor("mean", "mean", "concentration"),
    Descriptor("variance", "variance", "concentration²"),
    Descriptor("minimum", "minimum", "concentration"),
    Descriptor("maximum", "maximum", "concentration"),
    Descriptor("spots", "number of spots, regions above Otsu's threshold that reach across no side", "1"),
    Descriptor("spot_area", "mean area of a spot", "length²", ratios=True),
    Descriptor("holes", "number of holes, regions below Otsu's threshold that reach across no side", "1"),
    Descriptor("hole_area", "mean area of a hole", "length²", ratios=True),
    Descriptor("euler", "Euler characteristic of what is above Otsu's threshold", "1"),
    Descriptor(
        "activity", "activity: root mean square change between the last two frames", "concentration/time", ratios=True
    ),
    Descriptor("drift_speed", "drift speed between the last two frames", "length/time", ratios=True),
    Descriptor("period", "period after which the frames repeat", "time", ratios=True),
)
BY_NAME = {descriptor.name: descriptor for descriptor in DESCRIPTORS}
NAMES = tuple(BY_NAME)


def names_beside(taken: Collection[str]) -> tuple[str, ...]:
    """The descriptors' names but those that are ``taken``, as by species and parameters of a model."""
    return tuple(name for name in NAMES if name not in taken)
