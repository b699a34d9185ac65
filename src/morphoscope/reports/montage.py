"""Montages: the patterns of one class, or of all runs, side by side."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, titled
from morphoscope.core.errors import UsageError
from morphoscope.ensembles.imported import NUMBER
from morphoscope.rendering.composite import tile
from morphoscope.rendering.figure import composite_bar, composite_label
from morphoscope.rendering.style import figure_style, new_figure
from morphoscope.reports.captions import caption
from morphoscope.reports.classmap import numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 12
TILE = 1.05  # inches
_MIN_WIDTH = 4.2  # inches, so that the title has room
_BAR = (3.4, 0.13)  # inches, of the colour bar
_CHARACTERS = 14  # of the title per inch
_LABEL = 24  # characters of a label as wide as a pattern
MAX_PATTERNS = 600  # of a class in one picture; of more, some are chosen evenly in their order
SHEET_PATTERNS = 144  # of all runs


def montage(
    atlas: Atlas, name: str | None = None, *, sort: str | None = None, most: int | None = None, columns: int = COLUMNS
) -> Figure:
    """The patterns read as class ``name``, by default all, as RGB composites with their parameters.

    ``sort``: a variable of the atlas, ascending, undefined values last; by default a class is sorted by probability,
    most probable first, and all patterns are in the order of the runs. ``most``: by default MAX_PATTERNS of a class,
    SHEET_PATTERNS of all. Raises UsageError for an unknown class or variable, and for a class without patterns.
    """
    found, order = _sorted_members(atlas, name, sort)
    most = (SHEET_PATTERNS if name is None else MAX_PATTERNS) if most is None else most
    if most < 1:
        raise UsageError(f"most={most} shows no patterns; use 1 or more")
    members = found if len(found) <= most else found[np.linspace(0, len(found) - 1, most).round().astype(int)]
    number = "1 pattern" if len(found) == 1 else f"{len(found)} patterns"
    if unknown := int(atlas.reading.unknown[found].sum()):
        number += f", {unknown} unknown (?)"
    shown = "" if len(found) == len(members) else f", {len(members)} shown"
    title = f"{'all' if name is None else titled(name)}: {number}{shown}, {order}"
    return sheet(atlas, members, title, _labels(atlas, members, sort), columns)


def _sorted_members(atlas: Atlas, name: str | None, sort: str | None) -> tuple[NDArray[np.intp], str]:
    """The readings of a class, or all, in the order in which they are shown, and the order in words."""
    members = np.arange(len(atlas.runs)) if name is None else atlas.members(name)
    if not len(members):
        raise UsageError(f"no pattern was read as {name!r}; choose another class")
    if sort is None:
        return members, "in the order of the runs" if name is None else "most probable first"
    values = numbers(atlas, sort)[members]
    return members[np.argsort(values, kind="stable")], f"by {sort}, ascending"  # NaN is last


def sheet(atlas: Atlas, members: NDArray[np.intp], title: str, labels: list[str], columns: int = COLUMNS) -> Figure:
    """Some patterns of an atlas, each below its label, with the colour scale of the atlas."""
    pictures = tile(atlas.frames(members), atlas.colour_range)
    columns = min(columns, len(members))
    picture, corners = mosaic(pictures, columns)
    tiles = columns * TILE
    width = max(tiles, _MIN_WIDTH)
    with figure_style():
        height = tiles * picture.shape[0] / picture.shape[1] + 1.2
        figure = new_figure(width, height)
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.imshow(picture, interpolation="nearest")
        for (row, column), text in zip(corners, labels, strict=True):
            axes.text(
                column + pictures.shape[2] / 2, row - 2, _fitted(text), ha="center", va="bottom", fontsize=5,
                linespacing=0.95,
            )  # fmt: skip
        plan = atlas.plan
        composite_bar(
            figure, atlas.colour_range, label=composite_label(plan.record[0], plan.times, plan.grid.dimensions),
            ax=axes, orientation="horizontal", fraction=_BAR[1] / height, aspect=_BAR[0] / _BAR[1],
        )  # fmt: skip
        captioned = caption(atlas, width=int(_CHARACTERS * width))
        subtitle = f"{plan.model.title}: {captioned}" if captioned else plan.model.title
        figure.suptitle(f"{title}\n{subtitle}", fontsize=9)
    return figure


def _fitted(text: str) -> str:
    """A label in two lines if it is wider than its pattern; what does not fit into two is cut off."""
    lines = textwrap.wrap(text, _LABEL, max_lines=2, placeholder=" …", break_on_hyphens=False)
    return "\n".join(lines)


def _labels(atlas: Atlas, members: NDArray[np.intp], sort: str | None) -> list[str]:
    """The parameters of the map's plane in the model's order and the value sorted by, one text per pattern."""
    imported = atlas.plan.imported
    if imported is not None and atlas.plan.parameter_names == (NUMBER,):  # which says less than the file
        sources = imported.sources()
        return [sources[run] for run in atlas.runs[members].tolist()]
    names = [name for name in atlas.plan.model.defaults if name in atlas.plane]
    columns = [atlas.values(name)[members] for name in names]
    marks = np.where(atlas.reading.unknown[members], "? ", "").tolist()
    texts = [
        mark + " ".join(f"{n}={v:.5g}" for n, v in zip(names, values, strict=True))
        for mark, *values in zip(marks, *columns, strict=True)
    ]
    if sort is None or sort in names:
        return texts
    values = [f"{value:.3g}" if np.isfinite(value) else "undefined" for value in numbers(atlas, sort)[members]]
    return [f"{text}  {value}" for text, value in zip(texts, values, strict=True)]


def mosaic(pictures: NDArray[np.float32], columns: int) -> tuple[NDArray[np.float32], list[tuple[int, int]]]:
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
