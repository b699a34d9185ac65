"""Ensembles of any models as training data of an encoder: patterns and which of them have the same parameters."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.learning.homogeneous import homogeneous_runs

MIN_POINTS = 16  # with a pattern, over all ensembles


@dataclasses.dataclass(frozen=True, eq=False)
class PatternSet:
    """The finished runs of an ensemble that have a pattern; labels are not read.

    ``frames``: (n, frames, y, x), float16 where that resolves them; ``points``: the numbers of the runs at each point
    of parameter space; ``homogeneous``: how many runs were left out; ``numbers``: of the runs in the ensemble, (n,).
    """

    name: str
    plan_hash: str
    frames: NDArray[np.floating]
    points: list[NDArray[np.intp]]
    homogeneous: int
    numbers: NDArray[np.intp] = dataclasses.field(default_factory=lambda: np.array([], dtype=np.intp))

    @property
    def size(self) -> int:
        """The shorter side of the grid, in cells."""
        return min(self.frames.shape[-2:])

    def split(self, share: float, seed: int) -> tuple[list[int], list[int]]:
        """The numbers of the points to train on, and of the share that is held out of those with two runs or more."""
        several = [number for number, runs in enumerate(self.points) if len(runs) > 1]
        order = np.random.default_rng(seed).permutation(several).tolist()
        held = set(order[: round(share * len(self.points))])
        return [number for number in range(len(self.points)) if number not in held], sorted(held)

    def summary(self) -> dict[str, Any]:
        """What the provenance says of it."""
        return {
            "name": self.name,
            "plan_hash": self.plan_hash,
            "runs": len(self.frames),
            "points": len(self.points),
            "homogeneous_runs_left_out": self.homogeneous,
        }


def load_patterns(ensemble: Ensemble) -> PatternSet:
    """The patterned runs of an ensemble, all with the same parameters together."""
    plan, usable = ensemble.plan, ensemble.usable()
    frames = ensemble.frames(usable)
    patterned = np.flatnonzero(~homogeneous_runs(frames, homogeneity_scale(plan)))
    together: dict[Any, list[int]] = {}
    for position, run in enumerate(usable[patterned].tolist()):
        row = plan.runs[run]
        key = (*((name, repr(value)) for name, value in row.parameters.given.items()), str(plan.initial_of(run)))
        together.setdefault(key, []).append(position)
    points = [np.array(runs, dtype=np.intp) for runs in together.values()]
    return PatternSet(
        plan.name, plan.hash, _compact(frames[patterned]), points, len(usable) - len(patterned), usable[patterned]
    )


def _compact(frames: NDArray[np.float32]) -> NDArray[np.floating]:
    """The same values as float16, which takes half the memory, if they are neither too large nor too small for it."""
    largest = float(np.abs(frames).max()) if frames.size else 1.0
    return frames.astype(np.float16) if 0.01 < largest < 60000 else frames


def check_patterns(sets: Sequence[PatternSet]) -> None:
    """Raise UsageError unless there are enough points with a pattern, on grids that an encoder reads."""
    points = sum(len(one.points) for one in sets)
    if points < MIN_POINTS:
        raise UsageError(
            f"{', '.join(one.name for one in sets)}: {points} points with a pattern; at least {MIN_POINTS} are needed; "
            "simulate more points, or others"
        )
    for one in sets:
        if len(one.frames) and one.size < 32:
            height, width = one.frames.shape[-2:]
            raise UsageError(f"{one.name} has {width}x{height} cells; an encoder needs 32x32 or more")


def batches(
    points: Sequence[Sequence[int]], batch: int, parts: int, random: np.random.Generator
) -> Iterator[list[tuple[int, NDArray[np.intp]]]]:
    """Batches of one epoch: lists of (set, numbers of some of its points).

    A batch of ``batch`` points has ``parts`` parts, each with points of one set. So most other patterns of a batch are
    of the same few models, which are harder to tell apart than different models.
    """
    length = max(1, batch // parts)
    chunks: list[tuple[int, NDArray[np.intp]]] = []
    for number, own in enumerate(points):
        order = random.permutation(np.asarray(own, dtype=np.intp))
        whole = max(1, len(order) // length) if len(order) else 0
        chunks += [(number, chunk) for chunk in np.array_split(order[: max(length, whole * length)], whole or 1)]
    chunks = [chunk for chunk in chunks if len(chunk[1])]
    mixed = [chunks[i] for i in random.permutation(len(chunks))]
    for start in range(0, len(mixed), parts):
        yield mixed[start : start + parts]
