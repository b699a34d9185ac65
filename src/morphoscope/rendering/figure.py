"""Figures of one run: frames with axes and one colour bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from morphoscope.core.errors import UsageError
from morphoscope.rendering.composite import chosen_frames
from morphoscope.rendering.scale import Range, colour_range, ticks
from morphoscope.rendering.style import COLOUR_MAP, figure_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure

_SIDE = 2.6  # inches per frame
_MIN_HEIGHT = 1.1  # inches, so that the colour bar of a grid with few rows has room for its numbers
_LINE = 0.18  # inches, of each further line of the title
_SHORT = 4  # characters; a label that is no longer is drawn above its colour bar
_MAX_FRAMES = 4  # in a figure


def pattern_figure(
    frames: ArrayLike,
    *,
    spacing: float = 1.0,
    times: Sequence[float] | NDArray[np.floating] | None = None,
    shown: Range | None = None,
    magnitude: float = 0.0,
    species: str = "u",
    title: str = "",
    most: int = _MAX_FRAMES,
) -> Figure:
    """Frames of a run side by side, all with one colour scale.

    Parameters
    ----------
    frames
        Values of one species, (time, y, x) or (y, x).
    spacing
        Side of a cell.
    times
        Time of each frame, for its title.
    shown
        Range of values that the colours always cover; by default the range of the frames.
    magnitude
        Typical magnitude of values, see :func:`~morphoscope.rendering.scale.colour_range`.
    species
        Name for the colour bar.
    title
        Title of the figure.
    most
        Maximum number of frames; if there are more, some are chosen evenly from the first to the last.

    Returns
    -------
    matplotlib.figure.Figure
        The first row of cells is at the top, as in the PNG of a run.

    Raises
    ------
    UsageError
        For arrays of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> figure = pattern_figure(np.eye(8)[None], times=[100.0], title="a diagonal")
    >>> [axes.get_title() for axes in figure.axes]
    ['t = 100', '']
    """
    frames = np.asarray(frames, dtype=np.float64)
    frames = frames[None] if frames.ndim == 2 else frames
    if frames.ndim != 3 or not frames.size:
        raise UsageError(f"frames have shape {frames.shape}; expected (time, y, x) or (y, x)")
    ends = colour_range(frames, shown=shown, magnitude=magnitude)
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(most, len(frames))).round().astype(int))
    height, width = frames.shape[1] * spacing, frames.shape[2] * spacing
    aspect = float(np.clip(height / width, 0.1, 3.0))
    with figure_style():
        above = 0.3 + _LINE * title.count("\n") if title else 0.0
        figure = new_figure(_SIDE * len(chosen) + 1.1, max(_SIDE * aspect, _MIN_HEIGHT) + 0.6 + above)
        row = figure.subplots(1, len(chosen), sharey=True, squeeze=False)[0]
        for axes, index in zip(row, chosen, strict=True):
            image = _draw(axes, frames[index], ends, (0.0, width, height, 0.0))
            axes.set_xlabel("x")
            if times is not None:
                axes.set_title(f"t = {times[index]:g}")
        row[0].set_ylabel("y")
        colour_bar(figure, image, ends, ax=list(row), label=species)
        if title:
            figure.suptitle(title)
    return figure


def space_time_figure(
    frames: ArrayLike,
    *,
    spacing: float = 1.0,
    times: Sequence[float] | NDArray[np.floating] | None = None,
    shown: Range | None = None,
    magnitude: float = 0.0,
    species: str = "u",
    title: str = "",
) -> Figure:
    """A run in one dimension, with space along x and time downwards.

    Parameters
    ----------
    frames
        Values of one species, (time, x) or (time, 1, x), at equal intervals of time.
    spacing, shown, magnitude, species, title
        As in :func:`pattern_figure`.
    times
        Time of each row; by default the number of the frame.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UsageError
        For arrays of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> figure = space_time_figure(np.eye(8), times=np.arange(8.0))
    >>> figure.axes[0].get_ylabel()
    'time'
    """
    rows = np.asarray(frames, dtype=np.float64)
    rows = rows[:, 0] if rows.ndim == 3 and rows.shape[1] == 1 else rows
    if rows.ndim != 2 or not rows.size:
        raise UsageError(f"frames have shape {rows.shape}; expected (time, x) or (time, 1, x)")
    ends = colour_range(rows, shown=shown, magnitude=magnitude)
    when = np.arange(len(rows)) if times is None else np.asarray(times, dtype=np.float64)
    with figure_style():
        figure = new_figure(5.4, 4.4)
        axes = figure.add_subplot()
        last = float(when[-1]) if when[-1] > when[0] else float(when[0]) + 1.0
        image = _draw(axes, rows, ends, (0.0, rows.shape[1] * spacing, last, float(when[0])), aspect="auto")
        axes.set(xlabel="x", ylabel="frame" if times is None else "time")
        colour_bar(figure, image, ends, ax=axes, label=species)
        if title:
            axes.set_title(title)
    return figure


def _draw(axes: Axes, field: NDArray[np.float64], ends: Range, extent: Any, aspect: Any = "equal") -> Any:
    axes.spines[:].set_visible(True)
    return axes.imshow(
        field, cmap=COLOUR_MAP, vmin=ends[0], vmax=ends[1], extent=extent, interpolation="nearest", aspect=aspect
    )


def composite_label(species: str, times: Sequence[float], dimensions: int = 2) -> str:
    """The label of a composite's colour bar: the species, and the times that are red, green and blue.

    In one dimension, the times of the bands of a :func:`.tile`.
    """
    if len(times) == 1:
        return species
    if dimensions == 1:
        return f"{species};  from above: t = {', '.join(f'{time:g}' for time in times)}"
    channels = ", ".join(f"{times[i]:g}" for i in chosen_frames(len(times)))
    return f"{species};  red, green, blue: t = {channels}"


def composite_bar(figure: Figure, ends: Range, *, label: str, ax: Any, **place: Any) -> None:
    """The colour bar of a composite, from the value that is black to the value that is white."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    colour_bar(figure, ScalarMappable(Normalize(*ends), "gray"), ends, label=label, ax=ax, **place)


def colour_bar(
    figure: Figure, image: ScalarMappable, ends: Range, *, label: str, ax: Any, extend: str = "", **place: Any
) -> Colorbar:
    """A colour bar with at least three ticks, as decimal numbers.

    It has an arrow at each end that values exceed, or at the ends given by ``extend``.
    """
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    short = len(label) <= _SHORT and "orientation" not in place  # above the bar, or along it
    bar = figure.colorbar(image, ax=ax, extend=extend or _beyond(image, ends), **place)
    if short:
        bar.ax.set_title(label)
    else:
        bar.set_label(label)
    marks = ticks(*ends, logarithmic=isinstance(image.norm, LogNorm))
    axis = bar.ax.xaxis if bar.orientation == "horizontal" else bar.ax.yaxis
    axis.set_major_locator(FixedLocator(marks))
    axis.set_major_formatter(FixedFormatter([f"{mark:.12g}".replace("-", "−") for mark in marks]))
    axis.set_minor_locator(NullLocator())
    return bar


def _beyond(image: ScalarMappable, ends: Range) -> str:
    """The ends of the scale that values of an image exceed, as an ``extend`` argument of matplotlib."""
    drawn = image.get_array()
    if drawn is None:
        return "neither"
    values = np.ma.masked_invalid(np.ma.asarray(drawn, dtype=np.float64)).compressed()
    below, above = bool((values < ends[0]).any()), bool((values > ends[1]).any())
    return {(True, True): "both", (True, False): "min", (False, True): "max"}.get((below, above), "neither")
