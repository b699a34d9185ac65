"""The region of parameter space that an estimator was trained on."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_QUANTILE, _FACTOR = 0.95, 2.0  # the reach is this factor times this quantile of the distances between neighbours


@dataclasses.dataclass(frozen=True, eq=False)
class Region:
    """All points near a training point. It may have any shape, such as a curved band, and any number of parameters.

    Parameters
    ----------
    points
        The distinct training points, (points, parameters), in units of the standard deviation of each parameter.
    mean, spread
        Mean and standard deviation of each parameter over the training runs: a value x is (x − mean) / spread there.
    reach
        The largest distance from a training point that is inside.
    """

    points: Floats
    mean: Floats
    spread: Floats
    reach: float

    @classmethod
    def of(cls, values: Floats) -> Region:
        """The region of training runs with these parameters, (runs, parameters).

        The reach is twice the distance to the nearest neighbour that 95 % of the points do not exceed, so that the
        gaps of a random sample are inside, too.
        """
        from scipy.spatial import KDTree

        mean, spread = values.mean(axis=0), values.std(axis=0)
        points = np.unique((values - mean) / spread, axis=0)
        nearest = KDTree(points).query(points, k=2)[0][:, 1]
        return cls(points, mean, spread, float(_FACTOR * np.quantile(nearest, _QUANTILE)))

    def scaled(self, values: Floats) -> Floats:
        """Parameters (…, parameters) in units of the region."""
        return np.asarray((values - self.mean) / self.spread)

    def values(self, scaled: Floats) -> Floats:
        """Inverse of :meth:`scaled`."""
        return np.asarray(scaled * self.spread + self.mean)

    def contains(self, scaled: Floats) -> NDArray[np.bool_]:
        """Whether scaled points (…, parameters) are inside."""
        from scipy.spatial import KDTree

        return np.asarray(KDTree(self.points).query(scaled)[0] <= self.reach)

    def ranges(self) -> list[tuple[float, float]]:
        """The smallest and the largest training value of each parameter."""
        low, high = self.values(self.points.min(axis=0)), self.values(self.points.max(axis=0))
        return list(zip(low.tolist(), high.tolist(), strict=True))
