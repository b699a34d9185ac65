"""Where in parameter space a class was read, seen from the place where it is looked for."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from morphoscope.atlas import Atlas, symbol


@dataclasses.dataclass(frozen=True)
class Sighting:
    """One reading: where, how far from the place looked at, as what and how surely."""

    point: dict[str, float]
    distance: float
    read_as: str
    probability: float


@dataclasses.dataclass(frozen=True)
class Search:
    """What the readings nearest to a place are, and where the class was read at all, both nearest first.

    Distance is √Σ((x − place) / step)² over the parameters: in steps of the scan. Beyond ``far`` a sighting is far.
    """

    class_name: str
    place: dict[str, float]
    steps: dict[str, float]
    far: float
    nearest: list[Sighting]
    sightings: list[Sighting]

    @property
    def found(self) -> int:
        """How many of the nearest readings are the class."""
        return sum(s.read_as == self.class_name for s in self.nearest)

    @property
    def elsewhere(self) -> list[Sighting]:
        """The class's far sightings."""
        return [s for s in self.sightings if s.distance > self.far]

    def summary(self) -> str:
        """What came of the search, in two sentences."""
        letter = symbol(self.class_name)
        place = ", ".join(f"{name} = {value:g}" for name, value in self.place.items())
        far = f"{len(self.elsewhere)} more than {self.far:g} steps of the scan away"
        return (
            f"Of the {len(self.nearest)} scan points nearest to {place}, {self.found} are read as {letter}. "
            f"In the whole scan {len(self.sightings)} are, {far}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**dataclasses.asdict(self), "found": self.found, "elsewhere": len(self.elsewhere)}


def look_for(
    atlas: Atlas, class_name: str, place: dict[str, float], steps: dict[str, float], *, far: float, nearest: int = 9
) -> Search:
    """Look for a class around a place; ``steps``: the scan's spacing of each parameter."""
    squares = [((atlas.values(name) - place[name]) / step) ** 2 for name, step in steps.items()]
    distance = np.sqrt(np.sum(squares, axis=0))
    order = np.argsort(distance, kind="stable").tolist()
    names, probability = atlas.reading.names, atlas.reading.probability
    columns = {name: atlas.values(name) for name in steps}

    def sighting(i: int) -> Sighting:
        point = {name: float(values[i]) for name, values in columns.items()}
        return Sighting(point, float(distance[i]), names[i], float(probability[i]))

    return Search(
        class_name,
        place,
        steps,
        far,
        [sighting(i) for i in order[:nearest]],
        [sighting(i) for i in order if names[i] == class_name],
    )
