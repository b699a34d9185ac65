"""What reading an ensemble into an atlas leaves to the workers of a cluster; this process writes the atlas."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from morphoscope.atlas.descriptors import describe_on, save
from morphoscope.atlas.thumbnails import PER_SHEET, sheet_name, sheet_of
from morphoscope.core.progress import Reporter
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.done_runs import DoneRuns
from morphoscope.ensembles.magnitude import initial_magnitude
from morphoscope.ensembles.runners.base import Cluster, batches_of
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.cluster_reading import read_on
from morphoscope.learning.patterns import Patterns
from morphoscope.learning.prediction import Prediction
from morphoscope.rendering.scale import Range, shared_range

BATCH = 64  # runs whose smallest and largest values a worker finds at a time


def read_by_workers(
    cluster: Cluster,
    part: Path,
    classifier: Classifier,
    ensemble: Ensemble,
    patterns: Patterns,
    progress: Reporter,
) -> tuple[Prediction, Range]:
    """Write descriptors and thumbnails; return the reading, and the values drawn as the first and the last colour.

    No frames come to this process, so that its memory does not grow with them.
    """
    reading = read_on(cluster, classifier, ensemble, patterns, progress)
    save(part, describe_on(cluster, ensemble.folder, ensemble.plan, patterns.runs, ensemble, progress))
    runs = patterns.runs.tolist()
    with progress.task("draw", len(runs), "runs") as task:
        ends = _range(cluster, ensemble, runs)
        found = cluster.compute(ensemble.folder, _open_drawn, (ends,), _draw, batches_of(runs, PER_SHEET))
        for batch, sheet in found:
            (part / sheet_name(batch.shard)).write_bytes(sheet)
            task.advance(len(batch.runs))
    return reading, ends


def _range(cluster: Cluster, ensemble: Ensemble, runs: list[int]) -> Range:
    """As :func:`.range_of_runs`."""
    found = cluster.compute(ensemble.folder, DoneRuns.open, (), _extremes, batches_of(runs, BATCH))
    pairs = np.array([pair for _, part in found for pair in part]).reshape(-1, 2)
    plan = ensemble.plan
    return shared_range(pairs[:, 0], pairs[:, 1], shown=plan.shown, magnitude=initial_magnitude(plan))


def _extremes(done: DoneRuns, runs: tuple[int, ...]) -> list[tuple[float, float]]:
    each = (done.frames([run]) for run in runs)
    return [(float(frames.min()), float(frames.max())) for frames in each]


def _open_drawn(folder: str, ends: Range) -> tuple[DoneRuns, Range]:
    return DoneRuns.open(folder), ends


def _draw(opened: tuple[DoneRuns, Range], runs: tuple[int, ...]) -> bytes:
    done, ends = opened
    return sheet_of((done.frames([run])[0] for run in runs), len(runs), ends)
