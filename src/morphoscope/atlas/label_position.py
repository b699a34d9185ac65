"""Positions of class symbols in a map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_RADIUS = 0.04  # of the neighbourhood in which points are counted, as a fraction of the extent of the plane


def label_position(plane: NDArray[np.float64], members: NDArray[np.intp]) -> tuple[float, float]:
    """A point where a class is dense and other classes are far away.

    Parameters
    ----------
    plane
        The two coordinates of every reading, (readings, 2).
    members
        Positions of the readings of the class, at least one.

    Returns
    -------
    tuple of float
        One of the points of ``members``. Among those with nearly the most neighbours of the class, it is one of the
        farthest from other classes, and of these the one nearest to their mean.
    """
    from scipy.spatial import cKDTree

    extent = np.ptp(plane, axis=0)
    extent[extent == 0] = 1.0
    points = np.unique(plane[members], axis=0) / extent  # a scan may have several runs at a point
    neighbours = np.array([len(found) for found in cKDTree(points).query_ball_point(points, _RADIUS)])
    dense = points[neighbours >= 0.9 * neighbours.max()]
    others = np.delete(plane, members, axis=0) / extent
    distance = np.full(len(dense), 1.0) if not len(others) else cKDTree(others).query(dense)[0]
    inner = dense[distance >= 0.9 * distance.max()]
    x, y = inner[np.argmin(np.sum((inner - inner.mean(axis=0)) ** 2, axis=1))] * extent
    return float(x), float(y)
