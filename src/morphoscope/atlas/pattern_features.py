"""Features of an atlas's patterns: of an encoder that knows no class, and of the classifier that read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.reader import find_classifier
from morphoscope.atlas.stored_features import StoredFeatures, features_file
from morphoscope.core.progress import SILENT, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas.atlas import Atlas
    from morphoscope.learning.classifier import Classifier
    from morphoscope.learning.encoder import Encoder

Floats = NDArray[np.float32]
Keep = Callable[[NDArray[np.intp], list[Floats]], None]
_CHUNK = 256  # patterns in memory; their frames may be simulated again


def pattern_features(
    atlas: Atlas, positions: NDArray[np.intp], encoder: Encoder, progress: Reporter = SILENT
) -> list[Floats]:
    """Kinds of features of some readings, (n, features) each.

    The encoder's, and those that the first and the last dense layer of the classifier read, if it is there, has such
    layers, and reads the frames as they are. They are stored, part by part while they are computed: another call
    continues where one was interrupted.
    """
    classifier = find_classifier(atlas)
    stored = StoredFeatures(atlas, features_file(atlas, encoder, classifier))
    missing = stored.lacks(positions)
    if len(missing):
        compute_features(atlas, missing, encoder, classifier, progress, stored.add, len(positions) - len(missing))
        stored.finish()
    return stored.of(positions)


def compute_features(
    atlas: Atlas,
    positions: NDArray[np.intp],
    encoder: Encoder,
    classifier: Classifier | None,
    progress: Reporter = SILENT,
    keep: Keep | None = None,
    done: int = 0,
) -> list[Floats]:
    """The same from the frames. ``keep`` gets the features of each part; ``done``: readings that have theirs."""
    parts: list[list[Floats]] = []
    with progress.task("features", done + len(positions), "patterns", done=done) as task:
        for start in range(0, len(positions), _CHUNK):
            chosen = positions[start : start + _CHUNK]
            parts.append(frame_features(atlas.frames(chosen), encoder, classifier))
            if keep is not None:
                keep(chosen, parts[-1])
            task.advance(len(chosen))
    return [np.concatenate(kind) for kind in zip(*parts, strict=True)]


def frame_features(frames: Floats, encoder: Encoder, classifier: Classifier | None) -> list[Floats]:
    """Kinds of features of patterns (n, frames, y, x), as :func:`pattern_features` returns them."""
    if classifier is not None and classifier.reads(frames):
        layers = classifier.layers(frames)
        if layers is not None:
            return [encoder.features(frames), layers.pooled, layers.hidden]
    return [encoder.features(frames)]
