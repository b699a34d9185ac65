"""Comparison of two readings of the same runs: both class maps side by side, and their differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, ordered, titled
from morphoscope.atlas.classes import free_colour
from morphoscope.rendering.style import figure_style, new_figure
from morphoscope.reports.classmap import draw_classes, draw_theory, mark_for, name_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_UNCHANGED = "#e3e3e3"
Place = dict[str, float]


def two_maps(
    first: Atlas, second: Atlas, titles: tuple[str, str], *, ring: Place | None = None, without: tuple[str, ...] = ()
) -> Figure:
    """Both class maps with one legend, which has both counts; ``ring`` marks a point in both.

    The axes cover the region of the classes that are not named in ``without``.
    """
    looks = shared_styles(first, second)
    with figure_style():
        figure = new_figure(13.0, 6.5)
        for axes, atlas, title in zip(figure.subplots(1, 2, sharey=True), (first, second), titles, strict=True):
            across, up = (atlas.values(name) for name in atlas.plane)
            inside = _box(first, without)
            draw_classes(axes, atlas, across, up, mark_for(axes, *inside), looks)
            for text in axes.texts:
                text.set_clip_on(True)
            _finish(axes, atlas, title, ring)
        counts = (first.counts(), second.counts())
        classes = ordered(sorted({*first.classes, *second.classes}))
        labels = {name: " → ".join(str(c[name]) if name in c else "–" for c in counts) for name in classes}
        shown = [name for name in classes if _any(name, counts)]
        handles = squares({f"{titled(n, looks[n][0])}  ({labels[n]})": looks[n][1] for n in shown})
        figure.legend(
            handles=handles, loc="outside lower center", ncols=6, frameon=False, title="read as (runs in each map)"
        )
    return figure


def change_map(first: Atlas, second: Atlas, *, ring: Place | None = None) -> Figure:
    """The runs that have different classes in two atlases, in the colour of the second reading."""
    theirs = dict(zip(second.keys(), second.reading.names, strict=True))
    pairs = zip(first.keys(), first.reading.names, strict=True)
    new = np.array([theirs[key] if theirs.get(key, name) != name else "" for key, name in pairs])
    with figure_style():
        figure = new_figure(8.2, 6.0)
        axes = figure.add_subplot()
        across, up = (first.values(name) for name in first.plane)
        mark = mark_for(axes, across, up)
        looks = shared_styles(first, second)
        counts = {name: int((new == name).sum()) for name in ordered(sorted(set(new.tolist()) - {""}))}
        for name, colour in [("", _UNCHANGED), *((n, looks[n][1]) for n in counts)]:
            chosen = new == name
            mark.draw(axes, across[chosen], up[chosen], color=colour)
        changed = sum(counts.values())
        verb = "is" if changed == 1 else "are"
        _finish(axes, first, f"{changed} of {len(new)} runs {verb} read differently", ring)
        if changed:
            labels = {f"{titled(name, looks[name][0])}  ({n})": looks[name][1] for name, n in counts.items()}
            axes.legend(
                handles=squares(labels),
                loc="center left",
                bbox_to_anchor=(1.0, 0.5),
                frameon=False,
                title="now read as (runs)",
                alignment="left",
                labelspacing=0.7,
            )
    return figure


def _box(atlas: Atlas, without: tuple[str, ...]) -> list[NDArray[np.float64]]:
    """The points of the plane, by axis, in the bounding box of all classes that are not named in ``without``."""
    plane = [atlas.values(name) for name in atlas.plane]
    kept = ~np.isin(atlas.reading.names, without)
    if not kept.any():
        return plane
    inside = np.all([(v >= v[kept].min()) & (v <= v[kept].max()) for v in plane], axis=0)
    return [values[inside] for values in plane]


def _any(name: str, counts: tuple[dict[str, int], ...]) -> bool:
    return any(c.get(name) for c in counts)


def _finish(axes: Axes, atlas: Atlas, title: str, ring: Place | None) -> None:
    draw_theory(axes, atlas)
    if ring is not None:
        across, up = (ring[name] for name in atlas.plane)
        axes.plot(across, up, "o", ms=24, mfc="none", mec="black", mew=1.2)
    name_axes(axes, atlas)
    axes.set_title(title)


def shared_styles(first: Atlas, second: Atlas) -> dict[str, tuple[str, str]]:
    """Symbol and colour of the classes of two atlases: those of the first, and others for what only the second has."""
    looks = first.class_styles()
    for name, (symbol, colour) in second.class_styles().items():
        if name not in looks:
            used = [shown for _, shown in looks.values()]
            looks[name] = (symbol, colour if colour not in used else free_colour(name, used))
    return looks


def squares(colours: dict[str, str]) -> list[Any]:
    """The legend handles: a square in the colour of each text."""
    from matplotlib.lines import Line2D

    return [Line2D([], [], ls="", marker="s", ms=8, color=colour, label=text) for text, colour in colours.items()]
