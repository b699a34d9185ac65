"""Where in parameter space a class was read, relative to the point where it is expected."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from morphoscope.atlas import Atlas, symbol


@dataclasses.dataclass(frozen=True)
class Occurrence:
    """One reading: its point, its distance from the expected point, the class and its probability."""

    point: dict[str, float]
    distance: float
    read_as: str
    probability: float


@dataclasses.dataclass(frozen=True)
class Search:
    """The readings nearest to a point, and all readings of a class, both in ascending order of distance.

    The distance is √Σ((x − place) / step)² over the parameters, that is, in steps of the scan. An occurrence at a
    distance above ``far`` counts as far away.
    """

    class_name: str
    place: dict[str, float]
    steps: dict[str, float]
    far: float
    nearest: list[Occurrence]
    occurrences: list[Occurrence]

    @property
    def found(self) -> int:
        """The number of nearest readings with the class."""
        return sum(s.read_as == self.class_name for s in self.nearest)

    @property
    def far_away(self) -> list[Occurrence]:
        """The occurrences that are far away."""
        return [s for s in self.occurrences if s.distance > self.far]

    def summary(self) -> str:
        """The result of the search in two sentences."""
        letter = symbol(self.class_name)
        place = ", ".join(f"{name} = {value:g}" for name, value in self.place.items())
        far = f"{len(self.far_away)} of them more than {self.far:g} steps of the scan away"
        return (
            f"Of the {len(self.nearest)} scan points nearest to {place}, {self.found} are read as {letter}. "
            f"In the whole scan, {len(self.occurrences)} are, {far}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**dataclasses.asdict(self), "found": self.found, "far_away": len(self.far_away)}


def search_class(
    atlas: Atlas, class_name: str, place: dict[str, float], steps: dict[str, float], *, far: float, nearest: int = 9
) -> Search:
    """Search for a class around a point; ``steps``: the scan's spacing of each parameter."""
    squares = [((atlas.values(name) - place[name]) / step) ** 2 for name, step in steps.items()]
    distance = np.sqrt(np.sum(squares, axis=0))
    order = np.argsort(distance, kind="stable").tolist()
    names, probability = atlas.reading.names, atlas.reading.probability
    columns = {name: atlas.values(name) for name in steps}

    def occurrence(i: int) -> Occurrence:
        point = {name: float(values[i]) for name, values in columns.items()}
        return Occurrence(point, float(distance[i]), names[i], float(probability[i]))

    return Search(
        class_name,
        place,
        steps,
        far,
        [occurrence(i) for i in order[:nearest]],
        [occurrence(i) for i in order if names[i] == class_name],
    )
