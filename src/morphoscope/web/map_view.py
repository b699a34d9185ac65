"""The map: a plane of parameters, coloured by class or by a number, with hover, click, box, lasso and wheel zoom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from bokeh.events import Tap
from bokeh.models import BoxSelectTool, ColorBar, ColumnDataSource, HoverTool, LassoSelectTool, LinearColorMapper
from numpy.typing import NDArray

from morphoscope.atlas import Atlas, titled
from morphoscope.atlas.thumbnails import COLUMNS, PER_SHEET, SIDE
from morphoscope.reports.classmap import UNDEFINED, colour_range
from morphoscope.reports.style import LINE_STYLES
from morphoscope.web.locking import under_lock
from morphoscope.web.style import let_page_scroll, new_figure, palette, restyle
from morphoscope.web.wording import basis

_HOVER = """
<div style="display:flex;gap:8px;align-items:center;color:#1b1f24;background:#fff;padding:2px">
<div style="width:{shown}px;height:{shown}px;
background:var(--sheet-@sheet) @left{{0}}px @top{{0}}px / @wide{{0}}px auto"></div>
<div><b>@title</b><br>{lines}read @basis</div></div>
"""
_SHOWN = 112  # pixels of the thumbnail at the pointer
_COLOUR_MAP = "cividis"
_MARK = "#ffffff"


class MapView:
    """The map of one atlas. A click calls ``on_click(position)``, a box or a lasso ``on_selection(positions)``.

    ``labels``: the class of each reading, empty for ambiguous. The thumbnails are the page's CSS variables --sheet-N.
    """

    def __init__(
        self,
        atlas: Atlas,
        labels: list[str],
        on_click: Callable[[int], None] | None = None,
        on_selection: Callable[[list[int]], None] | None = None,
    ) -> None:
        self.atlas, self.labels, self.color = atlas, labels, "class"
        self.variables = atlas.variables()
        self.across, self.up = (atlas.values(name) for name in atlas.plane)
        self.source = ColumnDataSource(self._columns())
        self.theory: list[Any] = []
        self.figure = self._figure()
        self._draw_letters()
        self.here = ColumnDataSource({"x": [], "y": []})
        self.live = ColumnDataSource({"x": [], "y": []})
        self.annotated = ColumnDataSource({"x": [], "y": []})
        self.differing = ColumnDataSource({"x": [], "y": []})
        self.posterior = ColumnDataSource({"x": [], "y": []})
        self._draw_marks()
        self.recolour(self.color)
        self.position = -1
        self._on_click, self._on_selection = on_click, on_selection
        if on_click is not None:
            self.figure.on_event(Tap, self._tapped)
        if on_selection is not None:
            self.source.selected.on_change("indices", self._selected)

    def _selected(self, name: str, old: list[int], new: list[int]) -> None:
        if new and self._on_selection:
            self._on_selection([int(i) for i in new])

    def _tapped(self, event: Any) -> None:
        """Open the reading at a click. If there are several, repeated clicks open one after another."""
        if event.x is None or event.y is None:
            return
        nearest = self.nearest(event.x, event.y)
        pitches = _pitch(self.across), _pitch(self.up)
        away = abs(self.across[nearest] - event.x) / pitches[0], abs(self.up[nearest] - event.y) / pitches[1]
        if max(away) > 1:
            return
        here = np.flatnonzero((self.across == self.across[nearest]) & (self.up == self.up[nearest])).tolist()
        after = [position for position in here if position > self.position]
        if self._on_click:
            self._on_click((after or here)[0] if self.position in here else here[0])

    def _columns(self) -> dict[str, Any]:
        n = len(self.atlas.runs)
        sheet, place = np.divmod(np.arange(n), PER_SHEET)
        scale = _SHOWN / SIDE
        wide = np.minimum(COLUMNS, n - sheet * PER_SHEET) * SIDE * scale  # the last sheet may be narrower
        return {
            "x": self.across,
            "y": self.up,
            "colour": ["#000000"] * n,
            "title": self._titles(),
            "basis": [basis(self.atlas, position) for position in range(n)],
            "sheet": sheet,
            "left": -(place % COLUMNS) * _SHOWN,
            "top": -(place // COLUMNS) * _SHOWN,
            "wide": wide,
            **{f"p_{name}": self.atlas.values(name) for name in self.atlas.plan.parameter_names},
        }

    def _titles(self) -> list[str]:
        return [titled(label) if label else "ambiguous" for label in self.labels]

    def _figure(self) -> Any:
        model = self.atlas.plan.model
        x_name, y_name = self.atlas.plane
        made = new_figure(
            x_axis_label=f"{x_name}, {model.meanings[x_name]}",
            y_axis_label=f"{y_name}, {model.meanings[y_name]}",
            tools="pan,wheel_zoom,box_zoom,box_select,lasso_select,reset,save",
            active_scroll="wheel_zoom",
            active_drag="box_select",
            sizing_mode="stretch_width",
            height=520,
            # The name of the canvas for screen readers.
            name=f"Map of {len(self.atlas.runs)} runs",
        )
        # The outline has the cell's colour and closes the gaps that antialiasing leaves between adjacent cells.
        points = made.rect(
            "x", "y", *(_pitch(values) for values in (self.across, self.up)), color="colour", line_width=1,
            source=self.source, nonselection_fill_alpha=0.45, nonselection_line_alpha=0, selection_alpha=1.0,
        )  # fmt: skip
        # A lasso selects markers, not rectangles, so each square has an invisible marker at its centre.
        middles = made.scatter("x", "y", source=self.source, size=4, alpha=0, nonselection_alpha=0)
        for tool in made.tools:
            if isinstance(tool, BoxSelectTool | LassoSelectTool):
                tool.renderers = [points, middles]  # glyphs that are drawn over them can't be selected
        lines = "".join(f"{name} @p_{name}{{0.000000}}<br>" for name in self.atlas.plan.parameter_names)
        hover = HoverTool(
            renderers=[points], tooltips=_HOVER.format(shown=_SHOWN, lines=lines), attachment="horizontal", limit=3
        )
        made.add_tools(hover)
        self.mapper = LinearColorMapper(palette(_COLOUR_MAP), low=0, high=1)
        self.bar = ColorBar(color_mapper=self.mapper, visible=False, width=10)
        made.add_layout(self.bar, "right")
        return made

    @under_lock
    def draw_theory(self) -> None:
        """Draw the bifurcation lines. Deriving them takes a moment."""
        ends = [(float(values.min()), float(values.max())) for values in (self.across, self.up)]
        for line in self.atlas.theory_lines(*ends):
            xs, ys = ([piece[:, axis] for piece in line.pieces] for axis in (0, 1))
            style = LINE_STYLES.get(line.kind, "dashed").replace("dashdot", "dotdash")  # Bokeh's name
            # Black on white is visible on light and on dark classes.
            for colour, width, dash in (("#ffffff", 3, "solid"), ("#000000", 1.6, style)):
                drawn = self.figure.multi_line(xs, ys, color=colour, line_width=width, line_dash=dash, name=line.name)
                self.theory.append(drawn)

    def _draw_letters(self) -> None:
        self.letters = ColumnDataSource({"x": [], "y": [], "text": []})
        self.letter_marks = self.figure.text(
            "x", "y", text="text", source=self.letters, text_align="center", text_baseline="middle",
            text_font_size="17px", text_font_style="bold", text_color="#000000", text_outline_color="#ffffff",
        )  # fmt: skip

    @under_lock
    def place_letters(self) -> None:
        """Draw a letter inside the region of each class. Finding the positions takes a moment."""
        looks, labels = self.atlas.class_styles(), np.array(self.labels)
        found = []
        for name, (symbol, _) in looks.items():
            members = np.flatnonzero(labels == name)
            if len(members) >= self.atlas.min_labelled:
                found.append((*self.atlas.label_position(members), symbol))
        x, y, text = zip(*found, strict=True) if found else ((), (), ())
        self.letters.data = {"x": list(x), "y": list(y), "text": list(text)}

    def _draw_marks(self) -> None:
        mark = {"fill_color": None, "line_color": "#000000"}
        self.figure.scatter(
            "x", "y", source=self.posterior, size=5, fill_color="#ff3b30", line_color=_MARK, line_width=0.5, alpha=0.7
        )
        self.figure.scatter("x", "y", source=self.annotated, size=5, fill_color=_MARK, line_color="#000000")
        self.difference_marks = self.figure.scatter(
            "x", "y", source=self.differing, marker="x", size=7, line_color="#000000", line_width=1.6, visible=False
        )
        for source, size, colour in ((self.here, 17, "#ff3b30"), (self.live, 13, "#0969da")):
            self.figure.scatter("x", "y", source=source, size=size + 3, line_width=5, **{**mark, "line_color": _MARK})
            self.figure.scatter("x", "y", source=source, size=size, line_width=3, **{**mark, "line_color": colour})

    @under_lock
    def recolour(self, color: str) -> None:
        """Colour by ``class`` or by one of the atlas's variables."""
        if color != "class" and color not in self.variables:
            return
        self.color = color
        if color == "class":
            looks = self.atlas.class_styles()
            colours = [looks[label][1] if label else "#ffffff" for label in self.labels]
        else:
            values = self.variables[color]
            known = np.isfinite(values)
            low, high = colour_range(self.atlas, color, values[known])
            self.mapper.update(low=low, high=high)
            share = (np.where(known, values, low) - low) / ((high - low) or 1.0)
            scaled = np.round(255 * share).clip(0, 255).astype(int)
            colours = np.where(known, np.array(self.mapper.palette)[scaled], UNDEFINED).tolist()
        self.bar.visible = color != "class"
        self.source.data["colour"] = colours

    @under_lock
    def relabel(self, labels: list[str], changed: list[int], annotated: list[bool]) -> None:
        """Update the labels of the ``changed`` readings."""
        self.labels = labels
        if changed:
            self.source.patch({"title": [(i, titled(labels[i]) if labels[i] else "ambiguous") for i in changed]})
            if self.color == "class":
                looks = self.atlas.class_styles()
                self.source.patch({"colour": [(i, looks[labels[i]][1] if labels[i] else "#ffffff") for i in changed]})
            self.place_letters()
        self.mark_annotated(annotated)

    @under_lock
    def mark_annotated(self, annotated: list[bool]) -> None:
        """Mark annotated readings with dots."""
        places = np.flatnonzero(annotated)
        self.annotated.data = {"x": self.across[places], "y": self.up[places]}

    @under_lock
    def mark_here(self, position: int | None) -> None:
        """Mark the pattern that is shown with a ring."""
        self.position = -1 if position is None else position
        places = [] if position is None else [position]
        self.here.data = {"x": self.across[places], "y": self.up[places]}

    @under_lock
    def mark_live(self, x: float, y: float) -> None:
        """Mark the live run with a ring."""
        self.live.data = {"x": [x], "y": [y]}

    @under_lock
    def mark_posterior(self, draws: Mapping[str, NDArray[np.float64]]) -> None:
        """Mark draws of parameters, by name, with small dots; none unless they include both of the plane."""
        x_name, y_name = self.atlas.plane
        known = x_name in draws and y_name in draws
        self.posterior.data = {"x": draws[x_name], "y": draws[y_name]} if known else {"x": [], "y": []}

    @under_lock
    def mark_differing(self, positions: NDArray[np.intp]) -> None:
        """Mark readings that have another class in the second atlas with crosses."""
        self.differing.data = {"x": self.across[positions], "y": self.up[positions]}
        self.difference_marks.visible = bool(len(positions))

    def neighbour(self, position: int, dx: int, dy: int) -> int:
        """The nearest reading in one of four directions, or the same one at the edge."""
        x, y = self.across / _pitch(self.across), self.up / _pitch(self.up)
        ahead = (x - x[position]) * dx + (y - y[position]) * dy
        aside = np.abs((x - x[position]) * dy) + np.abs((y - y[position]) * dx)
        cost = np.where((ahead > 0.5) & (aside < 2 * ahead), ahead + 3 * aside, np.inf)
        best = int(np.argmin(cost))
        return best if np.isfinite(cost[best]) else position

    def nearest(self, x: float, y: float) -> int:
        """The reading nearest to a point of the plane."""
        distance = ((self.across - x) / _pitch(self.across)) ** 2 + ((self.up - y) / _pitch(self.up)) ** 2
        return int(np.argmin(distance))

    @under_lock
    def show_theory(self, shown: bool) -> None:
        """Show or hide the bifurcation lines."""
        for line in self.theory:
            line.visible = shown

    @under_lock
    def show_letters(self, shown: bool) -> None:
        """Show or hide the letters of the classes."""
        self.letter_marks.visible = shown

    @under_lock
    def restyle(self, theme: str) -> None:
        """Apply the light or the dark theme."""
        restyle(self.figure, theme)

    @under_lock
    def let_page_scroll(self) -> None:
        """Let fingers scroll the page, for touch screens."""
        let_page_scroll(self.figure)


def _pitch(values: NDArray[np.float64]) -> float:
    """The distance between neighbouring columns of a scan; for scattered points, a fraction of their extent."""
    places = np.unique(values.round(9))
    if len(places) < 2:
        return 1.0
    apart = np.diff(places)
    extent = places[-1] - places[0]
    return float(np.clip(np.median(apart), extent / 200, extent / 8))
