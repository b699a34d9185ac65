"""Occupancy: the shares of classes among the runs at the same point, and the coexistence of classes."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.prediction import Prediction

#: A class coexists at a point if its share of the point's runs is at least this: of up to ten runs, one is enough.
MIN_SHARE = 0.1


@dataclasses.dataclass(frozen=True)
class Occupancy:
    """The number of runs of each class at each distinct point; points are in the order of their first readings.

    ``point_index``: (readings,), the point of each reading; ``first``: (points,), the first reading of each point;
    ``counts``: (points, classes); ``certainty``: (points, classes), the mean of the readings' probabilities.
    Misread runs are counted, too. So one run among many does not count as a coexisting class: see MIN_SHARE.
    """

    classes: tuple[str, ...]
    point_index: NDArray[np.intp]
    first: NDArray[np.intp]
    counts: NDArray[np.intp]
    certainty: NDArray[np.float64]

    @property
    def runs(self) -> NDArray[np.intp]:
        """The number of runs at each point."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def repeated(self) -> bool:
        """Whether any point has more than one run."""
        return len(self.point_index) > len(self.first)

    @functools.cached_property
    def shares(self) -> NDArray[np.float64]:
        """P(class | parameters), (points, classes): the share of a point's runs that was read as each class."""
        return np.asarray(self.counts / self.runs[:, None])

    @functools.cached_property
    def majority(self) -> NDArray[np.intp]:
        """The index of the most frequent class of each point; of equally frequent classes, the more probable one."""
        return np.argmax(self.counts + 0.5 * self.certainty, axis=1)

    @functools.cached_property
    def second(self) -> NDArray[np.intp]:
        """The index of the second most frequent class of each point."""
        rank = self.counts + 0.5 * self.certainty
        rank[np.arange(len(rank)), self.majority] = -1
        return np.argmax(rank, axis=1)

    @functools.cached_property
    def states(self) -> NDArray[np.intp]:
        """The number of classes that coexist at each point: those with a share of at least MIN_SHARE."""
        return np.asarray((self.shares >= MIN_SHARE).sum(axis=1))

    @property
    def multistable(self) -> NDArray[np.bool_]:
        """Whether two or more classes coexist, for each point."""
        return self.states >= 2

    @functools.cached_property
    def entropy(self) -> NDArray[np.float64]:
        """−Σ P log₂ P of the shares at each point, in bits: 0 if all runs have one class, 1 for two equal shares."""
        logarithm = np.log2(self.shares, out=np.zeros_like(self.shares), where=self.shares > 0)
        return np.maximum(-np.sum(self.shares * logarithm, axis=1), 0.0)

    def averaged(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean over the runs at the same point, one value per reading; NaN is ignored."""
        known = np.isfinite(values)
        total, number = np.zeros(len(self.first)), np.zeros(len(self.first))
        np.add.at(total, self.point_index[known], values[known])
        np.add.at(number, self.point_index[known], 1)
        mean = np.divide(total, number, out=np.full(len(self.first), np.nan), where=number > 0)
        return np.asarray(mean[self.point_index])

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
    """Group readings by their ``points``, one per reading; equal points are the same point."""
    numbers: dict[Hashable, int] = {}
    index = np.array([numbers.setdefault(point, len(numbers)) for point in points], dtype=np.intp)
    first = np.unique(index, return_index=True)[1].astype(np.intp)
    shape = (len(numbers), len(reading.classes))
    counts, certainty = np.zeros(shape, dtype=np.intp), np.zeros(shape)
    np.add.at(counts, (index, reading.index), 1)
    np.add.at(certainty, index, reading.probabilities.astype(np.float64))
    return Occupancy(reading.classes, index, first, counts, certainty / counts.sum(axis=1)[:, None])


def occupancy_rows(occupancy: Occupancy, values: Mapping[str, NDArray[Any]]) -> list[dict[str, Any]]:
    """One row per distinct point, for a table. ``values``: for every reading its parameters, and what else is known.

    Columns: these values, the number of runs, the most frequent class with its share and the ends of its 95 %
    interval, the number of coexisting classes (``states``), the entropy of the shares in bits (``coexistence``), and
    the share of each class as ``P(class)``.
    """
    low, high = occupancy.interval()
    rows = []
    for point, reading in enumerate(occupancy.first):
        most = occupancy.majority[point]
        row: dict[str, Any] = {name: column[reading].item() for name, column in values.items()}
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
