"""Videos of single runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.storage import check_writable, staged_file
from morphoscope.rendering.figure import pattern_figure
from morphoscope.rendering.scale import Range, colour_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRAMES_PER_SECOND = 25
_MAX_CELLS = 400  # along the longer side; of a larger grid the picture is larger, too, so that every cell is visible
_LINE = 8  # length over height of the band that shows a run in one dimension


def check_video_path(path: str | Path) -> Path:
    """The path, if an MP4 file can be written there. Raises UsageError otherwise."""
    import imageio_ffmpeg

    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise UsageError(f"{path.name}: unknown video format {path.suffix!r}; use .mp4")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; expected the name of a new file")
    check_writable(path)
    try:
        imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError:
        raise UsageError("no ffmpeg is found, which encodes videos; install imageio-ffmpeg again, or ffmpeg") from None
    return path


def save_video(
    frames: NDArray[Any],
    path: str | Path,
    *,
    spacing: float = 1.0,
    times: Sequence[float] | NDArray[np.floating] | None = None,
    shown: Range | None = None,
    magnitude: float = 0.0,
    species: str = "u",
) -> Path:
    """Write frames as MP4 (H.264) with axes, the time and a colour bar; all frames have the same colour scale.

    Parameters
    ----------
    frames
        Values of one species, (frames, y, x).
    path
        File to write, named .mp4.
    spacing
        Side of a cell.
    times
        Time of each frame; by default the video shows no time.
    shown
        Range of values that the colours always cover; by default the range of the frames.
    magnitude
        Typical magnitude of values, see :func:`~morphoscope.rendering.scale.colour_range`.
    species
        Name for the colour bar.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        For another file format.
    """
    import imageio_ffmpeg

    path = check_video_path(path)
    pictures = _pictures(frames, spacing, times, colour_range(frames, shown=shown, magnitude=magnitude), species)
    first = next(pictures)
    with staged_file(path) as part:
        writer = imageio_ffmpeg.write_frames(
            str(part),
            (first.shape[1], first.shape[0]),
            fps=FRAMES_PER_SECOND,
            quality=8,
            pix_fmt_in="rgba",
            output_params=["-preset", "veryfast"],  # 8 instead of 20 ms per frame, and files of the same size
            macro_block_size=2,
            ffmpeg_log_level="error",
        )
        writer.send(None)
        writer.send(first)
        for picture in pictures:
            writer.send(picture)
        writer.close()
    return path


def _pictures(
    frames: NDArray[Any],
    spacing: float,
    times: Sequence[float] | NDArray[np.floating] | None,
    ends: Range,
    species: str,
) -> Iterator[NDArray[np.uint8]]:
    """The frames as pixels (height, width, 4) with even sides, as the codec requires.

    Axes and colour bar are drawn once. Then only the time is drawn and the field's cells are written to their pixels,
    since whole figures take far longer.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = _figure(frames[0], spacing, ends, species)
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.axes[0]
    image, title = axes.images[0], axes.title
    title.set_text("t = 0" if times is not None else "")
    canvas.draw()  # computes the layout once, with room for the title
    figure.set_layout_engine("none")
    for artist in (image, title):
        artist.set_animated(True)
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    pixels = np.asarray(canvas.buffer_rgba())
    field, rows, columns = _places(axes, pixels.shape[0], frames.shape[-2:])
    for index, frame in enumerate(frames):
        canvas.restore_region(background)
        pixels[field] = image.to_rgba(frame, bytes=True)[rows, columns]
        for spine in axes.spines.values():
            axes.draw_artist(spine)
        if times is not None:
            title.set_text(f"t = {times[index]:.6g}")
            axes.draw_artist(title)
        yield np.ascontiguousarray(pixels[: len(pixels) // 2 * 2, : pixels.shape[1] // 2 * 2])


def _places(axes: Axes, height: int, cells: tuple[int, ...]) -> tuple[Any, NDArray[np.intp], NDArray[np.intp]]:
    """The pixels inside the axes of a picture of this height, and the row and the column of the cell in each."""
    left, bottom, right, top = (round(float(side)) for side in axes.get_window_extent().extents)
    rows, columns = (
        (np.arange(size) * count // size)  # the first pixel shows the first cell, the last pixel the last one
        for size, count in ((top - bottom, cells[0]), (right - left, cells[1]))
    )
    return np.s_[height - top : height - bottom, left:right], rows[:, None], columns[None, :]


def _figure(first: NDArray[Any], spacing: float, ends: Range, species: str) -> Figure:
    """The figure of the first frame, with at least one pixel per cell."""
    cells = max(first.shape)
    figure = pattern_figure(first, spacing=spacing, shown=ends, species=species)
    if first.shape[0] == 1:  # one dimension is drawn as a band
        figure.axes[0].set_aspect(first.shape[1] * spacing / _LINE / spacing)
        figure.axes[0].set_yticks([])
        figure.axes[0].set_ylabel("")
    figure.set_dpi(max(160.0, 100.0 * cells / _MAX_CELLS))
    return figure
