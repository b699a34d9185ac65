"""The class map: which class was read at which parameters, with what theory says over it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, ordered, titled
from morphoscope.errors import UsageError, nearest
from morphoscope.reports.style import house_style, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def class_map(atlas: Atlas, *, color: str = "class", theory: bool = True, title: str | None = None) -> Figure:
    """The atlas in its model's customary plane, one square a reading.

    ``color``: ``class`` or one of the atlas's variables, as ``margin``, ``entropy`` or ``P(kappa)``. ``theory`` draws
    the lines that there are. Raises UsageError for another ``color``.
    """
    variables = atlas.variables()
    ways = ("class", *variables)
    if color not in ways:
        raise UsageError(f"unknown color {color!r}; {nearest(color, ways)}")
    with house_style():
        figure = new_figure(8.2, 6.0)
        axes = figure.add_subplot()
        across, up = (atlas.values(name) for name in atlas.plan.model.plane)
        marker = marker_area(axes, across, up)
        if color == "class":
            draw_classes(axes, atlas, across, up, marker)
        else:
            values = variables[color]
            share = values.min() >= 0 and values.max() <= 1 and color not in atlas.plan.parameter_names
            points = axes.scatter(
                across,
                up,
                c=values,
                s=marker,
                marker="s",
                lw=0,
                cmap="cividis",
                vmin=0 if share else None,
                vmax=1 if share else None,
                rasterized=True,
            )
            figure.colorbar(points, ax=axes, label=color)
        if theory:
            draw_theory(axes, atlas)
        _draw_legend(axes, marker)
        name_axes(axes, atlas)
        axes.set_title(title or f"{atlas.plan.model.title}: {len(atlas.runs)} runs")
    return figure


def marker_area(axes: Axes, across: NDArray[np.float64], up: NDArray[np.float64]) -> float:
    """Set the limits and return the area in points² at which squares just touch on the densest axis."""
    sizes = []
    for values, set_limits, inches in ((across, axes.set_xlim, 6.4), (up, axes.set_ylim, 5.2)):
        low, high = float(values.min()), float(values.max())
        margin = 0.03 * (high - low) or 0.01
        set_limits(low - margin, high + margin)
        apart = np.diff(np.unique(values.round(9)))
        cells = (high - low + 2 * margin) / apart.min() if len(apart) else 10.0
        sizes.append(72 * inches / cells)
    # A sparse sample has no lattice to fill: there the number of points decides.
    fair = 72 * np.sqrt(6.4 * 5.2 / max(len(across), 1)) * 0.62
    return float(np.clip(max(min(sizes), fair) * 1.12, 2.0, 14.0) ** 2)


def draw_classes(axes: Axes, atlas: Atlas, across: NDArray[np.float64], up: NDArray[np.float64], marker: float) -> None:
    """A square a reading in its class's colour, and a letter in each region."""
    from matplotlib import patheffects

    looks = atlas.looks()
    counts = atlas.counts()
    for name in ordered(list(atlas.classes)):
        members = atlas.members(name)
        if not len(members):
            continue
        axes.scatter(
            across[members],
            up[members],
            s=marker,
            color=looks[name][1],
            marker="s",
            lw=0,
            label=f"{titled(name)}  ({counts[name]})",
            rasterized=True,
        )
        if len(members) >= atlas.fewest_lettered:
            x, y = atlas.heart(members)
            outline = [patheffects.withStroke(linewidth=2.5, foreground="white")]
            axes.text(
                x,
                y,
                looks[name][0],
                ha="center",
                va="center",
                fontsize=13,
                weight="bold",
                path_effects=outline,
            )


def draw_theory(axes: Axes, atlas: Atlas) -> None:
    """The lines that theory has for the part of the plane that is shown."""
    for line in atlas.theory_lines(axes.get_xlim(), axes.get_ylim()):
        for piece in line.pieces:
            axes.plot(*piece.T, color="black", lw=1.4, ls="--")
        axes.plot([], [], "k--", lw=1.4, label="\n".join(textwrap.wrap(line.name, 26)))


def _draw_legend(axes: Axes, marker: float) -> None:
    """Beside a map of classes, with their counts; inside a map of numbers, which has its scale beside it."""
    handles, _ = axes.get_legend_handles_labels()
    if len(handles) > 1:
        axes.legend(
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
            frameon=False,
            markerscale=max(0.6, 8 / marker**0.5),
            title="read as (runs)",
            alignment="left",
            labelspacing=0.7,
        )
    elif handles:
        axes.legend(loc="upper right")


def name_axes(axes: Axes, atlas: Atlas) -> None:
    """The model's plane as labels."""
    model = atlas.plan.model
    across, up = model.plane
    axes.set_xlabel(f"{across}, {model.meanings[across]}")
    axes.set_ylabel(f"{up}, {model.meanings[up]}")
