"""Montages: the patterns that were read as one class, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, titled
from morphoscope.core.errors import UsageError
from morphoscope.rendering.composite import composite
from morphoscope.rendering.figure import composite_bar, composite_label
from morphoscope.rendering.style import figure_style, new_figure
from morphoscope.reports.captions import caption

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 12
TILE = 1.05  # inches
_MIN_WIDTH = 4.2  # inches, so that the title has room
_BAR = (3.4, 0.13)  # inches, of the colour bar
_CHARACTERS = 14  # of the title per inch
MAX_PATTERNS = 600  # in one picture; of more, some are chosen evenly in the order of probability


def montage(atlas: Atlas, name: str, *, most: int = MAX_PATTERNS, columns: int = COLUMNS) -> Figure:
    """The patterns read as class ``name``, most probable first, as RGB composites with their parameters.

    Raises UsageError for an unknown class, and for a class that no pattern was read as.
    """
    members = atlas.members(name)
    if not len(members):
        raise UsageError(f"no pattern was read as {name!r}; choose another class")
    if most < 1:
        raise UsageError(f"most={most} shows no patterns; use 1 or more")
    total = len(members)
    if total > most:
        members = members[np.linspace(0, total - 1, most).round().astype(int)]
    frames = atlas.frames(members)
    pictures = composite(frames, atlas.colour_range)
    columns = min(columns, len(members))
    labels = _labels(atlas, members)
    mosaic, corners = _mosaic(pictures, columns)
    tiles = columns * TILE
    width = max(tiles, _MIN_WIDTH)
    with figure_style():
        height = tiles * mosaic.shape[0] / mosaic.shape[1] + 1.2
        figure = new_figure(width, height)
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.imshow(mosaic, interpolation="nearest")
        for (row, column), text in zip(corners, labels, strict=True):
            axes.text(column + pictures.shape[2] / 2, row - 2, text, ha="center", va="bottom", fontsize=5)
        composite_bar(
            figure, atlas.colour_range, label=composite_label(atlas.plan.record[0], atlas.plan.times), ax=axes,
            orientation="horizontal", fraction=_BAR[1] / height, aspect=_BAR[0] / _BAR[1],
        )  # fmt: skip
        shown = "" if total == len(members) else f", {len(members)} shown"
        plural = "pattern" if total == 1 else "patterns"
        title = f"{titled(name)}: {total} {plural}{shown}, most probable first"
        subtitle = f"{atlas.plan.model.title}: {caption(atlas, width=int(_CHARACTERS * width))}"
        figure.suptitle(f"{title}\n{subtitle}", fontsize=9)
    return figure


def _labels(atlas: Atlas, members: NDArray[np.intp]) -> list[str]:
    """The parameters of the map's plane in the model's order, one text per pattern."""
    names = [name for name in atlas.plan.model.defaults if name in atlas.plane]
    columns = [atlas.values(name)[members] for name in names]
    return [
        " ".join(f"{n}={v:.5g}" for n, v in zip(names, values, strict=True)) for values in zip(*columns, strict=True)
    ]


def _mosaic(pictures: NDArray[np.float32], columns: int) -> tuple[NDArray[np.float32], list[tuple[int, int]]]:
    """Pictures (n, y, x, 3) in rows on white, with room for a label above each; and their upper left corners.

    One image is drawn in a second; n axes would take half a minute.
    """
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    step = (height + height // 6, width + width // 20)
    mosaic = np.ones((rows * step[0], columns * step[1], 3), dtype=np.float32)
    corners = []
    for position, picture in enumerate(pictures):
        row, column = position // columns * step[0] + step[0] - height, position % columns * step[1]
        mosaic[row : row + height, column : column + width] = picture
        corners.append((row, column))
    return mosaic, corners
