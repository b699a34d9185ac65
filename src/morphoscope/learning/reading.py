"""Reading of patterns: theory determines the class of homogeneous runs, the network reads the others."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.classifier import BATCH, Classifier
from morphoscope.learning.conformal import COVERAGE, check_coverage
from morphoscope.learning.homogeneous import (
    HOMOGENEOUS,
    frame_means,
    homogeneous_runs,
    matching_classes,
    nearest_classes,
    numbers_of,
)
from morphoscope.learning.patterns import Patterns
from morphoscope.learning.prediction import NETWORK, THEORY, VARIANCE, Outputs, Prediction
from morphoscope.learning.resampling import resampled

_CHUNK = 64  # patterns that are interpolated at once

Probabilities = NDArray[np.float32]
Advance = Callable[[int], None]
Fitting = dict[int, list[str]]  # by position: the classes that a homogeneous pattern can have


def read(
    classifier: Classifier, patterns: Patterns, advance: Advance | None = None, *, coverage: float = COVERAGE
) -> Prediction:
    """The classes of patterns: of homogeneous ones by theory or by their mean, of all others by the network.

    ``advance`` is called with the number of patterns that were read. ``coverage``: of the conformal sets.
    """
    check_coverage(coverage)
    network = functools.partial(network_outputs, classifier, patterns, advance=advance)
    return with_theory(classifier, patterns, network, coverage=coverage)


def network_alone(classifier: Classifier, patterns: Patterns) -> Prediction:
    """The classes of all patterns by the network, including homogeneous ones."""
    everything = np.arange(len(patterns.frames))
    found = network_outputs(classifier, patterns, everything)
    return Prediction(classifier.classes, found.probabilities, known=found.known)


@dataclasses.dataclass(frozen=True)
class Uniform:
    """The homogeneous patterns among others.

    Parameters
    ----------
    positions
        Their positions.
    means
        The means of their frames by recorded species, (positions, frames), see :func:`.frame_means`.
    """

    positions: NDArray[np.intp]
    means: dict[str, NDArray[np.float64]]


def with_theory(
    classifier: Classifier,
    patterns: Patterns,
    network: Callable[[NDArray[np.intp]], Outputs],
    uniform: Uniform | None = None,
    *,
    coverage: float = COVERAGE,
) -> Prediction:
    """As :func:`read`; ``network`` returns what the network tells of the patterns at some positions.

    ``uniform``: the homogeneous patterns; by default they are found in the frames.
    """
    fitting, by = _homogeneous(classifier, patterns, uniform)
    decided = {position: names[0] for position, names in fitting.items() if len(names) == 1}
    undecided = np.array([i for i in range(len(patterns.frames)) if i not in decided], dtype=np.intp)
    extra = sorted(set(decided.values()) - set(classifier.classes))
    classes = (*classifier.classes, *extra)
    probabilities = np.zeros((len(patterns.frames), len(classes)), dtype=np.float32)
    known = None if classifier.known is None else np.full(len(patterns.frames), np.nan, dtype=np.float32)
    if len(undecided):
        found = network(undecided)
        probabilities[undecided, : len(classifier.classes)] = found.probabilities
        if known is not None and found.known is not None:
            known[undecided] = found.known
            known[list(fitting)] = np.nan  # theory knows homogeneous patterns, also where several classes fit
    read_by = np.full(len(patterns.frames), NETWORK, dtype="<U8")
    for position, name in decided.items():
        probabilities[position, classes.index(name)] = 1.0
        read_by[position] = by
    for position, names in fitting.items():
        if position not in decided:  # several classes fit; the network chooses between them
            probabilities[position] = _conditional(probabilities[position], [classes.index(name) for name in names])
    found_sets = None
    if classifier.conformal is not None:
        found_sets = classifier.conformal.sets(probabilities, coverage)
    return Prediction(
        classes,
        probabilities,
        read_by,
        (*patterns.notes, *patterns.doubts),
        known,
        found_sets,
        None if found_sets is None else coverage,
    )


def network_outputs(
    classifier: Classifier,
    patterns: Patterns,
    positions: NDArray[np.intp],
    advance: Advance | None = None,
    *,
    fit: bool | None = None,
) -> Outputs:
    """The network's calibrated probabilities and known scores of the patterns at some positions.

    Patterns with another cell size or grid are interpolated to the network's and read in windows, whose probabilities
    and scores are averaged. ``fit``: whether none is interpolated, which the patterns themselves tell by default; for
    some of the patterns of a larger set.
    """
    if patterns.fit(classifier.input) if fit is None else fit:
        return classifier.outputs(patterns.frames[positions], advance)
    found = np.zeros((len(positions), len(classifier.classes)), dtype=np.float32)
    known = None if classifier.known is None else np.zeros(len(positions), dtype=np.float32)
    shape = (classifier.input.height, classifier.input.width)
    for step, places in _chunks(patterns.steps[positions]):
        windows = resampled(patterns.frames[positions[places]], step, shape, patterns.periodic)
        each = classifier.outputs(windows.reshape(-1, *windows.shape[2:]))
        found[places] = each.probabilities.reshape(*windows.shape[:2], -1).mean(axis=0)
        if known is not None and each.known is not None:
            known[places] = each.known.reshape(windows.shape[:2]).mean(axis=0)
        if advance:
            advance(len(places))
    return Outputs(found, known)


def network_batches(
    classifier: Classifier, patterns: Patterns, positions: NDArray[np.intp]
) -> Iterator[NDArray[np.intp]]:
    """The places among ``positions`` of the patterns that :func:`network_outputs` gives to the network together.

    A network's last bits depend on the patterns in its batch.
    """
    if patterns.fit(classifier.input):
        for start in range(0, len(positions), BATCH):
            yield np.arange(start, min(start + BATCH, len(positions)))
        return
    for _, places in _chunks(patterns.steps[positions]):
        yield places


def _chunks(steps: NDArray[np.float64]) -> Iterator[tuple[float, NDArray[np.intp]]]:
    """Positions with the same step, in chunks."""
    for step in np.unique(steps):
        places = np.flatnonzero(steps == step)
        for start in range(0, len(places), _CHUNK):
            yield float(step), places[start : start + _CHUNK]


def _conditional(probabilities: Probabilities, chosen: list[int]) -> Probabilities:
    """Probabilities under the condition that the class is one of those chosen."""
    conditional = np.zeros_like(probabilities)
    total = probabilities[chosen].sum()
    conditional[chosen] = probabilities[chosen] / total if total > 0 else 1 / len(chosen)
    return conditional


def _homogeneous(classifier: Classifier, patterns: Patterns, uniform: Uniform | None) -> tuple[Fitting, str]:
    """The classes that fit homogeneous patterns, by position, and what determined them."""
    known, trained, plan = classifier.homogeneous, classifier.trained_on, patterns.plan
    positions = uniform.positions if uniform else np.flatnonzero(homogeneous_runs(patterns.frames, patterns.magnitude))
    # Classifiers of older versions do not store homogeneous classes. Then the network reads these patterns, as before.
    if known is None or not len(positions):
        return {}, NETWORK
    species = classifier.input.species
    means = uniform.means[species] if uniform else frame_means(patterns.frames[positions], patterns.magnitude)
    if plan is None or trained is None:
        found = nearest_classes(known, species, means)
        return dict(zip(positions.tolist(), found, strict=True)), VARIANCE
    points = [numbers_of(plan.runs[run].parameters) for run in patterns.runs[positions]]
    numbers = [point for point in points if point is not None]
    if not trained.same_equations(plan.model) or len(numbers) < len(points):
        return {position: [HOMOGENEOUS] for position in positions.tolist()}, VARIANCE
    every = uniform.means if uniform else _recorded_means(classifier, patterns, positions, means)
    found = matching_classes(known, plan.model, numbers, every)
    return dict(zip(positions.tolist(), found, strict=True)), THEORY


def _recorded_means(
    classifier: Classifier, patterns: Patterns, positions: NDArray[np.intp], means: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """The means of the frames of every recorded species; ``means`` are those of the species that is read."""
    found = {classifier.input.species: means}
    if patterns.other_species is not None:
        for species in patterns.recorded:
            if species != classifier.input.species:
                found[species] = frame_means(patterns.other_species(species, positions), patterns.magnitude)
    return found
