"""What an identifier says of one picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.learning.identifying.candidates import Posterior
from morphoscope.learning.identifying.canonical import CanonicalViews, canonical_views
from morphoscope.learning.identifying.compatibility import LEAST
from morphoscope.learning.identifying.identifier import Identifier
from morphoscope.learning.identifying.kinds import SPOTS

NONE = "none"
GRAY_SCOTT = "gray-scott"
LIKELY = 0.05  # models with a smaller probability get no posterior
BEST = 3  # models that do, at most


@dataclasses.dataclass(frozen=True, eq=False)
class Identification:
    """Which models could have made a picture, and with which parameters.

    :func:`morphoscope.identify` returns one.

    Attributes
    ----------
    name
        Of the picture.
    probabilities
        By model, and ``none``: the probability that none of them made it. Their sum is 1. Most probable models first.
    kind
        ``spots``, ``mixed``, ``stripes`` or ``waves``; "" where the reader abstains.
    kinds
        The probability of each kind.
    polarity
        ``bright`` or ``dark``: which spots are, in the picture. For other kinds, which part is smaller.
    compatibility
        By model: the p-value of the picture among pictures of this model alone, see :class:`.Fit`; empty for
        identifiers of older versions.
    gray_scott_set
        The classes of Gray–Scott's patterns that it looks like, the most probable first: a conformal set of 90 %
        coverage. Empty where the picture is not compatible with Gray–Scott (for identifiers of older versions: where
        Gray–Scott is not among the likely models), unless it was asked for.
    posteriors
        For the most probable models.
    wavelength
        The dominant wavelength of the picture.
    unit
        Its unit.
    distance
        From the patterns of the nearest model in the features of the network, in units of the distance that 97.5 % of
        the validation pictures have.
    """

    name: str
    probabilities: dict[str, float]
    kind: str
    kinds: dict[str, float]
    polarity: str
    compatibility: dict[str, float]
    gray_scott_set: tuple[str, ...]
    posteriors: tuple[Posterior, ...]
    wavelength: float
    unit: str
    distance: float

    def __repr__(self) -> str:
        best = ", ".join(f"{name} {self.probabilities[name]:.0%}" for name in self.models[:3])
        return f"Identification({self.name!r}: {self.verdict}; {best}, none {self.none:.0%})"

    @property
    def none(self) -> float:
        """The probability that none of the models made the picture."""
        return self.probabilities[NONE]

    @property
    def models(self) -> list[str]:
        """All models, the most probable first."""
        return [name for name in self.probabilities if name != NONE]

    @property
    def verdict(self) -> str:
        """The most probable model, or ``none``."""
        return NONE if self.none > 0.5 else self.models[0]

    @property
    def compatible(self) -> list[str]:
        """The models that the picture is compatible with: p-value of 0.05 or more; the most probable models first.

        Empty for a picture that is probably none of the models' patterns: p-values are for patterns.
        """
        if self.verdict == NONE:
            return []
        return [name for name in self.models if self.compatibility.get(name, 0.0) >= LEAST]

    @property
    def gray_scott(self) -> str:
        """The class of Gray–Scott's patterns, "" where the reader abstains: there is none, or more than one."""
        return self.gray_scott_set[0] if len(self.gray_scott_set) == 1 else ""

    @property
    def words(self) -> str:
        """The kind in words, as in "bright spots"."""
        if not self.kind:
            return "of no certain kind"
        return f"{self.polarity} spots" if self.kind == SPOTS else self.kind

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "picture": self.name,
            "verdict": self.verdict,
            "probabilities": self.probabilities,
            "kind": self.kind or None,
            "kinds": self.kinds,
            "polarity": self.polarity,
            "compatibility": self.compatibility,
            "compatible": self.compatible,
            "gray_scott_class": self.gray_scott or None,
            "gray_scott_set": list(self.gray_scott_set),
            "wavelength": self.wavelength,
            "unit": self.unit,
            "distance": self.distance,
            "posteriors": [
                {
                    "model": one.model,
                    "points": len(one.points),
                    "effective_points": one.effective,
                    "acceptance": one.acceptance,
                    "quantiles_5_50_95": one.quantiles(),
                }
                for one in self.posteriors
            ],
        }


def identified(
    identifier: Identifier,
    field: NDArray[np.floating],
    name: str,
    cell: float = 1.0,
    unit: str = "pixel",
    also: Sequence[str] = (),
) -> Identification:
    """Identify a prepared field (y, x) with cells of side ``cell``; ``also``: models that get a posterior in any case.

    Raises UsageError as :func:`.canonical_views`, and for models that are not known.
    """
    for model in also:
        if model not in identifier.models.models:
            raise UsageError(f"unknown model {model!r}; {nearest(model, identifier.models.models)}", parameter="model")
    views = canonical_views(field)
    embedding = identifier.embedding(views)
    if not np.isfinite(embedding).all():
        raise DataError(f"{name}: the network gave numbers that are not finite; its weights are damaged")
    values = identifier.models.probabilities(embedding[None])[0]
    order = np.argsort(-values[:-1], kind="stable")
    probabilities = {identifier.models.models[i]: float(values[i]) for i in order.tolist()}
    wavelength = views.wavelength * cell
    share = max(1 - float(values[-1]), 1e-12)
    likely = [name for name, p in probabilities.items() if p / share >= LIKELY][:BEST]
    likely += [model for model in dict.fromkeys(also) if model not in likely]
    (kind,), kinds = identifier.kinds.read(embedding[None])
    (classes,), _ = identifier.gray_scott.sets(embedding[None])
    fits = {} if identifier.compatibility is None else identifier.compatibility.p_values(embedding)
    asked = GRAY_SCOTT in also
    alike = fits.get(GRAY_SCOTT, 0.0) >= LEAST if fits else GRAY_SCOTT in likely
    return Identification(
        name=name,
        probabilities={**probabilities, NONE: float(values[-1])},
        kind=kind if values[-1] <= 0.5 else "",
        kinds=dict(zip(identifier.kinds.linear.classes, map(float, kinds[0]), strict=True)),
        polarity=polarity(views),
        compatibility=fits,
        gray_scott_set=classes if asked or (alike and values[-1] <= 0.5) else (),
        posteriors=tuple(identifier.candidate(name).posterior(embedding, kinds[0], wavelength) for name in likely),
        wavelength=wavelength,
        unit=unit,
        distance=float(identifier.models.known.distance(embedding[None])[0]),
    )


def polarity(views: CanonicalViews) -> str:
    """``bright`` or ``dark``: the part of the picture that covers less, and is separate if there are spots."""
    return "dark" if views.inverted else "bright"
