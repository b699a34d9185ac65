"""Pictures of single runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.storage import staged_file
from morphoscope.rendering.composite import CONCENTRATION, Shown, chosen_frames, composite

if TYPE_CHECKING:
    from PIL.Image import Image

KEYWORD = "morphoscope"  # of the PNG text chunk that tells these pictures from all others


def save_composite(
    frames: NDArray[Any], path: Path, shown: Shown = CONCENTRATION, times: Sequence[float] | None = None
) -> Path:
    """Write frames (time, y, x) of a concentration as an RGB PNG, one pixel a cell, the range ``shown`` as 0 … 255.

    A text chunk of the PNG says that the colours are frames, which concentrations 0 and 255 stand for and, if
    ``times`` are given, at which times the three frames were taken. Without it a composite and a photograph look alike.
    """
    frames = np.asarray(frames, dtype=np.float32)
    low, high = shown or (float(frames.min()), float(frames.max()))
    note: dict[str, Any] = {"kind": "composite", "low": low, "high": high}
    if times is not None:
        note["times"] = [float(times[i]) for i in chosen_frames(len(frames))]
    return _save(composite(frames, shown), path, note)


def save_space_time(film: NDArray[Any], path: Path, shown: Shown = CONCENTRATION) -> Path:
    """Write a film of one dimension (frames, 1, x) as one grey PNG: space across, time down."""
    return _save(composite(np.asarray(film[None, :, 0], dtype=np.float32), shown), path, {"kind": "space-time"})


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
