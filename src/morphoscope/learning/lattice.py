"""Points of parameter space in units of their spacing, and which of them lie beside each other."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FILLED = 0.25  # share of a lattice's points, at least, that are there
_ONE_STEP = 1.01  # of a lattice, diagonals included
NEAR = 1.5  # spacings: beside each other among points without a lattice


@dataclasses.dataclass(frozen=True, eq=False)
class Lattice:
    """The spacing of some points (n, parameters).

    ``columns``: the parameters that vary; ``low``: their lowest values; ``steps``: their spacing, which is the step of
    the lattice, or without a lattice that of as many points spread evenly; ``regular``: whether there is a lattice.
    """

    columns: NDArray[np.intp]
    low: Floats
    steps: Floats
    regular: bool

    @classmethod
    def of(cls, points: Floats) -> Lattice:
        """The lattice of points (n, parameters); finite numbers, n > 0."""
        columns = np.flatnonzero(np.ptp(points, axis=0) > 0)
        varying = points[:, columns]
        found = len(np.unique(varying, axis=0))
        counts = np.array([len(np.unique(column.round(12))) for column in varying.T])
        regular = found >= _FILLED * np.prod(counts, dtype=float)
        if not regular:
            counts = np.full(len(columns), found ** (1 / len(columns)))
        low = varying.min(axis=0)
        return cls(columns, low, np.ptp(varying, axis=0) / np.maximum(counts - 1, 1), bool(regular))

    def position(self, points: Floats) -> Floats:
        """Points (n, parameters) in units of the spacing, (n, varying parameters); one column of 0 if none varies."""
        if not len(self.columns):
            return np.zeros((len(points), 1))
        return np.asarray((points[:, self.columns] - self.low) / self.steps)

    def pairs(self, position: Floats) -> NDArray[np.intp]:
        """The pairs (m, 2) of positions that lie beside each other along every axis; two at one point do."""
        from scipy.spatial import KDTree

        reach = _ONE_STEP if self.regular else NEAR
        return np.asarray(KDTree(position).query_pairs(reach, p=np.inf, output_type="ndarray"), dtype=np.intp)
