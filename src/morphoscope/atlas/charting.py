"""How a chart reads runs: groups of the patterns among them, and the branches of the homogeneous ones."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.adaptive import Known
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.descriptors.texture import texture
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.learning.branches import branch_names
from morphoscope.learning.encoder import Encoder
from morphoscope.learning.groups import MIN_RUNS, PARTITIONS, Groups, find_groups, most_groups
from morphoscope.learning.homogeneous import homogeneous_runs
from morphoscope.learning.lattice import Lattice
from morphoscope.learning.prediction import CHART, THEORY, VARIANCE, Prediction

_COMPONENTS = 32  # of an encoder's features
_FEW_PARTITIONS = 50  # while runs are chosen

Floats = NDArray[np.float64]
Frames = NDArray[np.float32]
Runs = NDArray[np.intp]


@dataclasses.dataclass(frozen=True, eq=False)
class Charted:
    """The reading of runs by their ``groups``; ``patterned``: the positions of the runs that these are of."""

    reading: Prediction
    groups: Groups
    patterned: Runs


class GroupReader:
    """Finds groups in runs of one ensemble; what a run's frames give is computed once.

    ``count``: number of groups; by default it is found. ``encoder``: its features are compared beside the textures.
    ``workers``: threads that compute textures.
    """

    def __init__(
        self,
        *,
        count: int | None = None,
        seed: int = 0,
        encoder: Encoder | None = None,
        workers: int | None = None,
        progress: Reporter = SILENT,
    ) -> None:
        self.count, self.seed, self.encoder = count, seed, encoder
        self._workers, self._progress = workers, progress
        self._textures: dict[int, list[float]] = {}
        self._encoded: dict[int, NDArray[np.float32]] = {}

    def read(self, ensemble: Ensemble, runs: Runs, frames: Frames) -> Charted:
        """Find the groups of runs with these frames. Raises UsageError if too few have a pattern."""
        uniform = self._uniform(ensemble, frames)
        patterned = np.flatnonzero(~uniform)
        groups = self._groups(ensemble, runs, frames, patterned, self.count, PARTITIONS, self._progress)
        scale = homogeneity_scale(ensemble.plan)
        names, by_theory = branch_names(ensemble.plan, runs[uniform], frames[uniform], scale)
        reading = _reading(groups, patterned, np.flatnonzero(uniform), names, by_theory)
        return Charted(reading, groups, patterned)

    def __call__(self, ensemble: Ensemble, batches: Sequence[Runs]) -> Known:
        """Groups of the runs so far, from fewer partitions; one group as long as too few runs have a pattern."""
        runs = np.concatenate([np.empty(0, dtype=np.intp), *batches])
        if not len(runs):
            return Known(runs, np.zeros((0, 0)))
        frames = ensemble.frames(runs)
        uniform = self._uniform(ensemble, frames)
        patterned = np.flatnonzero(~uniform)
        membership = np.ones((len(patterned), 1))
        if len(patterned) >= MIN_RUNS:
            count = self.count and min(self.count, most_groups(len(patterned)))
            membership = self._groups(ensemble, runs, frames, patterned, count, _FEW_PARTITIONS, SILENT).membership
        names, _ = branch_names(ensemble.plan, runs[uniform], frames[uniform], homogeneity_scale(ensemble.plan))
        branches = sorted(set(names))
        probabilities = np.zeros((len(runs), membership.shape[1] + len(branches)))
        probabilities[patterned, : membership.shape[1]] = membership
        probabilities[uniform, [membership.shape[1] + branches.index(name) for name in names]] = 1.0
        return Known(runs, probabilities)

    @staticmethod
    def _uniform(ensemble: Ensemble, frames: Frames) -> NDArray[np.bool_]:
        return homogeneous_runs(frames, homogeneity_scale(ensemble.plan))

    def _groups(
        self,
        ensemble: Ensemble,
        runs: Runs,
        frames: Frames,
        patterned: Runs,
        count: int | None,
        partitions: int,
        progress: Reporter,
    ) -> Groups:
        features = self._features(runs, frames, patterned)
        columns = [np.array(ensemble.plan.values(name))[runs] for name in ensemble.plan.parameter_names]
        numbers = [column for column in columns if np.isfinite(column).all()]
        points = np.stack([np.zeros(len(runs)), *numbers], axis=1)
        with progress.task("group", partitions, "partitions") as task:
            return find_groups(
                features,
                points[patterned],
                Lattice.of(points),
                count=count,
                seed=self.seed,
                partitions=partitions,
                advance=lambda: task.advance(1),
            )

    def _features(self, runs: Runs, frames: Frames, patterned: Runs) -> Floats:
        """The features of the patterned runs, (patterned runs, features)."""
        numbers = runs[patterned].tolist()
        new = patterned[[run not in self._textures for run in numbers]]
        rows = textures(frames, new, self._workers, self._progress)
        self._textures |= dict(zip(runs[new].tolist(), rows.tolist(), strict=True))
        features = np.array([self._textures[run] for run in numbers])
        if self.encoder is None:
            return features
        if len(new):
            self._encoded |= dict(zip(runs[new].tolist(), self.encoder.features(frames[new]), strict=True))
        return np.hstack([features, components(np.stack([self._encoded[run] for run in numbers]))])


def textures(frames: Frames, patterned: Runs, workers: int | None, progress: Reporter) -> Floats:
    """The textures of some runs, (runs, numbers); threads compute them."""
    rows = []
    count = workers or os.cpu_count() or 1
    with (
        progress.task("compare", len(patterned), "patterns") as task,
        concurrent.futures.ThreadPoolExecutor(count, thread_name_prefix="texture") as pool,
    ):
        for found in pool.map(lambda position: texture(frames[position]), patterned.tolist()):
            rows.append(list(found.values()))
            task.advance(1)
    return np.array(rows).reshape(len(rows), -1)


def components(features: Frames) -> Floats:
    """The first principal components of an encoder's features."""
    centred = features - features.mean(axis=0)
    u, s, _ = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    return np.asarray((u * s)[:, :_COMPONENTS])


def _reading(groups: Groups, patterned: Runs, uniform: Runs, names: list[str], by_theory: bool) -> Prediction:
    """The groups and the homogeneous classes as a reading."""
    numbered = [f"g{number}" for number in range(1, groups.count + 1)]
    classes = (*numbered, *sorted(set(names)))
    probabilities = np.zeros((len(patterned) + len(uniform), len(classes)), dtype=np.float32)
    probabilities[patterned, : len(numbered)] = groups.membership
    probabilities[uniform, [classes.index(name) for name in names]] = 1.0
    by = np.full(len(probabilities), CHART, dtype="<U8")
    by[uniform] = THEORY if by_theory else VARIANCE
    return Prediction(classes, probabilities, by)
