"""What lets a classifier tell unknown patterns and name sets of classes, from the sets that it was trained with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from morphoscope.learning.conformal import ConformalScores
from morphoscope.learning.encoder import MIN_CELLS, Encoder
from morphoscope.learning.homogeneous import homogeneous_runs
from morphoscope.learning.known import KnownScore, layers_of
from morphoscope.learning.known_files import rounded

if TYPE_CHECKING:
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.datasets import DataSet
    from morphoscope.learning.networks._encoder import PatternEncoder

MIN_PATTERNS = 2  # validation patterns without which there is no score


def add_recognition(classifier: Classifier, training: DataSet, validation: DataSet) -> None:
    """Give a classifier its known score and its conformal scores, from the sets that it was trained and chosen with.

    Homogeneous validation runs are left out, since theory reads them. With too few others there are no scores. Networks
    that do not end with dense layers, and grids that are too small for an encoder, have no known score.
    """
    kept = np.flatnonzero(~homogeneous_runs(validation.frames, validation.magnitude))
    if len(kept) < MIN_PATTERNS:
        return
    labels, frames = validation.targets(classifier.classes)[kept], validation.frames[kept]
    encoder = _encoder_for(classifier)
    judged = None if encoder is None else classifier.layers(frames, encoder)
    logits = classifier.logits(frames) if judged is None else judged.logits
    classifier.conformal = ConformalScores.of(classifier.probabilities(logits), labels)
    if encoder is None or judged is None:
        return
    trained = classifier.layers(training.frames, encoder)
    assert trained is not None
    classifier.known = KnownScore.of(encoder, trained, training.targets(classifier.classes), judged, labels)


def _encoder_for(classifier: Classifier) -> PatternEncoder | None:
    """The shipped encoder as it will be stored, or None if the classifier can't have a known score."""
    if layers_of(classifier.module) is None or min(classifier.input.height, classifier.input.width) < MIN_CELLS:
        return None
    return rounded(Encoder.shipped().module)
