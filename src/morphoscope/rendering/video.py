"""Films of single runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.storage import staged_file

FRAMES_PER_SECOND = 25
_SMALLEST_SIDE = 384  # pixels: small grids are enlarged by a whole factor in films


def check_video_path(path: str | Path) -> Path:
    """The path, if it names an MP4 file; raises UsageError otherwise."""
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise UsageError(f"{path.name}: unknown video format {path.suffix!r}; use .mp4")
    return path


def save_video(film: NDArray[Any], path: str | Path) -> Path:
    """Write (frames, y, x) concentrations as an MP4 film (H.264), enlarged by a whole factor where small."""
    import imageio_ffmpeg
    from matplotlib import colormaps

    path = check_video_path(path)
    if film.shape[1] == 1:  # a line is shown as a band
        film = np.repeat(film, max(film.shape[2] // 8, 4), axis=1)
    factor = max(1, -(-_SMALLEST_SIDE // min(film.shape[1:])))
    height, width = film.shape[1] * factor, film.shape[2] * factor
    even = (height + height % 2, width + width % 2)  # the codec halves the colour planes
    low, high = float(np.nanmin(film)), float(np.nanmax(film))
    colours = colormaps["cividis"]
    with staged_file(path) as part:
        writer = imageio_ffmpeg.write_frames(
            str(part),
            (even[1], even[0]),
            fps=FRAMES_PER_SECOND,
            quality=8,
            macro_block_size=2,
            ffmpeg_log_level="error",
        )
        writer.send(None)
        for frame in film:
            scaled = (frame - low) / (high - low or 1.0)
            pixels = np.kron(scaled, np.ones((factor, factor)))
            padded = np.pad(pixels, ((0, even[0] - height), (0, even[1] - width)), mode="edge")
            writer.send(np.ascontiguousarray(colours(padded, bytes=True)[..., :3]))
        writer.close()
    return path
