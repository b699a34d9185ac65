"""Features of an atlas's patterns: of an encoder that knows no class, and of the classifier that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.reader import find_classifier
from morphoscope.atlas.stored_features import features_file, load_features, store_features
from morphoscope.core.progress import SILENT, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas.atlas import Atlas
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.encoder import Encoder

Floats = NDArray[np.float32]
_CHUNK = 256  # patterns in memory; their frames may be simulated again


def pattern_features(
    atlas: Atlas, positions: NDArray[np.intp], encoder: Encoder, progress: Reporter = SILENT
) -> list[Floats]:
    """Kinds of features of some readings, (n, features) each.

    The encoder's, and those that the first and the last dense layer of the classifier read, if it is there, has such
    layers, and reads the frames as they are. Those of an atlas without its ensemble, whose runs have to be simulated
    again, are stored.
    """
    classifier = find_classifier(atlas)
    if atlas.ensemble is not None:
        return compute_features(atlas, positions, encoder, classifier, progress)
    name = features_file(atlas, encoder, classifier)
    found = load_features(atlas, name, positions)
    if found is None:
        found = compute_features(atlas, positions, encoder, classifier, progress)
        store_features(atlas, name, positions, found)
    return found


def compute_features(
    atlas: Atlas,
    positions: NDArray[np.intp],
    encoder: Encoder,
    classifier: Classifier | None,
    progress: Reporter = SILENT,
) -> list[Floats]:
    """The same from the frames, whether they are stored or not."""
    parts: list[list[Floats]] = []
    with progress.task("features", len(positions), "patterns") as task:
        for start in range(0, len(positions), _CHUNK):
            frames = atlas.frames(positions[start : start + _CHUNK])
            parts.append(frame_features(frames, encoder, classifier))
            task.advance(len(frames))
    return [np.concatenate(kind) for kind in zip(*parts, strict=True)]


def frame_features(frames: Floats, encoder: Encoder, classifier: Classifier | None) -> list[Floats]:
    """Kinds of features of patterns (n, frames, y, x), as :func:`pattern_features` returns them."""
    if classifier is not None and classifier.reads(frames):
        layers = classifier.layers(frames)
        if layers is not None:
            return [encoder.features(frames), layers.pooled, layers.hidden]
    return [encoder.features(frames)]
