"""Reading: theory decides what homogeneous runs are, the network reads the rest."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.classifier import Classifier
from morphoscope.learning.homogeneous import (
    HOMOGENEOUS,
    frame_means,
    homogeneous_runs,
    matching_classes,
    nearest_classes,
    numbers_of,
)
from morphoscope.learning.patterns import Patterns
from morphoscope.learning.prediction import NETWORK, THEORY, VARIANCE, Prediction
from morphoscope.learning.resampling import resampled

_CHUNK = 64  # patterns that are interpolated at once

Probabilities = NDArray[np.float32]
Tell = Callable[[int], None]
Fitting = dict[int, list[str]]  # by position: the classes that a homogeneous pattern can be


def read(classifier: Classifier, patterns: Patterns, tell: Tell | None = None) -> Prediction:
    """The classes of patterns: of homogeneous ones by theory or by their mean, of all others by the network.

    ``tell`` hears how many patterns have been read.
    """
    return with_theory(classifier, patterns, functools.partial(network_probabilities, classifier, patterns, tell=tell))


def network_alone(classifier: Classifier, patterns: Patterns) -> Prediction:
    """What the network says of every pattern, homogeneous or not."""
    everything = np.arange(len(patterns.frames))
    return Prediction(classifier.classes, network_probabilities(classifier, patterns, everything))


def with_theory(
    classifier: Classifier, patterns: Patterns, network: Callable[[NDArray[np.intp]], Probabilities]
) -> Prediction:
    """As :func:`read`; ``network`` gives the network's probabilities at some positions."""
    fitting, by = _homogeneous(classifier, patterns)
    decided = {position: names[0] for position, names in fitting.items() if len(names) == 1}
    left = np.array([i for i in range(len(patterns.frames)) if i not in decided], dtype=np.intp)
    extra = sorted(set(decided.values()) - set(classifier.classes))
    classes = (*classifier.classes, *extra)
    probabilities = np.zeros((len(patterns.frames), len(classes)), dtype=np.float32)
    if len(left):
        probabilities[left, : len(classifier.classes)] = network(left)
    read_by = np.full(len(patterns.frames), NETWORK, dtype="<U8")
    for position, name in decided.items():
        probabilities[position, classes.index(name)] = 1.0
        read_by[position] = by
    for position, names in fitting.items():
        if position not in decided:  # theory leaves the choice between these to the network
            probabilities[position] = _among(probabilities[position], [classes.index(name) for name in names])
    return Prediction(classes, probabilities, read_by, (*patterns.notes, *patterns.doubts))


def network_probabilities(
    classifier: Classifier, patterns: Patterns, positions: NDArray[np.intp], tell: Tell | None = None
) -> Probabilities:
    """The network's calibrated probabilities of the patterns at some positions, (positions, classes).

    Patterns of another cell size or grid are interpolated to the network's and read in windows, whose probabilities are
    averaged.
    """
    if patterns.fit(classifier.input):
        return classifier.predict(patterns.frames[positions], tell).probabilities
    found = np.zeros((len(positions), len(classifier.classes)), dtype=np.float32)
    shape = (classifier.input.height, classifier.input.width)
    for step, places in _chunks(patterns.steps[positions]):
        windows = resampled(patterns.frames[positions[places]], step, shape, patterns.periodic)
        each = classifier.predict(windows.reshape(-1, *windows.shape[2:])).probabilities
        found[places] = each.reshape(*windows.shape[:2], -1).mean(axis=0)
        if tell:
            tell(len(places))
    return found


def _chunks(steps: NDArray[np.float64]) -> Iterator[tuple[float, NDArray[np.intp]]]:
    """Positions with the same step, some at a time."""
    for step in np.unique(steps):
        places = np.flatnonzero(steps == step)
        for start in range(0, len(places), _CHUNK):
            yield float(step), places[start : start + _CHUNK]


def _among(probabilities: Probabilities, chosen: list[int]) -> Probabilities:
    """Probabilities under the condition that the class is one of those chosen."""
    kept = np.zeros_like(probabilities)
    total = probabilities[chosen].sum()
    kept[chosen] = probabilities[chosen] / total if total > 0 else 1 / len(chosen)
    return kept


def _homogeneous(classifier: Classifier, patterns: Patterns) -> tuple[Fitting, str]:
    """For the positions of homogeneous patterns, which classes fit them, and what says so."""
    known, trained, plan = classifier.homogeneous, classifier.trained_on, patterns.plan
    positions = np.flatnonzero(homogeneous_runs(patterns.frames, patterns.magnitude))
    # In classifiers of older versions no class is known to be homogeneous: the network reads them, as it did then.
    if known is None or not len(positions):
        return {}, NETWORK
    means = frame_means(patterns.frames[positions], patterns.magnitude)
    if plan is None or trained is None:
        found = nearest_classes(known, classifier.input.species, means)
        return dict(zip(positions.tolist(), found, strict=True)), VARIANCE
    points = [numbers_of(plan.runs[run].parameters) for run in patterns.runs[positions]]
    numbers = [point for point in points if point is not None]
    if not trained.same_equations(plan.model) or len(numbers) < len(points):
        return {position: [HOMOGENEOUS] for position in positions.tolist()}, VARIANCE
    found = matching_classes(known, plan.model, numbers, _recorded_means(classifier, patterns, positions, means))
    return dict(zip(positions.tolist(), found, strict=True)), THEORY


def _recorded_means(
    classifier: Classifier, patterns: Patterns, positions: NDArray[np.intp], means: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """The means of every recorded species' frames, of which those of the species that is read are at hand."""
    found = {classifier.input.species: means}
    if patterns.other_species is not None:
        for species in patterns.recorded:
            if species != classifier.input.species:
                found[species] = frame_means(patterns.other_species(species, positions), patterns.magnitude)
    return found
