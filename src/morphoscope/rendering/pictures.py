"""Pictures of single runs with one pixel per cell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.storage import staged_file
from morphoscope.rendering.composite import CONCENTRATION, chosen_frames, composite
from morphoscope.rendering.scale import Range, colour_range

if TYPE_CHECKING:
    from PIL.Image import Image

KEYWORD = "morphoscope"  # of the PNG text chunk that identifies these pictures


def save_composite(
    frames: NDArray[Any],
    path: Path,
    shown: Range | None = CONCENTRATION,
    times: Sequence[float] | NDArray[np.floating] | None = None,
    magnitude: float = 0.0,
) -> Path:
    """Write frames as an RGB PNG with one pixel per cell, from which the values can be read back.

    Parameters
    ----------
    frames
        Values of one species, (time, y, x).
    path
        The PNG.
    shown
        Range of values that the colours always cover. Values outside widen it, so that none is cut off.
    times
        Time of each frame.
    magnitude
        Typical magnitude of values, see :func:`~morphoscope.rendering.scale.colour_range`.

    Returns
    -------
    Path
        The PNG.

    Notes
    -----
    A text chunk of the PNG states that the colours are frames, which values 0 and 255 represent and, if ``times`` are
    given, the times of the three frames. It distinguishes a composite from a photograph.
    """
    frames = np.asarray(frames)
    ends = colour_range(frames, shown=shown, magnitude=magnitude)
    note: dict[str, Any] = {"kind": "composite", "low": ends[0], "high": ends[1]}
    if times is not None:
        note["times"] = [float(times[i]) for i in chosen_frames(len(frames))]
    return _save(composite(frames, ends), path, note)


def save_space_time(
    frames: NDArray[Any], path: Path, shown: Range | None = CONCENTRATION, magnitude: float = 0.0
) -> Path:
    """Write frames in one dimension (frames, 1, x) as one grey PNG, with space along x and time downwards.

    One pixel is one cell of one frame. ``shown`` and ``magnitude``: see :func:`save_composite`.
    """
    ends = colour_range(frames, shown=shown, magnitude=magnitude)
    return _save(composite(np.asarray(frames)[None, :, 0], ends), path, {"kind": "space-time"})


def picture_note(image: Image) -> dict[str, Any] | None:
    """The text chunk of a picture: ``kind``, ``low``, ``high``, ``times``; None for other pictures."""
    try:
        note = json.loads(image.info[KEYWORD])
        if note["kind"] == "composite":
            note["low"], note["high"] = float(note["low"]), float(note["high"])
            note["times"] = [float(t) for t in note.get("times") or ()]
        return dict(note)
    except (KeyError, TypeError, ValueError):
        return None


def _save(colours: NDArray[np.float32], path: Path, note: dict[str, Any]) -> Path:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text(KEYWORD, json.dumps(note))
    with staged_file(path) as part:
        Image.fromarray(np.round(colours * 255).astype(np.uint8)).save(part, format="PNG", pnginfo=text)
    return path
