"""The class maps of an atlas whose runs began from several initial conditions, and where the class depends on them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from morphoscope.atlas import Atlas, ordered, titled
from morphoscope.atlas.starts import compare_starts, with_initial
from morphoscope.rendering.style import figure_style, new_figure
from morphoscope.reports.captions import caption
from morphoscope.reports.classmap import draw_classes, draw_theory, mark_coexistence, mark_for, name_axes
from morphoscope.reports.comparison import squares

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3  # maps side by side
_SAME, _UNSURE, _DEPENDS = "#e3e3e3", "#f5c16c", "#b2182b"


def start_maps(atlas: Atlas, *, theory: bool = True) -> Figure:
    """A class map for each initial condition, and a last one of the points where the class depends on it.

    ``theory``: whether to draw bifurcation lines. Raises UsageError if all runs have the same initial condition.
    """
    parts = {text: with_initial(atlas, text) for text in atlas.initials}
    count = len(parts) + 1
    columns = min(count, _COLUMNS)
    rows = -(-count // columns)
    with figure_style():
        figure = new_figure(5.2 * columns, 4.6 * rows + 1.2)
        panels = list(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flat)
        for axes, (text, part) in zip(panels, parts.items(), strict=False):
            across, up = (part.values(name) for name in atlas.plane)
            mark = mark_for(axes, *(atlas.values(name) for name in atlas.plane))
            draw_classes(axes, part, across, up, mark)
            mark_coexistence(axes, part, across, up, mark)
            axes.set_title("\n".join(textwrap.wrap(f"{text}: {len(part.runs)} runs", 44)))
        _draw_dependence(panels[len(parts)], atlas)
        for axes in panels[:count]:
            if theory:
                draw_theory(axes, atlas)
            name_axes(axes, atlas)
        for axes in panels[count:]:
            axes.set_axis_off()
        counts = atlas.counts()
        looks = atlas.class_styles()
        shown = [name for name in ordered(list(atlas.classes)) if counts[name]]
        handles = squares({f"{titled(n, looks[n][0])}  ({counts[n]})": looks[n][1] for n in shown})
        figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False, title="read as (runs)")
        figure.suptitle(f"{atlas.plan.model.title}: {len(atlas.runs)} runs\n{caption(atlas)}")
    return figure


def _draw_dependence(axes: Axes, atlas: Atlas) -> None:
    """Where the class depends on the initial condition, surely (disjoint 95 % intervals) or perhaps."""
    found = compare_starts(atlas)
    across, up = (atlas.values(name)[found.first] for name in atlas.plane)
    mark = mark_for(axes, *(atlas.values(name) for name in atlas.plane))
    kinds = np.where(found.depends, 2, np.where(found.differs, 1, 0))
    names = ("same class", "other class, intervals overlap", "class depends on the start")
    for kind, (name, colour) in enumerate(zip(names, (_SAME, _UNSURE, _DEPENDS), strict=True)):
        chosen = kinds == kind
        mark.draw(axes, across[chosen], up[chosen], color=colour)
        axes.plot([], [], ls="", marker="s", ms=8, color=colour, label=f"{name} ({int(chosen.sum())})")
    axes.legend(loc="best", fontsize=8)
    axes.set_title("does the class depend on the start?\n(95 % Wilson intervals of P(class))")
