"""Spots, holes and the Euler characteristic of a pattern after thresholding."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.spectrum import PERIODIC, is_homogeneous


@dataclasses.dataclass(frozen=True)
class Regions:
    """Connected regions of a mask. ``areas``: number of cells; ``across``: whether a region reaches across the grid."""

    areas: NDArray[np.intp]
    across: NDArray[np.bool_]

    @property
    def islands(self) -> NDArray[np.intp]:
        """Areas of the regions that do not reach across."""
        return self.areas[~self.across]


@dataclasses.dataclass(frozen=True)
class Shapes:
    """Number and mean area of spots above and holes below the threshold; Euler characteristic of the part above it."""

    spots: int
    spot_area: float
    holes: int
    hole_area: float
    euler: int


def shapes(
    field: NDArray[np.floating],
    spacing: float = 1.0,
    periodic: tuple[bool, bool] = PERIODIC,
    magnitude: float = 1.0,
) -> Shapes:
    """Threshold a field (y, x) by Otsu's method and count regions; all 0, with areas NaN, for a homogeneous field.

    Source: N. Otsu, IEEE Trans. Syst. Man Cybern. 9, 62 (1979).
    """
    if is_homogeneous(field, magnitude):
        return Shapes(0, math.nan, 0, math.nan, 0)
    from skimage.filters import threshold_otsu

    above = np.asarray(field > threshold_otsu(field))
    spots, holes = (regions(mask, periodic).islands for mask in (above, ~above))
    cell = spacing**2 if min(field.shape) > 1 else spacing
    areas = [float(found.mean()) * cell if len(found) else math.nan for found in (spots, holes)]
    return Shapes(len(spots), areas[0], len(holes), areas[1], euler_characteristic(above, periodic))


def euler_characteristic(mask: NDArray[np.bool_], periodic: tuple[bool, bool] = PERIODIC) -> int:
    """χ = cells − pairs of neighbours + full 2 × 2 squares = number of regions − number of holes in them.

    Regions are cells connected by sides. χ is 1 for a disc, 0 for a ring, 0 for a stripe around a periodic axis.
    """
    # Along an axis with one cell, the cell is not its own neighbour.
    wrapped = [whole and n > 1 for n, whole in zip(mask.shape, periodic, strict=True)]
    padded = np.pad(mask, [(0, int(w)) for w in wrapped], mode="wrap")
    down = padded[1:] & padded[:-1]
    right = padded[:, 1:] & padded[:, :-1]
    squares = down[:, 1:] & down[:, :-1]
    pairs = np.count_nonzero(down[:, : mask.shape[1]]) + np.count_nonzero(right[: mask.shape[0]])
    return int(np.count_nonzero(mask)) - int(pairs) + int(np.count_nonzero(squares))


def regions(mask: NDArray[np.bool_], periodic: tuple[bool, bool] = PERIODIC) -> Regions:
    """The regions of cells connected by sides, also across the ends of ``periodic`` (y, x) axes.

    A region reaches across the grid if it winds around a periodic axis, or touches both ends of another axis. Winding
    is detected on a 2 × 2 cover of the torus, in which a region is connected to its own copy only if it winds.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from skimage.measure import label

    labels, count = label(mask, connectivity=1, return_num=True)
    nodes = np.arange(count + 1)
    starts: list[NDArray[np.intp]] = []
    ends: list[NDArray[np.intp]] = []
    touching = np.zeros(count + 1, dtype=bool)
    for axis, whole in enumerate(periodic):
        first, last = (np.take(labels, place, axis) for place in (0, -1))
        if mask.shape[axis] == 1:
            continue
        if not whole:
            touching[np.intersect1d(first, last)] = True
            continue
        joined = (first > 0) & (last > 0)
        for sheet in range(4):
            starts.append(last[joined] * 4 + sheet)
            ends.append(first[joined] * 4 + (sheet ^ (1 << axis)))
    if not starts:
        return _gathered(labels, nodes, touching)
    begin, end = np.concatenate(starts), np.concatenate(ends)
    graph = coo_array((np.ones(len(begin), np.int8), (begin, end)), shape=(4 * count + 4,) * 2)
    found = connected_components(graph, directed=False)[1].reshape(-1, 4)
    touching |= (found[:, 1:] == found[:, :1]).any(axis=1)
    return _gathered(labels, found.min(axis=1), touching)


def _gathered(labels: NDArray[np.intp], region: NDArray[np.intp], touching: NDArray[np.bool_]) -> Regions:
    """Areas of the regions that labels belong to, and which of them reach across. Label 0 is outside the mask."""
    areas = np.bincount(labels.ravel(), minlength=len(region))[1:]
    _, members = np.unique(region[1:], return_inverse=True)
    total = np.bincount(members, weights=areas).astype(np.intp)
    across = np.bincount(members, weights=touching[1:]) > 0
    return Regions(total, across)
