"""Pictures of single runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.storage import staged_file
from morphoscope.rendering.composite import CONCENTRATION, Shown, composite


def save_composite(frames: NDArray[Any], path: Path, shown: Shown = CONCENTRATION) -> Path:
    """Write frames (time, y, x) of a concentration as an RGB PNG, one pixel a cell, the range ``shown`` as 0 … 255."""
    from PIL import Image

    pixels = np.round(composite(np.asarray(frames, dtype=np.float32), shown) * 255).astype(np.uint8)
    with staged_file(path) as part:
        Image.fromarray(pixels).save(part, format="PNG")
    return path


def save_space_time(film: NDArray[Any], path: Path, shown: Shown = CONCENTRATION) -> Path:
    """Write a film of one dimension (frames, 1, x) as one grey PNG: space across, time down."""
    return save_composite(film[None, :, 0], path, shown)
