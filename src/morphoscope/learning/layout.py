"""A plane in which patterns with similar features lie near each other: t-SNE of their principal components.

Source: L. van der Maaten, G. Hinton, J. Mach. Learn. Res. 9, 2579 (2008); trustworthiness: J. Venna, S. Kaski, Neural
Networks 14, 1113 (2001).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from sklearn.decomposition import PCA
    from sklearn.neighbors import NearestNeighbors

Floats = NDArray[np.float32]
LEAST = 8  # patterns
COMPONENTS = 32
_PERPLEXITY = 30.0
_LIMIT = 5.0  # standard deviations; single features of rare patterns are larger
_PLACED_BY = 5  # neighbours
_TRUSTED = 12  # neighbours that trustworthiness looks at


@dataclasses.dataclass(frozen=True, eq=False)
class Layout:
    """Places of some patterns, and how others find theirs.

    Attributes
    ----------
    coordinates
        (n, 2), around (0, 0), at most 1 from it.
    trustworthiness
        1 if all neighbours in the plane are neighbours by their features; about 0.5 for places drawn at random.
    """

    coordinates: Floats
    trustworthiness: float
    _mean: NDArray[np.float64]
    _deviation: NDArray[np.float64]
    _components: PCA
    _neighbours: NearestNeighbors

    @classmethod
    def of(cls, features: Floats) -> Layout:
        """Lay out patterns by their features, (n, features). The same features give the same places.

        Raises UsageError for fewer than LEAST patterns.
        """
        from sklearn.decomposition import PCA
        from sklearn.manifold import TSNE, trustworthiness
        from sklearn.neighbors import NearestNeighbors

        count, size = features.shape
        if count < LEAST:
            raise UsageError(f"{count} patterns; {LEAST} or more can be laid out")
        mean, deviation = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
        standard = _standardised(features, mean, deviation)
        components = PCA(min(COMPONENTS, count, size), svd_solver="full").fit(standard)
        reduced = components.transform(standard)
        perplexity = min(_PERPLEXITY, (count - 1) / 3)
        found = TSNE(2, init="pca", perplexity=perplexity, random_state=0).fit_transform(reduced)
        found = found - (found.min(axis=0) + found.max(axis=0)) / 2
        coordinates = np.asarray(found / max(np.abs(found).max(), 1e-12), dtype=np.float32)
        trust = float(trustworthiness(reduced, coordinates, n_neighbors=min(_TRUSTED, (count - 1) // 2)))
        neighbours = NearestNeighbors(n_neighbors=min(_PLACED_BY, count)).fit(reduced)
        return cls(coordinates, trust, mean, deviation, components, neighbours)

    def reduced(self, features: Floats) -> NDArray[np.float64]:
        """The principal components of patterns, in which they are compared, (m, components)."""
        return np.asarray(self._components.transform(_standardised(features, self._mean, self._deviation)))

    def place(self, features: Floats) -> Floats:
        """Places of further patterns, (m, 2): between their nearest neighbours by features."""
        distances, places = self._neighbours.kneighbors(self.reduced(features))
        weights = 1 / np.maximum(distances, 1e-9) ** 2
        weights /= weights.sum(axis=1, keepdims=True)
        return np.asarray((weights[..., None] * self.coordinates[places]).sum(axis=1), dtype=np.float32)


def _standardised(features: NDArray[Any], mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> NDArray[Any]:
    """Features in units of their standard deviations; constant ones are 0."""
    varies = deviation > 1e-6
    return np.clip((features - mean) / np.where(varies, deviation, 1), -_LIMIT, _LIMIT) * varies
