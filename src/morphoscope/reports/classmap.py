"""The class map: the classes of an atlas in a plane of two parameters, with the bifurcation lines from theory."""

from __future__ import annotations

import dataclasses
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, ordered, titled
from morphoscope.atlas.inferred import simulated
from morphoscope.atlas.settled import SETTLED
from morphoscope.core.errors import UsageError, nearest
from morphoscope.descriptors import BY_NAME
from morphoscope.rendering.figure import colour_bar
from morphoscope.rendering.style import COLOUR_MAP, figure_style, new_figure
from morphoscope.reports.captions import caption
from morphoscope.reports.style import LINE_STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import Collection
    from matplotlib.figure import Figure

UNDEFINED = "#c8c8c8"
_LATTICE = 0.25  # points are drawn as the cells of a lattice if they fill at least this fraction of it
_CHARACTERS = 26  # per line of the legend
_TITLES = {
    SETTLED: "settled: time from which on the class read does not change",
    "survives": "survives: number of checks of verify that keep the class",
    "known": "known score; below 0.5 a pattern is unknown",
}
_HALF = 0.5 - 1e-9
_OUTLIERS = 1.0  # per cent of the runs that lie beyond each end of a descriptor's scale


def class_map(atlas: Atlas, *, color: str = "class", theory: bool = True, title: str | None = None) -> Figure:
    """The atlas in its plane, one square per point: the class of most of its runs, or the mean of a variable over them.

    ``color``: ``class`` or a variable of the atlas, such as ``margin``, ``entropy``, ``P(kappa)`` or ``wavelength``.
    ``theory``: whether to draw bifurcation lines. Raises UsageError for another ``color``.
    """
    values = None if color == "class" else atlas.in_plane.averaged(numbers(atlas, color))
    with figure_style():
        figure = new_figure(8.2, 6.0)
        axes = figure.add_subplot()
        across, up = (atlas.values(name) for name in atlas.plane)
        mark = mark_for(axes, across, up)
        if values is None:
            draw_classes(axes, atlas, across, up, mark)
            mark_coexistence(axes, atlas, across, up, mark)
            mark_unknown(axes, atlas, across, up, mark)
            mark_simulated(axes, atlas, across, up)
        else:
            points = draw_numbers(axes, atlas, color, values, mark)
            label = BY_NAME[color].title if color in atlas.descriptors else _TITLES.get(color, color)
            colour_bar(figure, points, points.get_clim(), ax=axes, label="\n".join(textwrap.wrap(label, 60)))
        if theory:
            draw_theory(axes, atlas)
        _draw_legend(axes, mark, atlas, at_side=values is None)
        name_axes(axes, atlas)
        axes.set_title(title or f"{atlas.plan.model.title}: {_counted(atlas)}\n{caption(atlas)}")
    return figure


def _counted(atlas: Atlas) -> str:
    """The number of runs; of an adaptive scan also that of the points that were only inferred."""
    real = int(simulated(atlas).sum())
    added = len(atlas.runs) - real
    return f"{real} runs, {added} points inferred from them" if added else f"{real} runs"


def mark_simulated(axes: Axes, atlas: Atlas, across: NDArray[np.float64], up: NDArray[np.float64]) -> None:
    """In an adaptive scan, draw a dot at each point that was simulated; all others are inferred."""
    real = simulated(atlas)
    if not real.all():
        axes.scatter(
            across[real], up[real], s=5, c="black", edgecolors="white", lw=0.4, zorder=2, rasterized=True,
            label="\n".join(textwrap.wrap(f"simulated  ({real.sum()}); all others inferred", _CHARACTERS)),
        )  # fmt: skip


def numbers(atlas: Atlas, color: str) -> NDArray[np.float64]:
    """The variable of an atlas with that name. Raises UsageError if there is none."""
    variables = atlas.variables()
    if color in variables:
        return variables[color]
    if color in atlas.descriptors:
        raise UsageError(f"{color} is undefined for every run of this atlas; choose another color")
    if color == SETTLED:
        raise UsageError(f"{atlas.folder} was read at one time only; read its runs over time", operation="scan")
    if color in ("coexistence", "states"):
        raise UsageError(f"{atlas.folder} has one run at each point; {color} needs several, with other seeds")
    if color in BY_NAME and not atlas.descriptors:
        raise UsageError(f"{atlas.folder} has no {color} yet; compute its descriptors", operation="describe")
    if color == "known":
        raise UsageError(f"{atlas.folder} has no known scores; scan its ensemble with a classifier that has one")
    raise UsageError(f"unknown color {color!r}; {nearest(color, ('class', *variables))}")


def draw_numbers(axes: Axes, atlas: Atlas, color: str, values: NDArray[np.float64], mark: Mark) -> Collection:
    """One square per reading, coloured by a variable, grey if undefined; some descriptors have a logarithmic scale."""
    from matplotlib.colors import LogNorm, Normalize

    across, up = (atlas.values(name) for name in atlas.plane)
    known = np.isfinite(values)
    if not known.all():
        unknown = across[~known], up[~known]
        label = f"undefined ({len(unknown[0])})"
        mark.draw(axes, *unknown, color=UNDEFINED, label=label)
    shown = values[known]
    low, high = colour_range(atlas, color, shown)
    ratios = color in atlas.descriptors and BY_NAME[color].ratios and (shown > 0).any()
    if ratios:
        low, high = colour_range(atlas, color, shown[shown > 0])
        shown = np.maximum(shown, low)
    norm = LogNorm(low, high) if ratios else Normalize(low, high)
    return mark.draw(axes, across[known], up[known], c=shown, cmap=COLOUR_MAP, norm=norm)


def colour_range(atlas: Atlas, color: str, values: NDArray[np.float64]) -> tuple[float, float]:
    """The ends of a colour scale: 0 and 1 for probabilities and the like; percentiles for descriptors."""
    if color in atlas.descriptors:
        low, high = np.percentile(values, (_OUTLIERS, 100 - _OUTLIERS))
    else:
        low, high = values.min(), values.max()
        if color == "survives":
            return 0.0, max(float(high), 1.0)
        if low >= 0 and high <= 1 and color not in atlas.plan.parameter_names:
            return 0.0, 1.0
    return float(low), float(high)


@dataclasses.dataclass(frozen=True)
class Mark:
    """The mark of a point: a cell of a lattice with the sides ``cell``, or a square with an area in points²."""

    area: float
    cell: tuple[float, float] | None = None

    @property
    def legend_scale(self) -> float:
        """What makes scattered squares 8 points wide in a legend; the cells of a lattice have patches there anyway."""
        return float(8 / self.area**0.5) if self.cell is None else 1.0

    def draw(self, axes: Axes, across: NDArray[np.float64], up: NDArray[np.float64], **style: Any) -> Collection:
        """Draw points; ``style``: ``color``, or ``c`` with ``cmap`` and ``norm``, and ``label``."""
        if self.cell is None:
            return axes.scatter(across, up, s=self.area, marker="s", lw=0, rasterized=True, **style)
        from matplotlib.collections import PolyCollection

        corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]) * self.cell
        centres = np.stack([across, up], axis=1)[:, None, :]
        # Without antialiasing, which would leave light lines between neighbours.
        cells = PolyCollection(list(centres + corners), lw=0, antialiased=False, rasterized=True, **_cell_style(style))
        if "c" in style:
            cells.set_array(style["c"])
        axes.add_collection(cells, autolim=False)
        return cells


def _cell_style(style: dict[str, Any]) -> dict[str, Any]:
    return {"facecolors" if name == "color" else name: value for name, value in style.items() if name != "c"}


def mark_for(axes: Axes, across: NDArray[np.float64], up: NDArray[np.float64]) -> Mark:
    """Set the limits of the axes and return the mark with which neighbours touch (on a lattice, along both axes)."""
    sides, counts, cell = [], [], []
    for values, set_limits, inches in ((across, axes.set_xlim, 6.4), (up, axes.set_ylim, 5.2)):
        low, high = float(values.min()), float(values.max())
        steps = np.diff(np.unique(values.round(9)))
        step = float(steps.min()) if len(steps) else 0.0
        margin = max(0.03 * (high - low), step / 2) or 0.01
        set_limits(low - margin, high + margin)
        cell.append(step or 0.4 * margin)
        sides.append(72 * inches * cell[-1] / (high - low + 2 * margin))
        counts.append(round((high - low) / cell[-1]) + 1)
    points = len(np.unique(np.stack([across, up], axis=1).round(9), axis=0))
    if points >= _LATTICE * counts[0] * counts[1]:
        return Mark(float(min(sides) ** 2), (cell[0], cell[1]))
    # A sparse sample has no lattice, so the number of points determines the size.
    side = 72 * np.sqrt(6.4 * 5.2 / max(len(across), 1)) * 0.62
    return Mark(float(np.clip(max(min(sides), side) * 1.12, 2.0, 14.0) ** 2))


def draw_classes(
    axes: Axes,
    atlas: Atlas,
    across: NDArray[np.float64],
    up: NDArray[np.float64],
    mark: Mark,
    looks: dict[str, tuple[str, str]] | None = None,
) -> None:
    """One square per point in the colour of the class of most of its runs, and a symbol in each region.

    ``looks``: symbol and colour of each class, by default those of the atlas.
    """
    from matplotlib import patheffects

    looks = atlas.class_styles() if looks is None else looks
    counts = atlas.counts()
    points = atlas.in_plane
    for name in ordered(list(atlas.classes)):
        members = atlas.members(name)
        if not len(members):
            continue
        shown = points.first[points.majority == atlas.classes.index(name)]
        label = "\n".join(textwrap.wrap(f"{titled(name, looks[name][0])}  ({counts[name]})", _CHARACTERS))
        mark.draw(axes, across[shown], up[shown], color=looks[name][1], label=label)
        if len(members) >= atlas.min_labelled:
            x, y = atlas.label_position(shown if len(shown) else members)
            lines = textwrap.wrap(looks[name][0], 14) or [""]
            axes.text(
                x,
                y,
                "\n".join(lines),
                ha=_alignment(axes, x, max(lines, key=len)),
                va="center",
                fontsize=13 if len(looks[name][0]) <= 3 else 8,
                weight="bold",
                path_effects=[patheffects.withStroke(linewidth=2.5, foreground="white")],
            )


def _alignment(axes: Axes, x: float, text: str) -> str:
    """The horizontal alignment with which a text near an end of the axis stays inside."""
    low, high = axes.get_xlim()
    half = 0.012 * len(text)  # of the text's width, as a fraction of the axis
    position = (x - low) / (high - low)
    return "left" if position < half else "right" if position > 1 - half else "center"


def mark_coexistence(
    axes: Axes, atlas: Atlas, across: NDArray[np.float64], up: NDArray[np.float64], mark: Mark
) -> None:
    """In each square of a point where classes coexist, draw a dot in the colour of the second most frequent class."""
    points, looks = atlas.in_plane, atlas.class_styles()
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
    hidden = [name for name in atlas.varying if name not in atlas.plane]
    what = f"several classes over {', '.join(hidden)}" if hidden else "classes coexist"
    axes.scatter(
        [], [], c="white", label="\n".join(textwrap.wrap(f"{what}  ({len(several)} {plural})", _CHARACTERS)), **dot
    )


def mark_unknown(axes: Axes, atlas: Atlas, across: NDArray[np.float64], up: NDArray[np.float64], mark: Mark) -> None:
    """Draw a cross in each square of a point where at least half of the runs are unknown."""
    points, unknown = atlas.occupancy, atlas.reading.unknown
    if not unknown.any():
        return
    shown = points.first[points.averaged(unknown.astype(np.float64))[points.first] >= _HALF]
    cross: dict[str, Any] = {
        "s": float(np.clip(0.5 * mark.area, 4.0, 60.0)), "marker": "x", "linewidths": 0.7, "c": "black",
    }  # fmt: skip
    axes.scatter(across[shown], up[shown], zorder=2, rasterized=True, label=f"unknown  ({int(unknown.sum())})", **cross)


def draw_theory(axes: Axes, atlas: Atlas) -> None:
    """Draw the bifurcation lines in the visible part of the plane."""
    from matplotlib import patheffects

    outline = [patheffects.withStroke(linewidth=3, foreground="white")]
    for line in atlas.theory_lines(axes.get_xlim(), axes.get_ylim()):
        style = LINE_STYLES.get(line.kind, "dashed")
        for piece in line.pieces:
            axes.plot(*piece.T, color="black", lw=1.6, ls=style, path_effects=outline)
        axes.plot([], [], color="black", lw=1.6, ls=style, label="\n".join(textwrap.wrap(line.name, _CHARACTERS)))


def _draw_legend(axes: Axes, mark: Mark, atlas: Atlas, *, at_side: bool) -> None:
    """Draw the legend at the side, or below a map of a variable, which has its colour bar at the side."""
    handles, _ = axes.get_legend_handles_labels()
    if at_side and len(handles) > 1:
        axes.legend(
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
            frameon=False,
            markerscale=mark.legend_scale,
            title=_legend_title(atlas),
            alignment="left",
            labelspacing=0.7,
        )
    elif handles:
        axes.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.1),
            ncols=3 if len(handles) < 4 else 2,
            frameon=False,
            markerscale=mark.legend_scale,
        )


def _legend_title(atlas: Atlas) -> str:
    if not simulated(atlas).all():
        return "class (points)"
    return "class (runs)" if atlas.metadata.get("classifier") is None else "read as (runs)"


def name_axes(axes: Axes, atlas: Atlas) -> None:
    """Label the axes with the parameters of the plane and their meanings."""
    model = atlas.plan.model
    across, up = atlas.plane
    for name, set_label in ((across, axes.set_xlabel), (up, axes.set_ylabel)):
        set_label(f"{name}, {model.meanings[name]}" if model.meanings[name] else name)
