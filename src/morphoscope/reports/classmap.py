"""The class map: which class was read at which parameters, with what theory says over it."""

from __future__ import annotations

import dataclasses
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, ordered, titled
from morphoscope.core.errors import UsageError, nearest
from morphoscope.descriptors import BY_NAME
from morphoscope.rendering.style import house_style, new_figure
from morphoscope.reports.style import LINE_STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.colorbar import Colorbar
    from matplotlib.figure import Figure

UNDEFINED = "#c8c8c8"
_MOST_LARGE = 2000  # points of a lattice whose squares may be large
_OUTLIERS = 1.0  # percent of the runs at each end of a descriptor's scale that share its last colour


def class_map(atlas: Atlas, *, color: str = "class", theory: bool = True, title: str | None = None) -> Figure:
    """The atlas in its plane, one square a point: the class of most of its runs, or the mean of a number over them.

    ``color``: ``class`` or one of the atlas's variables, as ``margin``, ``entropy``, ``P(kappa)`` or ``wavelength``.
    ``theory`` draws the lines that there are. Raises UsageError for another ``color``.
    """
    values = None if color == "class" else atlas.occupancy.averaged(numbers(atlas, color))
    with house_style():
        figure = new_figure(8.2, 6.0)
        axes = figure.add_subplot()
        across, up = (atlas.values(name) for name in atlas.plane)
        mark = mark_for(axes, across, up)
        if values is None:
            draw_classes(axes, atlas, across, up, mark)
            mark_coexistence(axes, atlas, across, up, mark)
        else:
            points = draw_numbers(axes, atlas, color, values, mark)
            label = BY_NAME[color].title if color in atlas.descriptors else color
            draw_scale(figure.colorbar(points, ax=axes, label="\n".join(textwrap.wrap(label, 60))))
        if theory:
            draw_theory(axes, atlas)
        _draw_legend(axes, mark, beside=values is None)
        name_axes(axes, atlas)
        axes.set_title(title or f"{atlas.plan.model.title}: {len(atlas.runs)} runs")
    return figure


def numbers(atlas: Atlas, color: str) -> NDArray[np.float64]:
    """The atlas's variable of that name; raises UsageError for a name that it has not."""
    variables = atlas.variables()
    if color in variables:
        return variables[color]
    if color in atlas.descriptors:
        raise UsageError(f"{color} is undefined for every run of this atlas; choose another color")
    if color in BY_NAME and not atlas.descriptors:
        raise UsageError(f"{atlas.folder} has no {color} yet; measure it", operation="describe")
    raise UsageError(f"unknown color {color!r}; {nearest(color, ('class', *variables))}")


def draw_numbers(axes: Axes, atlas: Atlas, color: str, values: NDArray[np.float64], mark: Mark) -> PathCollection:
    """A square a reading, coloured by a number, grey where it is undefined; some descriptors on a log scale."""
    from matplotlib.colors import LogNorm, Normalize

    across, up = (atlas.values(name) for name in atlas.plane)
    known = np.isfinite(values)
    if not known.all():
        unknown = across[~known], up[~known]
        label = f"undefined ({len(unknown[0])})"
        axes.scatter(*unknown, s=mark.area, color=UNDEFINED, marker=mark.marker, lw=0, label=label, rasterized=True)
    shown = values[known]
    low, high = colour_range(atlas, color, shown)
    ratios = color in atlas.descriptors and BY_NAME[color].ratios and (shown > 0).any()
    if ratios:
        low, high = colour_range(atlas, color, shown[shown > 0])
        shown = np.maximum(shown, low)
    return axes.scatter(
        across[known],
        up[known],
        c=shown,
        s=mark.area,
        marker=mark.marker,
        lw=0,
        cmap="cividis",
        norm=LogNorm(low, high) if ratios else Normalize(low, high),
        rasterized=True,
    )


def draw_scale(bar: Colorbar) -> None:
    """Ticks of a logarithmic scale as plain numbers, at 1, 2 and 5 times powers of ten."""
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    if isinstance(bar.norm, LogNorm):
        axis = bar.ax.yaxis
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())


def colour_range(atlas: Atlas, color: str, values: NDArray[np.float64]) -> tuple[float, float]:
    """The ends of a scale: 0 and 1 for what a classifier gives; for descriptors without the few outermost."""
    if color in atlas.descriptors:
        low, high = np.percentile(values, (_OUTLIERS, 100 - _OUTLIERS))
    else:
        low, high = values.min(), values.max()
        if low >= 0 and high <= 1 and color not in atlas.plan.parameter_names:
            return 0.0, 1.0
    return float(low), float(high)


@dataclasses.dataclass(frozen=True)
class Mark:
    """How a point is drawn: ``area`` in points², and a marker, a square or a rectangle."""

    area: float
    marker: Any = "s"


def mark_for(axes: Axes, across: NDArray[np.float64], up: NDArray[np.float64]) -> Mark:
    """Set the limits and return the mark with which neighbours just touch: on a lattice, along both axes."""
    sides = []
    for values, set_limits, inches in ((across, axes.set_xlim, 6.4), (up, axes.set_ylim, 5.2)):
        low, high = float(values.min()), float(values.max())
        apart = np.diff(np.unique(values.round(9)))
        half = float(apart.min()) / 2 if len(apart) else 0.0
        margin = max(0.03 * (high - low), half) or 0.01
        set_limits(low - margin, high + margin)
        cells = (high - low + 2 * margin) / apart.min() if len(apart) else 10.0
        sides.append(72 * inches / cells)
    places = len(np.unique(np.stack([across, up], axis=1).round(9), axis=0))
    if places < _MOST_LARGE and places == len(np.unique(across.round(9))) * len(np.unique(up.round(9))):
        width, height = np.clip(np.array(sides) * 1.06, 2.0, 60.0)
        corners = [(-width, -height), (width, -height), (width, height), (-width, height), (-width, -height)]
        return Mark(float(max(width, height) ** 2), corners)
    # A sparse sample has no lattice to fill: there the number of points decides.
    fair = 72 * np.sqrt(6.4 * 5.2 / max(len(across), 1)) * 0.62
    return Mark(float(np.clip(max(min(sides), fair) * 1.12, 2.0, 14.0) ** 2))


def draw_classes(axes: Axes, atlas: Atlas, across: NDArray[np.float64], up: NDArray[np.float64], mark: Mark) -> None:
    """A square a point in the colour of the class of most of its runs, and a letter in each region."""
    from matplotlib import patheffects

    looks = atlas.looks()
    counts = atlas.counts()
    points = atlas.occupancy
    for name in ordered(list(atlas.classes)):
        members = atlas.members(name)
        if not len(members):
            continue
        shown = points.first[points.majority == atlas.classes.index(name)]
        axes.scatter(
            across[shown],
            up[shown],
            s=mark.area,
            color=looks[name][1],
            marker=mark.marker,
            lw=0,
            label=f"{titled(name)}  ({counts[name]})",
            rasterized=True,
        )
        if len(members) >= atlas.fewest_lettered:
            x, y = atlas.heart(shown if len(shown) else members)
            outline = [patheffects.withStroke(linewidth=2.5, foreground="white")]
            axes.text(
                x,
                y,
                looks[name][0],
                ha=_alignment(axes, x, looks[name][0]),
                va="center",
                fontsize=13,
                weight="bold",
                path_effects=outline,
            )


def _alignment(axes: Axes, x: float, text: str) -> str:
    """How a text stands on a place so that a long one near an end of the axis stays inside."""
    low, high = axes.get_xlim()
    needed = 0.012 * len(text)  # half of it, as a share of the axis
    place = (x - low) / (high - low)
    return "left" if place < needed else "right" if place > 1 - needed else "center"


def mark_coexistence(
    axes: Axes, atlas: Atlas, across: NDArray[np.float64], up: NDArray[np.float64], mark: Mark
) -> None:
    """Inside the square of a point where classes coexist, a dot in the second one's colour."""
    points, looks = atlas.occupancy, atlas.looks()
    several = np.flatnonzero(points.multistable)
    if not len(several):
        return
    colours = [looks[points.classes[index]][1] for index in points.second[several]]
    dot: dict[str, Any] = {
        "s": float(np.clip(0.2 * mark.area, 3.0, 60.0)),
        "marker": "o",
        "edgecolors": "black",
        "linewidths": 0.6,
    }
    axes.scatter(across[points.first[several]], up[points.first[several]], c=colours, zorder=2, rasterized=True, **dot)
    plural = "point" if len(several) == 1 else "points"
    axes.scatter([], [], c="white", label=f"classes coexist  ({len(several)} {plural})", **dot)


def draw_theory(axes: Axes, atlas: Atlas) -> None:
    """The lines that theory has for the part of the plane that is shown."""
    from matplotlib import patheffects

    outline = [patheffects.withStroke(linewidth=3, foreground="white")]
    for line in atlas.theory_lines(axes.get_xlim(), axes.get_ylim()):
        style = LINE_STYLES.get(line.kind, "dashed")
        for piece in line.pieces:
            axes.plot(*piece.T, color="black", lw=1.6, ls=style, path_effects=outline)
        axes.plot([], [], color="black", lw=1.6, ls=style, label="\n".join(textwrap.wrap(line.name, 26)))


def _draw_legend(axes: Axes, mark: Mark, *, beside: bool) -> None:
    """Beside a map of classes, with their counts; below a map of numbers, which has its scale beside it."""
    handles, _ = axes.get_legend_handles_labels()
    if beside and len(handles) > 1:
        axes.legend(
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
            frameon=False,
            markerscale=8 / mark.area**0.5,
            title="read as (runs)",
            alignment="left",
            labelspacing=0.7,
        )
    elif handles:
        axes.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.1),
            ncols=3 if len(handles) < 4 else 2,
            frameon=False,
            markerscale=8 / mark.area**0.5,
        )


def name_axes(axes: Axes, atlas: Atlas) -> None:
    """The map's plane as labels."""
    model = atlas.plan.model
    across, up = atlas.plane
    axes.set_xlabel(f"{across}, {model.meanings[across]}")
    axes.set_ylabel(f"{up}, {model.meanings[up]}")
