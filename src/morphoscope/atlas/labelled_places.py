"""Which runs of an atlas lie beside each other in parameter space, and which lie where people gave labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.learning.lattice import NEAR, Lattice

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from morphoscope.atlas.atlas import Atlas

_BESIDE = 4  # runs that represent a labelled point


class Places:
    """Positions of some readings of an atlas in parameter space, in units of the spacing of the points.

    ``chosen``: the positions of the readings in the atlas.
    """

    def __init__(self, atlas: Atlas, chosen: NDArray[np.intp]) -> None:
        self.names = atlas.varying
        points = np.stack([np.zeros(len(atlas.runs)), *(atlas.values(name) for name in self.names)], axis=1)
        self._lattice = Lattice.of(points)
        self._position = self._lattice.position(points[chosen])

    def neighbours(self) -> csr_array:
        """Which readings lie beside each other, (n, n), without the diagonal; replicates of a point do."""
        from scipy.sparse import csr_array

        pairs = self._lattice.pairs(self._position)
        both = np.concatenate([pairs, pairs[:, ::-1]])
        shape = (len(self._position),) * 2
        return csr_array((np.ones(len(both), dtype=np.float32), (both[:, 0], both[:, 1])), shape=shape)

    def beside(self, parameters: dict[str, float]) -> list[int]:
        """The few readings that lie beside a point, as indices of the chosen ones, nearest first."""
        point = self._lattice.position(np.array([[0.0, *(parameters[name] for name in self.names)]]))
        apart = np.abs(self._position - point).max(axis=1).round(6)  # equally far ones in the order of the runs
        nearest = np.argsort(apart, kind="stable")[:_BESIDE]
        return [int(index) for index in nearest if apart[index] < NEAR]


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
