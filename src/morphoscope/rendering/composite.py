"""Composites: three frames of a run as one colour picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.rendering.scale import Range, scaled

CONCENTRATION: Range = (0.0, 1.0)


def composite(frames: NDArray[np.floating], ends: Range = CONCENTRATION) -> NDArray[np.float32]:
    """Three frames as the colour channels of one picture. Constant cells are grey, cells that change are coloured.

    Parameters
    ----------
    frames
        Values of one species, (…, frames, y, x). The first, the middle and the last frame are used, which may
        coincide.
    ends
        The values that are drawn as black and white.

    Returns
    -------
    numpy.ndarray
        Colours (…, y, x, 3), each from 0 to 1.
    """
    chosen = np.take(frames, chosen_frames(frames.shape[-3]), axis=-3)
    return scaled(np.moveaxis(chosen, -3, -1), ends)


def chosen_frames(count: int) -> list[int]:
    """The indices of the frames that are red, green and blue: the first, the middle and the last of ``count``."""
    return [0, count // 2, count - 1]


def tile(frames: NDArray[np.floating], ends: Range = CONCENTRATION) -> NDArray[np.float32]:
    """A run as one picture of a montage: its composite, or in one dimension its frames over each other.

    Parameters
    ----------
    frames
        Values of one species, (…, frames, y, x).
    ends
        The values that are drawn as black and white.

    Returns
    -------
    numpy.ndarray
        Colours (…, y, x, 3). In one dimension (y = 1) grey bands, the first frame above, so that height and width are
        about equal.
    """
    if frames.shape[-2] > 1:
        return composite(frames, ends)
    rows = np.repeat(frames[..., 0, :], max(1, frames.shape[-1] // frames.shape[-3]), axis=-2)
    return np.repeat(scaled(rows, ends)[..., None], 3, axis=-1)
