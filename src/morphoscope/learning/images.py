"""Read pictures as arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.outside_arrays import open_image, reading
from morphoscope.core.outside_files import MIB, check_file
from morphoscope.rendering.pictures import picture_note

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}
MAX_STACK_BYTES = 1024 * MIB  # of all pages of a TIFF file


def read_image(path: Path) -> tuple[NDArray[Any], list[float]]:
    """A picture as an array and, for a composite, the times of its frames if they are stored.

    Grey pictures: (y, x), integers, or floats from TIFF. Composites that morphoscope wrote: their frames
    (frames, y, x) as concentrations. Other colour pictures: (y, x, 3). TIFF stacks: (pages, y, x).
    Raises DataError for a file that is not a picture, UsageError for a picture of a run in one dimension.
    """
    if path.suffix.lower() in {".tif", ".tiff"}:
        return _stack(path), []
    with open_image(path, path.name) as image:
        note = picture_note(image)
        if image.mode in {"1", "LA"}:
            return np.asarray(image.convert("L")), []
        if image.mode in {"L", "I", "I;16", "F"}:
            return np.asarray(image), []
        pixels = np.asarray(image.convert("RGB"))
    if note is None:
        return pixels, []
    if note["kind"] != "composite":
        raise UsageError(f"{path.name} shows a run in one dimension over time; the classifier reads two dimensions")
    low, high = note["low"], note["high"]
    return low + (high - low) * np.moveaxis(pixels, 2, 0).astype(np.float32) / 255, note["times"]


def _stack(path: Path) -> NDArray[Any]:
    """The pages of a TIFF file, which Pillow does not read with floats or as a stack."""
    import tifffile

    with reading(path.name, "a picture"):
        check_file(path, "a picture")
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            if series.nbytes > MAX_STACK_BYTES:
                raise DataError(f"{path.name} has {series.nbytes:,} bytes of pixels; at most {MAX_STACK_BYTES:,}")
            array = np.asarray(series.asarray())
    if not array.size:
        raise DataError(f"{path.name} can't be read as a picture (it has no pixels)")
    return array
