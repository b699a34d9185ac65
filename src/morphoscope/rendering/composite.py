"""Frames of a run as one colour picture: what rests is grey, what moves is coloured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SAMPLED = 500  # patterns from which a range is derived
_OUTLIERS = 1.0  # per cent of the values on either side

Shown = tuple[float, float] | None
CONCENTRATION: Shown = (0.0, 1.0)


def composite(frames: NDArray[np.float32], shown: Shown = CONCENTRATION) -> NDArray[np.float32]:
    """Frames (…, frames, y, x) as RGB (…, y, x, 3): what rests is grey, what moves is coloured.

    Three frames are the channels; of more, the first, the middle and the last; one is repeated. ``shown``: the values
    that are black and white; None takes each pattern's own smallest and largest.
    """
    chosen = np.moveaxis(np.take(frames, chosen_frames(frames.shape[-3]), axis=-3), -3, -1)
    if shown is None:
        low = frames.min(axis=(-3, -2, -1), keepdims=True)
        reach = np.maximum(frames.max(axis=(-3, -2, -1), keepdims=True) - low, 1e-12)
        return (chosen - low) / reach
    return np.clip((chosen - np.float32(shown[0])) / np.float32(shown[1] - shown[0]), 0.0, 1.0)


def chosen_frames(count: int) -> list[int]:
    """Which of ``count`` frames are red, green and blue: the first, the middle and the last."""
    return [0, count // 2, count - 1]


def widened(frames: NDArray[np.float32], shown: Shown) -> Shown:
    """The range ``shown``, widened to where most values of many patterns are.

    A model's own range is that of its default run; over a plane of parameters its patterns go beyond it.
    """
    if shown is None or not frames.size:
        return shown
    sample = frames[:: max(len(frames) // _SAMPLED, 1), -1]
    low, high = (float(v) for v in np.percentile(sample, (_OUTLIERS, 100 - _OUTLIERS)))
    return min(low, shown[0]), max(high, shown[1])
