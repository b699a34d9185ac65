"""Features of an atlas's patterns: of an encoder that knows no class, and of the classifier that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.reader import find_classifier
from morphoscope.core.progress import SILENT, Reporter

if TYPE_CHECKING:
    import torch

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
    layers, and reads the frames as they are.
    """
    classifier = find_classifier(atlas)
    parts: list[list[Floats]] = []
    with progress.task("features", len(positions), "patterns") as task:
        for start in range(0, len(positions), _CHUNK):
            frames = atlas.frames(positions[start : start + _CHUNK])
            parts.append(frame_features(frames, encoder, classifier))
            task.advance(len(frames))
    return [np.concatenate(kind) for kind in zip(*parts, strict=True)]


def frame_features(frames: Floats, encoder: Encoder, classifier: Classifier | None) -> list[Floats]:
    """Kinds of features of patterns (n, frames, y, x), as :func:`pattern_features` returns them."""
    found = [encoder.features(frames)]
    if classifier is not None and classifier.reads(frames):
        found += dense_inputs(classifier, frames)
    return found


def dense_inputs(classifier: Classifier, frames: Floats) -> list[Floats]:
    """What the first and the last dense layer of a network read, (n, features) each; nothing without such layers."""
    from torch import nn

    dense = [layer for layer in classifier.module.modules() if isinstance(layer, nn.Linear)]
    if not dense:
        return []
    kept: dict[int, list[Floats]] = {}
    hooks = []
    for number, layer in enumerate(dict.fromkeys((dense[0], dense[-1]))):

        def keep(_: nn.Module, inputs: tuple[torch.Tensor, ...], number: int = number) -> None:
            kept.setdefault(number, []).append(inputs[0].float().numpy())

        hooks.append(layer.register_forward_pre_hook(keep))
    try:
        classifier.logits(frames)
    finally:
        for hook in hooks:
            hook.remove()
    return [np.concatenate(parts) for parts in kept.values() if parts[0].ndim == 2]
