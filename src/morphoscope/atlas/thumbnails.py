"""Thumbnails of the patterns of an atlas, on sheets from which a browser takes the parts that it shows."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.rendering.composite import CONCENTRATION, tile
from morphoscope.rendering.scale import Range

if TYPE_CHECKING:
    from PIL.Image import Image

    from morphoscope.atlas.atlas import Atlas

SIDE = 64  # pixels
COLUMNS = 32  # thumbnails per row, and rows per sheet
PER_SHEET = COLUMNS * COLUMNS
_QUALITY = 80  # of WebP; the 5481 patterns of the paper's scan take about 0.7 MB


def sheet_name(number: int) -> str:
    """The file name of a sheet."""
    return f"thumbnails-{number:03d}.webp"


def write_sheets(frames: NDArray[np.float32], folder: Path, ends: Range = CONCENTRATION) -> None:
    """Write the thumbnails of patterns (n, frames, y, x), in their order, row by row, sheet by sheet.

    ``ends``: the values that are drawn as black and white, the same for all patterns.
    """
    for number, start in enumerate(range(0, len(frames), PER_SHEET)):
        part = frames[start : start + PER_SHEET]
        (folder / sheet_name(number)).write_bytes(sheet_of(part, len(part), ends))


def sheet_of(frames: Iterable[NDArray[np.float32]], count: int, ends: Range) -> bytes:
    """One sheet with ``count`` patterns, (frames, y, x) each, as WebP."""
    from PIL import Image, ImageOps

    rows = -(-count // COLUMNS)
    sheet = Image.new("RGB", (min(count, COLUMNS) * SIDE, rows * SIDE), "white")
    for place, pattern in enumerate(frames):
        pixels = np.round(tile(pattern, ends) * 255).astype(np.uint8)
        # Keeps the aspect ratio of a grid that is not square; the rest is white.
        small = ImageOps.pad(Image.fromarray(pixels), (SIDE, SIDE), Image.Resampling.BOX, color="white")
        sheet.paste(small, (place % COLUMNS * SIDE, place // COLUMNS * SIDE))
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=_QUALITY, method=4)
    return buffer.getvalue()


def pictures_of(atlas: Atlas, positions: NDArray[np.intp]) -> NDArray[np.float32] | None:
    """The thumbnails of some readings of an atlas, (n, y, x, 3), from 0 to 1; None if it has none."""
    sheets: dict[int, NDArray[np.float32]] = {}
    for number in np.unique(positions // PER_SHEET).tolist():
        if (sheet := opened(atlas, number)) is None:
            return None
        sheets[number] = np.asarray(sheet.convert("RGB"), dtype=np.float32) / np.float32(255)
    shape = atlas.plan.grid.shape if atlas.plan.grid.dimensions > 1 else (1, 1)  # in one dimension a square
    return np.stack([cut(sheets[p // PER_SHEET], p % PER_SHEET, shape) for p in positions.tolist()])


def opened(atlas: Atlas, number: int) -> Image | None:
    """A sheet of an atlas as a picture; None if it has none."""
    from PIL import Image

    content = atlas.thumbnails(number)
    return None if content is None else Image.open(io.BytesIO(content), formats=["WEBP"])


def cut(sheet: NDArray[np.float32], place: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """One thumbnail of a sheet (y, x, …), without the margins that it has if the grid is not square."""
    top, left = place // COLUMNS * SIDE, place % COLUMNS * SIDE
    height, width = (round(SIDE * n / max(shape)) for n in shape)
    top, left = top + (SIDE - height) // 2, left + (SIDE - width) // 2
    return sheet[top : top + height, left : left + width]
