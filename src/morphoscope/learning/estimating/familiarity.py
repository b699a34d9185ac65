"""Whether a pattern is like those of the training: its distance from them in the features of the network."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_QUANTILE = 0.99  # of the distances of the validation patterns: farther ones are unfamiliar
_CONSTANT = 1e-6


@dataclasses.dataclass(frozen=True, eq=False)
class Familiarity:
    """The features of the training patterns, and how far from them a familiar pattern may be.

    The distance of a pattern is that to the nearest training pattern, each feature in units of its standard deviation
    over the training patterns.

    Parameters
    ----------
    features
        Scaled features of the training patterns, (n, features), float16.
    mean, spread
        Mean and standard deviation by feature.
    limit
        The largest distance of a familiar pattern: that which 99 % of the validation patterns do not exceed.
    """

    features: NDArray[np.float16]
    mean: Floats
    spread: Floats
    limit: float

    @classmethod
    def of(cls, training: Floats, validation: Floats) -> Familiarity:
        """From the features of training and validation patterns, (n, features)."""
        mean, spread = training.mean(axis=0), training.std(axis=0) + _CONSTANT
        made = cls(((training - mean) / spread).astype(np.float16), mean, spread, 1.0)
        return dataclasses.replace(made, limit=float(np.quantile(made.distance(validation), _QUANTILE)))

    def distance(self, features: Floats) -> NDArray[np.float64]:
        """The distance of patterns with these features, in units of the limit, (n,)."""
        scaled = (features - self.mean) / self.spread
        known = self.features.astype(np.float32)
        squares = (scaled**2).sum(1)[:, None] + (known**2).sum(1) - 2 * scaled @ known.T
        return np.asarray(np.sqrt(np.maximum(squares, 0).min(axis=1)) / self.limit, dtype=np.float64)
