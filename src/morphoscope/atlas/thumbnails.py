"""Thumbnails: every pattern of an atlas small, on sheets that a browser cuts up again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE = 64  # pixels
COLUMNS = 32  # thumbnails in a row of a sheet, and rows on a sheet
PER_SHEET = COLUMNS * COLUMNS
_SAMPLED = 500  # patterns from which a range is derived
_OUTLIERS = 1.0  # per cent of the values on either side
_QUALITY = 80  # of WebP; the 5481 patterns of the paper's scan take about 0.7 MB


Shown = tuple[float, float] | None
CONCENTRATION: Shown = (0.0, 1.0)


def composite(frames: NDArray[np.float32], shown: Shown = CONCENTRATION) -> NDArray[np.float32]:
    """Frames (…, frames, y, x) as RGB (…, y, x, 3): what rests is grey, what moves is coloured.

    Three frames are the channels; of more, the first, the middle and the last; one is repeated. ``shown``: the values
    that are black and white; None takes each pattern's own smallest and largest.
    """
    count = frames.shape[-3]
    chosen = np.moveaxis(np.take(frames, [0, count // 2, count - 1], axis=-3), -3, -1)
    if shown is None:
        low = frames.min(axis=(-3, -2, -1), keepdims=True)
        reach = np.maximum(frames.max(axis=(-3, -2, -1), keepdims=True) - low, 1e-12)
        return (chosen - low) / reach
    return np.clip((chosen - np.float32(shown[0])) / np.float32(shown[1] - shown[0]), 0.0, 1.0)


def widened(frames: NDArray[np.float32], shown: Shown) -> Shown:
    """The range ``shown``, widened to where most values of many patterns are.

    A model's own range is that of its default run; over a plane of parameters its patterns go beyond it.
    """
    if shown is None or not frames.size:
        return shown
    sample = frames[:: max(len(frames) // _SAMPLED, 1), -1]
    low, high = (float(v) for v in np.percentile(sample, (_OUTLIERS, 100 - _OUTLIERS)))
    return min(low, shown[0]), max(high, shown[1])


def sheet_name(number: int) -> str:
    """The file of a sheet."""
    return f"thumbnails-{number:03d}.webp"


def write_sheets(frames: NDArray[np.float32], folder: Path, shown: Shown = CONCENTRATION) -> None:
    """Write the thumbnails of patterns (n, frames, y, x), in their order, row by row, sheet by sheet."""
    for number, start in enumerate(range(0, len(frames), PER_SHEET)):
        (folder / sheet_name(number)).write_bytes(_sheet(frames[start : start + PER_SHEET], shown))


def _sheet(frames: NDArray[np.float32], shown: Shown) -> bytes:
    from PIL import Image, ImageOps

    rows = -(-len(frames) // COLUMNS)
    sheet = Image.new("RGB", (min(len(frames), COLUMNS) * SIDE, rows * SIDE), "white")
    for place, pattern in enumerate(frames):
        pixels = np.round(composite(pattern, shown) * 255).astype(np.uint8)
        # Keeps the shape of a grid that is not square; the rest stays white.
        small = ImageOps.pad(Image.fromarray(pixels), (SIDE, SIDE), Image.Resampling.BOX, color="white")
        sheet.paste(small, (place % COLUMNS * SIDE, place // COLUMNS * SIDE))
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=_QUALITY, method=4)
    return buffer.getvalue()
