"""Atlases of runs with several initial conditions: each one alone, and where the class depends on them."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.views import part_of
from morphoscope.core.errors import UsageError, nearest


def with_initial(atlas: Atlas, initial: str) -> Atlas:
    """The part of an atlas whose runs began from one initial condition, for figures and tables.

    ``initial``: its text, as in :attr:`Atlas.initials`, or its name alone where only one has it. Raises UsageError if
    no run began from it.
    """
    texts = atlas.initials
    found = [text for text in texts if text == initial] or [t for t in texts if t.partition(":")[0] == initial]
    if not found:
        raise UsageError(f"no run of {atlas.folder} began from {initial!r}; {nearest(initial, texts)}")
    if len(found) > 1:
        raise UsageError(f"{initial!r} is ambiguous in {atlas.folder}; give one with its options: {', '.join(found)}")
    kept = np.array([str(atlas.plan.initial_of(run)) == found[0] for run in atlas.runs])
    return part_of(atlas, kept)


@dataclasses.dataclass(frozen=True, eq=False)
class Starts:
    """The readings of an atlas by point and initial condition.

    ``initials``: (starts,), their texts; ``first``: (points,), the position of the first reading of each point;
    ``point_index``: (readings,), the point of each reading; ``counts``: (points, starts, classes), the number of runs
    that were read as each class; ``low``, ``high``: the ends of the 95 % Wilson intervals of their shares, 0 and 1
    where there is no run.
    """

    initials: tuple[str, ...]
    first: NDArray[np.intp]
    point_index: NDArray[np.intp]
    counts: NDArray[np.intp]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @functools.cached_property
    def depends(self) -> NDArray[np.bool_]:
        """Whether the class depends on the initial condition, for each point.

        It does if the intervals of the share of some class do not overlap for two initial conditions. So it takes at
        least four runs with each: the intervals of 0 of 4 and of 4 of 4 end at 0.49 and begin at 0.51.
        """
        return np.asarray((self.low.max(axis=1) > self.high.min(axis=1)).any(axis=-1))

    @functools.cached_property
    def differs(self) -> NDArray[np.bool_]:
        """Whether the most frequent class is not the same for all initial conditions, for each point."""
        known = self.counts.sum(axis=-1) > 0
        most = np.where(known, self.counts.argmax(axis=-1), -1)
        return np.asarray(most.max(axis=1) != np.where(known, most, len(self.counts[0, 0])).min(axis=1))


def compare_starts(atlas: Atlas) -> Starts:
    """Count the readings of each point by initial condition. Raises UsageError if all runs have the same."""
    initials = atlas.initials
    if len(initials) < 2:
        raise UsageError(f"all runs of {atlas.folder} began from {initials[0]}; simulate an ensemble with several")
    texts = [str(atlas.plan.initial_of(run)) for run in atlas.runs]
    start = np.array([initials.index(text) for text in texts])
    numbers: dict[object, int] = {}
    index = np.array([numbers.setdefault(atlas.plan.runs[run].parameters, len(numbers)) for run in atlas.runs])
    occupancy = atlas.occupancy
    shape = (len(numbers), len(initials), len(atlas.classes))
    counts, low, high = np.zeros(shape, dtype=np.intp), np.zeros(shape), np.ones(shape)
    ends = occupancy.interval()
    for group, reading in enumerate(occupancy.first.tolist()):
        place = index[reading], start[reading]
        counts[place], low[place], high[place] = occupancy.counts[group], ends[0][group], ends[1][group]
    return Starts(initials, np.unique(index, return_index=True)[1], index, counts, low, high)


#: What the numbers of :func:`dependence` mean.
DEPENDENCE = ("most frequent class the same", "most frequent class differs, uncertain", "class depends on the start")


def dependence(atlas: Atlas) -> NDArray[np.float64]:
    """How far the class at the point of each reading depends on the start, (readings,): a number of DEPENDENCE.

    NaN at points where all runs have the same start. Raises UsageError if all runs of the atlas have the same.
    """
    found = compare_starts(atlas)
    level = np.where(found.depends, 2.0, found.differs.astype(np.float64))
    alone = (found.counts.sum(axis=-1) > 0).sum(axis=1) < 2
    return np.where(alone, np.nan, level)[found.point_index]


def start_numbers(atlas: Atlas) -> NDArray[np.intp]:
    """The initial condition of each reading, as a position in :attr:`Atlas.initials`, (readings,)."""
    number = {text: place for place, text in enumerate(atlas.initials)}
    return np.array([number[str(atlas.plan.initial_of(run))] for run in atlas.runs.tolist()], dtype=np.intp)


def start_columns(atlas: Atlas) -> dict[str, NDArray[Any]]:
    """For every reading its initial condition, and whether the class depends on it at the reading's point (1 or 0)."""
    found = compare_starts(atlas)
    texts = np.array([str(atlas.plan.initial_of(run)) for run in atlas.runs])
    return {"initial": texts, "depends_on_initial": found.depends[found.point_index].astype(np.intp)}
