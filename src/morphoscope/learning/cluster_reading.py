"""Reading of an ensemble by the workers of a cluster; theory and the result are this process's."""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import Reporter
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.done_runs import DoneRuns
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.ensembles.runners.base import Batch, Cluster, batches_of
from morphoscope.learning.classifier import Classifier, Input, shipped_folder
from morphoscope.learning.homogeneous import frame_means, homogeneous_runs
from morphoscope.learning.patterns import Patterns, frame_places, of_plan
from morphoscope.learning.prediction import Outputs, Prediction
from morphoscope.learning.reading import Uniform, network_batches, network_outputs, with_theory

BATCH = 64  # runs whose means a worker computes at a time

Means = dict[str, NDArray[np.float64]]  # by recorded species: (1, frames)


def read_on(
    cluster: Cluster, classifier: Classifier, ensemble: Ensemble, patterns: Patterns, progress: Reporter
) -> Prediction:
    """As :func:`.read`; ``patterns`` are unread ones of the ensemble, see :func:`.unread`.

    Workers find the homogeneous runs and their means, and apply the network to the same batches of patterns as this
    process would. Where the network has one thread, its probabilities are then equal to the bit on one kind of
    processor. Raises UsageError for a classifier that workers can't load.
    """
    source = classifier_source(classifier)
    with progress.task("find homogeneous", len(patterns.runs), "runs") as task:
        uniform = _uniform(cluster, classifier.input, ensemble, patterns.runs, task.advance)
    with progress.task("classify", len(patterns.runs), "patterns") as task:
        network = functools.partial(_network, cluster, classifier, source, ensemble, patterns, task.advance)
        return with_theory(classifier, patterns, network, uniform)


def classifier_source(classifier: Classifier) -> str:
    """The name or the folder from which workers load a classifier. Raises UsageError if it was not saved."""
    if classifier.folder is None:
        raise UsageError("the classifier was not saved; save it into a folder that all computers of the cluster share")
    folder = classifier.folder.resolve()
    return folder.name if folder.parent == shipped_folder().resolve() else str(folder)


def _uniform(
    cluster: Cluster, expected: Input, ensemble: Ensemble, runs: NDArray[np.intp], advance: Callable[[int], None]
) -> Uniform:
    """The homogeneous runs, with the means of their frames."""
    found: dict[int, Means] = {}
    batches = batches_of(runs.tolist(), BATCH)
    for batch, means in cluster.compute(ensemble.folder, _open_frames, (expected,), _means_of_uniform, batches):
        found.update({run: each for run, each in zip(batch.runs, means, strict=True) if each is not None})
        advance(len(batch.runs))
    positions = np.array([p for p, run in enumerate(runs.tolist()) if run in found], dtype=np.intp)
    chosen = [found[run] for run in runs[positions].tolist()]
    names = chosen[0] if chosen else {}
    return Uniform(positions, {name: np.concatenate([each[name] for each in chosen]) for name in names})


def _open_frames(folder: str, expected: Input) -> tuple[DoneRuns, str, list[int], float]:
    done = DoneRuns.open(folder)
    return done, expected.species, frame_places(done.plan.times, expected, folder), homogeneity_scale(done.plan)


def _means_of_uniform(opened: tuple[DoneRuns, str, list[int], float], runs: tuple[int, ...]) -> list[Means | None]:
    """The means of each run by species, that which the network reads first; None for runs with a pattern."""
    done, species, places, magnitude = opened

    def read(name: str, run: int) -> NDArray[np.float32]:
        return done.frames([run], name)[:, places]

    found: list[Means | None] = []
    for run in runs:
        frames = read(species, run)
        means = None
        if homogeneous_runs(frames, magnitude)[0]:
            others = {name: read(name, run) for name in done.plan.record if name != species}
            means = {name: frame_means(each, magnitude) for name, each in {species: frames, **others}.items()}
        found.append(means)
    return found


def _network(
    cluster: Cluster,
    classifier: Classifier,
    source: str,
    ensemble: Ensemble,
    patterns: Patterns,
    advance: Callable[[int], None],
    positions: NDArray[np.intp],
) -> Outputs:
    """As :func:`.network_outputs`."""
    found = np.zeros((len(positions), len(classifier.classes)), dtype=np.float32)
    known = None if classifier.known is None else np.zeros(len(positions), dtype=np.float32)
    places = list(network_batches(classifier, patterns, positions))
    batches = (Batch(n, tuple(patterns.runs[positions[place]].tolist())) for n, place in enumerate(places))
    settings = (source, classifier.hash, patterns.fit(classifier.input))
    for batch, values in cluster.compute(ensemble.folder, _open_reader, settings, _read_batch, batches):
        found[places[batch.shard]] = values.probabilities
        if known is not None and values.known is not None:
            known[places[batch.shard]] = values.known
        advance(len(batch.runs))
    return Outputs(found, known)


def _open_reader(folder: str, source: str, expected: str, fit: bool) -> tuple[DoneRuns, Classifier, bool]:
    host = socket.gethostname()
    try:
        classifier = Classifier.load(source)
    except UsageError as error:
        raise UsageError(
            f"the worker on {host} can't load the classifier {source} ({error}); choose a folder on a file system that "
            "all computers of the cluster share"
        ) from error
    if classifier.hash != expected:
        raise UsageError(
            f"the worker on {host} finds another classifier in {source}; save the classifier that shall read"
        )
    return DoneRuns.open(folder), classifier, fit


def _read_batch(opened: tuple[DoneRuns, Classifier, bool], runs: tuple[int, ...]) -> Outputs:
    done, classifier, fit = opened

    def read(species: str, chosen: NDArray[Any]) -> NDArray[np.float32]:
        return done.frames(chosen, species)

    patterns = of_plan(classifier, done.plan, np.array(runs, dtype=np.intp), read, str(Path(done.folder)))
    return network_outputs(classifier, patterns, np.arange(len(runs)), fit=fit)
