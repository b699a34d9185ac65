"""Pictures as arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.rendering.pictures import picture_note

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}
_MOST_PIXELS = 64_000_000


def read_image(path: Path) -> tuple[NDArray[Any], list[float]]:
    """A picture as an array, and, for a composite, the times of its frames if it tells them.

    Grey pictures: (y, x), whole numbers, or floats from TIFF. Composites that morphoscope wrote: their frames
    (frames, y, x) as concentrations. Other colour pictures: (y, x, 3). Stacks in TIFF: (pages, y, x).
    Raises DataError for what is no picture, UsageError for a picture of a run in one dimension.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        if path.suffix.lower() in {".tif", ".tiff"}:
            import tifffile

            array = np.asarray(tifffile.imread(path))
            if not array.size:
                raise DataError(f"{path.name} can't be read as a picture (it has no pixels)")
            return array, []
        with Image.open(path) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise DataError(f"{path.name} has more than {_MOST_PIXELS:,} pixels; crop it")
            note = picture_note(image)
            if image.mode in {"1", "LA"}:
                return np.asarray(image.convert("L")), []
            if image.mode in {"L", "I", "I;16", "F"}:
                return np.asarray(image), []
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, UnidentifiedImageError, KeyError, IndexError) as error:
        if isinstance(error, UsageError):
            raise
        raise DataError(f"{path.name} can't be read as a picture ({_first(error)})") from error
    if note is None:
        return pixels, []
    if note["kind"] != "composite":
        raise UsageError(f"{path.name} shows a run in one dimension over time; the classifier reads two dimensions")
    low, high = note["low"], note["high"]
    return low + (high - low) * np.moveaxis(pixels, 2, 0).astype(np.float32) / 255, note["times"]


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
