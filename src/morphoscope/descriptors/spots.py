"""Spots of a pattern: their number, size and shape, their neighbours, and how hexagonal their lattice is."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.local_waves import Waves

Floats = NDArray[np.float64]
_SMALLEST = 0.15  # of a wavelength: the diameter of the smallest island that is no noise
_MARGIN = 1.3  # wavelengths from an edge, within which a spot may lack neighbours; hexagons are 1.155 apart
_FEWEST = 4  # spots for neighbours


@dataclasses.dataclass(frozen=True)
class Spots:
    """Islands on one side of a threshold, in cells.

    Parameters
    ----------
    count
        Their number; those that an edge cuts count as a half.
    diameter, spread
        Mean and standard deviation of the diameter of discs of their areas; NaN without whole spots.
    circularity
        Mean of 4π area / perimeter², 1 for discs; NaN without whole spots.
    share
        Their share of the area on this side of the threshold.
    places
        Their centres, (spots, 2), y and x.
    """

    count: float
    diameter: float
    spread: float
    circularity: float
    share: float
    places: Floats


@dataclasses.dataclass(frozen=True)
class Lattice:
    """How spots are placed. NaN, and 0 defects, with too few spots.

    Parameters
    ----------
    hexagonality
        Mean of |ψ₆| over the spots, ψ₆ = ⟨e^{6iθ}⟩ over the directions θ of the neighbours; 1 for hexagons.
    order
        |⟨ψ₆⟩|: the same for the whole field; 1 for one crystal.
    defects
        Spots that do not have six neighbours.
    spots
        The spots whose neighbours are all inside.
    distance
        The mean distance between neighbours, in cells.
    """

    hexagonality: float
    order: float
    defects: int
    spots: int
    distance: float


def find_spots(mask: NDArray[np.bool_], waves: Waves) -> Spots:
    """The islands of a mask, cells connected by sides, that do not reach across the field.

    Along periodic axes the field is continued, and islands count where their centre is inside.
    """
    from skimage.measure import label, perimeter_crofton, regionprops

    margin = [n // 2 if whole else 0 for n, whole in zip(mask.shape, waves.periodic, strict=True)]
    padded = np.pad(mask, [(m, m) for m in margin], mode="wrap")
    smallest = math.pi / 4 * (_SMALLEST * waves.wavelength) ** 2
    places, areas, rounds, cut = [], [], [], 0
    inside = 0.0
    for each in regionprops(label(padded, connectivity=1)):
        top, left, bottom, right = each.bbox
        touching = [top == 0, bottom == padded.shape[0], left == 0, right == padded.shape[1]]
        if each.area < smallest or (touching[0] and touching[1]) or (touching[2] and touching[3]):
            continue
        place = np.array(each.centroid) - margin
        if (place < -0.5).any() or (place >= np.array(mask.shape) - 0.5).any() or _goes_on(touching, waves.periodic):
            continue
        places.append(place)
        inside += each.area
        if any(touching):
            cut += 1
            continue
        areas.append(float(each.area))
        outline = perimeter_crofton(each.image, directions=4)
        rounds.append(min(1.0, 4 * math.pi * each.area / outline**2))
    diameters = np.sqrt(4 * np.array(areas) / math.pi)
    return Spots(
        count=len(areas) + cut / 2,
        diameter=float(diameters.mean()) if len(areas) else math.nan,
        spread=float(diameters.std()) if len(areas) else math.nan,
        circularity=float(np.mean(rounds)) if rounds else math.nan,
        share=inside / max(int(mask.sum()), 1),
        places=np.array(places).reshape(-1, 2),
    )


def _goes_on(touching: list[bool], periodic: tuple[bool, bool]) -> bool:
    """Whether an island reaches the end of the continuation of a periodic axis: then it is no island."""
    return (periodic[0] and (touching[0] or touching[1])) or (periodic[1] and (touching[2] or touching[3]))


def lattice_of(places: Floats, waves: Waves) -> Lattice:
    """The neighbours of spots by Delaunay's triangulation of their centres.

    Spots within 1.3 wavelengths of an edge that is not periodic are neighbours of others, but not judged themselves.
    """
    from scipy.spatial import Delaunay, QhullError

    nothing = Lattice(math.nan, math.nan, 0, 0, math.nan)
    shape = np.array(waves.band.shape, dtype=np.float64)
    copies = [(-1, 0, 1) if whole else (0,) for whole in waves.periodic]
    shifts = sorted(((i, j) for i in copies[0] for j in copies[1]), key=lambda shift: shift != (0, 0))
    every = np.concatenate([places + shape * shift for shift in shifts]) if len(places) else places
    if len(places) < _FEWEST:
        return nothing
    try:
        starts, ends = Delaunay(every).vertex_neighbor_vertices
    except QhullError:  # all on a line
        return nothing
    margin = np.where(waves.periodic, -1.0, _MARGIN * waves.wavelength)
    judged = np.flatnonzero(((places >= margin) & (places <= shape - 1 - margin)).all(axis=1))
    orders, wrong, distances = [], 0, []
    for spot in judged:
        around = every[ends[starts[spot] : starts[spot + 1]]] - places[spot]
        if not len(around):  # on top of another one
            continue
        orders.append(np.mean(np.exp(6j * np.arctan2(around[:, 0], around[:, 1]))))
        distances.append(np.hypot(*around.T).mean())
        wrong += len(around) != 6
    if not orders:
        return nothing
    return Lattice(
        float(np.mean(np.abs(orders))), float(abs(np.mean(orders))), wrong, len(orders), float(np.mean(distances))
    )
