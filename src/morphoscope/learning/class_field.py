"""Classes over a parameter space, from those at some of its points; and where the next runs tell most.

A Gaussian process with the exponential kernel regresses the probabilities of all classes together. Its classes border
where the two largest probabilities are equal; there the next points are chosen. Source: C. E. Rasmussen and C. K. I.
Williams, Gaussian Processes for Machine Learning (2006), §2 and §6.5; B. Settles, Active Learning (2012), §2.3.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

#: Of the kernel exp(−r/LENGTH), where every parameter's range is 1; in a narrower region the kernel is nearly linear in
#: r, so that its length matters little.
LENGTH = 0.4
NOISE = 0.03  # variance of a reading about the field, relative to the field's own
_LABEL = 0.5  # weight of a reading's class in what is regressed; the rest is that of its probabilities
_DISTANCE = 0.25  # exponent of the remaining variance in the score of a point
_FLOOR = 1e-3  # the least probability of a class before they are normalized
_CANDIDATES = 8192  # points among which a batch is chosen: the least certain ones
_CHUNK = 4096  # points at which the field is evaluated at once

Floats = NDArray[np.float64]


class ClassField:
    """Probabilities of classes at all points, from those at some.

    Parameters
    ----------
    points
        (n, d), scaled so that every coordinate has the range 0 … 1.
    known
        (m,), the positions of the points whose classes are known.
    probabilities
        (m, classes), their probabilities.
    """

    def __init__(self, points: Floats, known: NDArray[np.intp], probabilities: NDArray[np.floating]) -> None:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import Matern

        self.points, self.known = points, known
        self._given = probabilities.astype(np.float64)
        classes = self._given.shape[1]
        targets = _LABEL * np.eye(classes)[self._given.argmax(axis=1)] + (1 - _LABEL) * self._given - 1 / classes
        process = GaussianProcessRegressor(Matern(LENGTH, nu=0.5), alpha=NOISE, optimizer=None)
        self._process = process.fit(points[known], targets)

    @functools.cached_property
    def probabilities(self) -> Floats:
        """(n, classes): those that were given, and at all other points the regression's, normalized."""
        classes = self._given.shape[1]
        chunks = [self.points[start : start + _CHUNK] for start in range(0, len(self.points), _CHUNK)]
        means = [np.reshape(self._process.predict(chunk), (-1, classes)) for chunk in chunks]
        found = np.maximum(np.concatenate(means) + 1 / classes, _FLOOR)
        found /= found.sum(axis=1, keepdims=True)
        found[self.known] = self._given
        return np.asarray(found)

    def choose(self, count: int, excluded: NDArray[np.intp]) -> list[int]:
        """The next ``count`` points: where classes border, and far from known points and from each other.

        The score is (1 − margin) times a small power of the process's variance, which falls around every point that is
        chosen. ``excluded``: positions of points that are not to be chosen, besides the known ones.
        """
        two = np.sort(self.probabilities, axis=1)[:, -2:]
        unsure = 1 - (two[:, -1] - two[:, 0] if two.shape[1] == 2 else 0 * two[:, 0])
        free = np.setdiff1d(np.arange(len(self.points)), np.concatenate([self.known, excluded]))
        free = np.sort(free[np.argsort(-unsure[free], kind="stable")[:_CANDIDATES]])
        return free[self._spread(self.points[free], unsure[free], min(count, len(free)))].tolist()

    def _spread(self, points: Floats, score: Floats, count: int) -> list[int]:
        """Positions with the largest scores, each in view of those before it."""
        from scipy.linalg import solve_triangular

        kernel = self._process.kernel_
        known = solve_triangular(self._process.L_, kernel(self.points[self.known], points), lower=True)
        variance = np.maximum(1 - (known**2).sum(axis=0), 0)
        rows = np.empty((count, len(points)))
        chosen: list[int] = []
        open_ = np.ones(len(points), dtype=bool)
        for step in range(count):
            best = int(np.argmax(np.where(open_, score * variance**_DISTANCE, -1)))
            open_[best] = False
            chosen.append(best)
            row = kernel(points[best : best + 1], points)[0] - known[:, best] @ known - rows[:step, best] @ rows[:step]
            rows[step] = row / np.sqrt(max(row[best], 0) + NOISE)
            variance = np.maximum(variance - rows[step] ** 2, 0)
        return chosen


def spread_points(points: Floats, count: int, seed: int) -> list[int]:
    """Points that fill the space: a random one, then always the one farthest from all before.

    Source: T. F. Gonzalez, Theor. Comput. Sci. 38, 293 (1985).
    """
    chosen = [int(np.random.default_rng(seed).integers(len(points)))]
    distance = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
        distance[chosen] = -1
    return chosen
