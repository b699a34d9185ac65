"""Several runs at the same parameters: which classes they end in, how often, and where more than one exists."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.prediction import Prediction

#: The share of a point's runs from which a class counts as one of its states: of up to ten runs, one is enough.
LEAST_SHARE = 0.1


@dataclasses.dataclass(frozen=True)
class Occupancy:
    """How many runs were read as each class at each distinct point, the points in the order of their first readings.

    ``place``: (readings,), the point of each; ``first``: (points,), the first reading of each;
    ``counts``: (points, classes); ``certainty``: (points, classes), the mean of the readings' probabilities.
    A misread run counts as what it was read as, so a single odd run in many is not yet a state: see LEAST_SHARE.
    """

    classes: tuple[str, ...]
    place: NDArray[np.intp]
    first: NDArray[np.intp]
    counts: NDArray[np.intp]
    certainty: NDArray[np.float64]

    @property
    def runs(self) -> NDArray[np.intp]:
        """Runs at each point."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def repeated(self) -> bool:
        """Whether any point has more than one run."""
        return len(self.place) > len(self.first)

    @functools.cached_property
    def shares(self) -> NDArray[np.float64]:
        """P(class | parameters), (points, classes): the share of a point's runs that was read as each class."""
        return np.asarray(self.counts / self.runs[:, None])

    @functools.cached_property
    def majority(self) -> NDArray[np.intp]:
        """Number of the class that most of a point's runs were read as; of equals, the more probable one."""
        return np.argmax(self.counts + 0.5 * self.certainty, axis=1)

    @functools.cached_property
    def second(self) -> NDArray[np.intp]:
        """Number of the class that comes after the majority's."""
        rank = self.counts + 0.5 * self.certainty
        rank[np.arange(len(rank)), self.majority] = -1
        return np.argmax(rank, axis=1)

    @functools.cached_property
    def states(self) -> NDArray[np.intp]:
        """How many classes coexist at each point: those with a share of LEAST_SHARE or more."""
        return np.asarray((self.shares >= LEAST_SHARE).sum(axis=1))

    @property
    def multistable(self) -> NDArray[np.bool_]:
        """Where two or more classes coexist."""
        return self.states >= 2

    @functools.cached_property
    def entropy(self) -> NDArray[np.float64]:
        """−Σ P log₂ P of the shares at each point, in bits: 0 where all runs agree, 1 for two even shares."""
        logarithm = np.log2(self.shares, out=np.zeros_like(self.shares), where=self.shares > 0)
        return np.maximum(-np.sum(self.shares * logarithm, axis=1), 0.0)

    def averaged(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean over the runs at the same point, one value a reading; NaN counts as unknown."""
        known = np.isfinite(values)
        total, number = np.zeros(len(self.first)), np.zeros(len(self.first))
        np.add.at(total, self.place[known], values[known])
        np.add.at(number, self.place[known], 1)
        mean = np.divide(total, number, out=np.full(len(self.first), np.nan), where=number > 0)
        return np.asarray(mean[self.place])

    def interval(self, deviations: float = 1.96) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ends of the Wilson interval of every share, (points, classes) each; 1.96 deviations are 95 %.

        (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n).   Source: Wilson, J. Am. Stat. Assoc. 22, 209 (1927).
        """
        n, z2 = self.runs[:, None], deviations**2
        middle = self.shares + z2 / (2 * n)
        half = deviations * np.sqrt(self.shares * (1 - self.shares) / n + z2 / (4 * n**2))
        low, high = (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)
        return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def occupancy_of(reading: Prediction, points: Sequence[Hashable]) -> Occupancy:
    """Group readings by their ``points``, one a reading: equal ones are the same point."""
    numbers: dict[Hashable, int] = {}
    place = np.array([numbers.setdefault(point, len(numbers)) for point in points], dtype=np.intp)
    first = np.unique(place, return_index=True)[1].astype(np.intp)
    shape = (len(numbers), len(reading.classes))
    counts, certainty = np.zeros(shape, dtype=np.intp), np.zeros(shape)
    np.add.at(counts, (place, reading.index), 1)
    np.add.at(certainty, place, reading.probabilities.astype(np.float64))
    return Occupancy(reading.classes, place, first, counts, certainty / counts.sum(axis=1)[:, None])


def occupancy_rows(occupancy: Occupancy, values: Mapping[str, NDArray[np.float64]]) -> list[dict[str, Any]]:
    """One row a distinct point, for a table. ``values``: the parameters at every reading.

    The parameters, number of runs, majority's class with its share and the ends of its 95 % interval, number of states,
    entropy of the shares in bits (``coexistence``), and the share of each class as ``P(class)``.
    """
    low, high = occupancy.interval()
    rows = []
    for point, reading in enumerate(occupancy.first):
        most = occupancy.majority[point]
        row: dict[str, Any] = {name: float(column[reading]) for name, column in values.items()}
        row["runs"] = int(occupancy.runs[point])
        row["class"] = occupancy.classes[most]
        for name, number in (("share", occupancy.shares), ("low", low), ("high", high)):
            row[name] = round(float(number[point, most]), 6)
        row["states"] = int(occupancy.states[point])
        row["coexistence"] = round(float(occupancy.entropy[point]), 6)
        row |= {
            f"P({name})": round(float(p), 6) for name, p in zip(occupancy.classes, occupancy.shares[point], strict=True)
        }
        rows.append(row)
    return rows
