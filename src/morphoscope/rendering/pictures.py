"""Pictures of single runs."""

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

KEYWORD = "morphoscope"  # of the PNG text chunk that tells these pictures from all others


def save_composite(
    frames: NDArray[Any],
    path: Path,
    shown: Range | None = CONCENTRATION,
    times: Sequence[float] | NDArray[np.floating] | None = None,
    magnitude: float = 0.0,
) -> Path:
    """Write frames as an RGB PNG with one pixel a cell, from which the values can be read back.

    Parameters
    ----------
    frames
        Values of one species, (time, y, x).
    path
        The PNG.
    shown
        A range that black to white always covers; values beyond it widen the range, so that none is cut off.
    times
        Time of each frame.
    magnitude
        Size of typical values, see :func:`~morphoscope.rendering.scale.colour_range`.

    Returns
    -------
    Path
        The PNG.

    Notes
    -----
    A text chunk of the PNG says that the colours are frames, which values 0 and 255 stand for and, if ``times`` are
    given, at which times the three frames were taken. Without it a composite and a photograph look alike.
    """
    frames = np.asarray(frames)
    ends = colour_range(frames, shown=shown, magnitude=magnitude)
    note: dict[str, Any] = {"kind": "composite", "low": ends[0], "high": ends[1]}
    if times is not None:
        note["times"] = [float(times[i]) for i in chosen_frames(len(frames))]
    return _save(composite(frames, ends), path, note)


def save_space_time(
    film: NDArray[Any], path: Path, shown: Range | None = CONCENTRATION, magnitude: float = 0.0
) -> Path:
    """Write a film of one dimension (frames, 1, x) as one grey PNG, space across and time downwards.

    One pixel is a cell of one frame; ``shown`` and ``magnitude`` as in :func:`save_composite`.
    """
    ends = colour_range(film, shown=shown, magnitude=magnitude)
    return _save(composite(np.asarray(film)[None, :, 0], ends), path, {"kind": "space-time"})


def picture_note(image: Image) -> dict[str, Any] | None:
    """What the functions above noted in a picture: ``kind``, ``low``, ``high``, ``times``; None for other pictures."""
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
