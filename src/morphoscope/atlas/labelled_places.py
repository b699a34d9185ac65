"""Which runs of an atlas lie beside each other in parameter space, and which lie where people gave labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from morphoscope.atlas.atlas import Atlas

_ONE_STEP = 1.01  # of a lattice, diagonals included
_NEAR = 1.5  # spacings: beside each other among points without a lattice; beside a labelled point
_BESIDE = 4  # runs that represent a labelled point


class Places:
    """Positions of some readings of an atlas in parameter space, in units of the spacing of the points.

    ``chosen``: the positions of the readings in the atlas. The spacing along a parameter is the step of the lattice, or
    without one that of as many points spread evenly.
    """

    def __init__(self, atlas: Atlas, chosen: NDArray[np.intp]) -> None:
        self.atlas, self.names = atlas, atlas.varying
        columns = [atlas.values(name) for name in self.names]
        steps = [_lattice_step(column) for column in columns]
        self.lattice = bool(steps) and all(step is not None for step in steps)
        points = max(len(atlas.occupancy.first), 1)
        even = points ** (-1 / max(len(columns), 1))
        self._units = np.array([s or np.ptp(c) * even for c, s in zip(columns, steps, strict=True)])
        self.points = np.stack([c[chosen] for c in columns], axis=1) / self._units if columns else None

    def neighbours(self) -> csr_array:
        """Which readings lie beside each other, (n, n), without the diagonal; replicates of a point do."""
        from scipy.sparse import csr_array
        from scipy.spatial import KDTree

        if self.points is None:
            return csr_array((0, 0), dtype=np.float32)
        radius = _ONE_STEP if self.lattice else _NEAR
        pairs = KDTree(self.points).query_pairs(radius, p=np.inf, output_type="ndarray")
        both = np.concatenate([pairs, pairs[:, ::-1]])
        shape = (len(self.points),) * 2
        return csr_array((np.ones(len(both), dtype=np.float32), (both[:, 0], both[:, 1])), shape=shape)

    def beside(self, parameters: dict[str, float]) -> list[int]:
        """The few readings that lie beside a point, as indices of the chosen ones, nearest first."""
        if self.points is None:
            return []
        point = np.array([parameters[name] for name in self.names]) / self._units
        apart = np.abs(self.points - point).max(axis=1)
        nearest = np.argsort(apart, kind="stable")[:_BESIDE]
        return [int(index) for index in nearest if apart[index] < _NEAR]


def _lattice_step(column: NDArray[np.float64]) -> float | None:
    """The typical step between values; None if most of them are distinct, as in a random sample."""
    values = np.unique(column.round(12))
    return None if len(values) > max(2, len(column) // 2) else float(np.median(np.diff(values)))


def labelled(atlas: Atlas, places: Places, chosen: NDArray[np.intp]) -> list[tuple[str, list[int]]]:
    """Class and readings (indices of the chosen ones) of each place with a label.

    Each point of the classifier's training set is one, represented by the runs beside it that were read as its class,
    and each annotated run.
    """
    found = []
    read = np.array(atlas.reading.names)[chosen]
    for row in atlas.metadata.get("training_rows", []):
        try:
            given = atlas.plan.model.complete(row["parameters"])
            numbers = {name: float(given[name]) for name in places.names}
        except (UsageError, KeyError, TypeError, ValueError):
            continue  # a point of another model, or with parameters that vary in space
        name = str(row["class"])
        if own := [index for index in places.beside(numbers) if read[index] == name]:
            found.append((name, own))
    index = {int(atlas.runs[position]): i for i, position in enumerate(chosen.tolist())}
    annotated = atlas.annotations.current().values()
    return found + [(each.new, [index[each.run]]) for each in annotated if each.new and each.run in index]
