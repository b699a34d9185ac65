"""Montages: all patterns that were read as one class, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from morphoscope.atlas import Atlas, symbol
from morphoscope.errors import UsageError
from morphoscope.reports.style import composite, house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 12
MOST = 600  # patterns in one picture; more are thinned out evenly over the order of certainty


def montage(atlas: Atlas, name: str, *, most: int = MOST, columns: int = COLUMNS) -> Figure:
    """The patterns read as class ``name``, most certain first, as RGB composites with their parameters.

    Raises UsageError for an unknown class and for a class that no pattern was read as.
    """
    members = atlas.members(name)
    if not len(members):
        raise UsageError(f"no pattern was read as {name!r}; there is nothing to show")
    if most < 1:
        raise UsageError(f"most={most} leaves no pattern; use 1 or more")
    total = len(members)
    if total > most:
        members = members[np.linspace(0, total - 1, most).round().astype(int)]
    pictures = composite(atlas.frames(members))
    columns = min(columns, len(members))
    rows = -(-len(members) // columns)
    plane = atlas.plan.model.plane
    values = {parameter: atlas.values(parameter)[members] for parameter in plane}
    with house_style():
        size = 1.05
        figure = new_figure(max(columns * size, 3.2), rows * (size + 0.22) + 0.4)
        grid = figure.subplots(rows, columns, squeeze=False)
        for position, axes in enumerate(grid.flat):
            axes.set_axis_off()
            if position < len(members):
                axes.imshow(pictures[position], interpolation="nearest")
                text = " ".join(f"{p}={values[p][position]:.5g}" for p in reversed(plane))
                axes.set_title(text, fontsize=5, pad=1.5)
        shown = "" if total == len(members) else f", {len(members)} shown"
        plural = "pattern" if total == 1 else "patterns"
        letter = f"{symbol(name)} " if symbol(name) != name else ""
        figure.suptitle(f"{letter}{name}: {total} {plural}{shown}, most certain first")
    return figure
