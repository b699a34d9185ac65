"""What lets a classifier tell unknown patterns and name sets of classes, from the sets that it was trained with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from morphoscope.learning.conformal import ConformalScores
from morphoscope.learning.homogeneous import homogeneous_runs
from morphoscope.learning.known import KnownScore

if TYPE_CHECKING:
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.datasets import DataSet

MIN_PATTERNS = 2  # validation patterns without which there is no score


def add_recognition(classifier: Classifier, training: DataSet, validation: DataSet) -> None:
    """Give a classifier its known score and its conformal scores, from the sets that it was trained and chosen with.

    Homogeneous validation runs are left out, since theory reads them. With too few others there are no scores. Networks
    that do not end with dense layers (:func:`.layers_of`) have no known score.
    """
    kept = np.flatnonzero(~homogeneous_runs(validation.frames, validation.magnitude))
    if len(kept) < MIN_PATTERNS:
        return
    labels, frames = validation.targets(classifier.classes)[kept], validation.frames[kept]
    judged = classifier.layers(frames)
    logits = classifier.logits(frames) if judged is None else judged.logits
    classifier.conformal = ConformalScores.of(classifier.probabilities(logits), labels)
    trained = None if judged is None else classifier.layers(training.frames)
    if judged is not None and trained is not None:
        classifier.known = KnownScore.of(trained.pooled, training.targets(classifier.classes), judged.pooled)
