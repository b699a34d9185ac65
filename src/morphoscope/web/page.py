"""One page of the explorer: the map on one side, everything about a pattern on the other."""

from __future__ import annotations

import html
import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import panel as pn
import param
from panel.custom import JSComponent

from morphoscope.atlas import Atlas
from morphoscope.atlas.thumbnails import PER_SHEET
from morphoscope.web.live_view import LiveView
from morphoscope.web.map_view import MapView
from morphoscope.web.montage_view import MontageView
from morphoscope.web.pass_view import PassView
from morphoscope.web.pattern_view import PatternView
from morphoscope.web.style import asset, sheets_css, theme_css
from morphoscope.web.workplace import Workplace

AUTO, LIGHT, DARK = "auto", "light", "dark"


class Surroundings(JSComponent):
    """What the browser knows: whether its reader prefers dark pages. And the theme of what is around the page."""

    dark = param.Boolean(False)
    theme = param.String(AUTO)

    _esm = asset("surroundings.js")


class MapKeys(JSComponent):
    """Where the person is on the map, in words, and the arrow keys that go elsewhere."""

    text = param.String("")

    _esm = asset("map_keys.js")
    _stylesheets = [asset("map_keys.css")]  # noqa: RUF012 – Panel's way

    def __init__(self, page: Page, **params: Any) -> None:
        super().__init__(**params)
        self._page = page

    def _handle_msg(self, data: Any) -> None:
        steps = {"ArrowLeft": (-1, 0), "ArrowRight": (1, 0), "ArrowUp": (0, 1), "ArrowDown": (0, -1)}
        if isinstance(data, str) and data in steps:
            self._page.step(*steps[data])
        elif data == "Enter":
            self._page.live_from(self._page.position)


class Page:
    """One visitor's page. ``view`` is what Panel shows, in a browser tab or in a notebook's cell."""

    def __init__(self, place: Workplace, sheets: list[str], who: str = "anonymous") -> None:
        self.place, self.sheets = place, sheets
        self.position = -1
        self._document: Any = None
        self.who = pn.widgets.TextInput(name="Your name", value=who, max_length=80, width=130)
        self.theme = pn.widgets.Select(name="Theme", options=[AUTO, LIGHT, DARK], width=90)
        self.surroundings = Surroundings()
        self.map = MapView(place.atlas, place.labels, self._chosen)
        self.keys = MapKeys(self, sizing_mode="stretch_width")
        self.pattern = PatternView(place, self.live_from)
        self.live = LiveView(place, self.map.mark_live)
        self.montage = MontageView(place, self._me, self.open)
        self.passes = PassView(place, self.put_beside)
        self.beside: MapView | None = None
        self.compare = pn.Column(pn.pane.HTML(_NOTHING_BESIDE), sizing_mode="stretch_width", name="Compare")
        self.tabs = pn.Tabs(
            self.pattern.view, self.montage.view, self.live.view, self.passes.view, self.compare, self._share(),
            sizing_mode="stretch_width", min_width=340,
        )  # fmt: skip
        self.view = self._layout()
        self._dress()
        self.map.mark_said(place.marked)
        if place.beside is not None:
            self.put_beside(place.beside)
        self.open(self._first())

    def _layout(self) -> Any:
        atlas = self.place.atlas
        options = {"class": "class", **{name: name for name in atlas.variables()}}
        color = pn.widgets.Select(name="Coloured by", options=options, width=130)
        color.param.watch(lambda event: self._recolour(event.new), "value")
        theory = pn.widgets.Checkbox(name="theory lines", value=True)
        theory.param.watch(lambda event: self.map.show_theory(event.new), "value")
        letters = pn.widgets.Checkbox(name="letters", value=True)
        letters.param.watch(lambda event: setattr(self.map.letter_marks, "visible", event.new), "value")
        follow = self.follow = pn.widgets.Checkbox(name="a click takes the live run there", value=True)
        self.theme.param.watch(lambda _: self._dress(), "value")
        self.surroundings.param.watch(lambda _: self._dress(), "dark")
        self.tabs.param.watch(lambda event: self._turned(event.new), "active")
        title = pn.pane.HTML(f"<h1>{html.escape(atlas.plan.model.title)}</h1><p>{len(atlas.runs)} runs, "
                             f"{len(atlas.classes)} classes</p>", min_width=200)  # fmt: skip
        head = pn.FlexBox(title, self.who, self.theme, self.surroundings, align_items="center")
        legend = pn.pane.HTML(self._legend(), sizing_mode="stretch_width")
        self.legend = legend
        chart = pn.pane.Bokeh(self.map.figure, sizing_mode="stretch_width")
        left = pn.Column(
            pn.FlexBox(color, theory, letters, follow, align_items="center"), chart, self.keys, legend,
            styles={"flex": "1 1 480px", "min-width": "min(100%, 340px)"}, sizing_mode="stretch_width",
        )  # fmt: skip
        right = pn.Column(
            self.tabs, styles={"flex": "1 1 600px", "min-width": "min(100%, 340px)"}, sizing_mode="stretch_width"
        )
        return pn.Column(head, pn.FlexBox(left, right, gap="16px"), sizing_mode="stretch_width", css_classes=["page"])

    def _share(self) -> Any:
        download = pn.widgets.FileDownload(
            callback=self._exported, filename="atlas.zip", label="Download as a web page (ZIP)", embed=False, auto=True
        )
        text = (
            "<h2>Share</h2><p>The atlas as a folder of files that works without Python and without a network: map, "
            "thumbnails, montage. Unpack it and open index.html. The same: <code>morphoscope export ATLAS --out FOLDER"
            "</code></p>"
        )
        return pn.Column(pn.pane.HTML(text, sizing_mode="stretch_width"), download, name="Share")

    def _exported(self) -> io.BytesIO:
        from morphoscope.web.static import export_atlas

        buffer = io.BytesIO()
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            out = Path(folder) / "atlas"
            export_atlas(self.place.atlas, out)
            for path in sorted(out.iterdir()):
                archive.write(path, f"atlas/{path.name}")
        buffer.seek(0)
        return buffer

    def _legend(self) -> str:
        looks, labels = self.place.atlas.looks(), np.array(self.place.labels)
        counted = {name: int(np.sum(labels == name)) for name in looks}
        chips = "".join(
            f"<span class='chip'><i style='background:{colour}'></i><b>{html.escape(symbol)}</b> {counted[name]}</span>"
            for name, (symbol, colour) in looks.items()
            if counted[name]
        )
        return f"<div class='legend'>{chips}</div>"

    def _first(self) -> int:
        """What is shown first: the most certain pattern of the montage's class."""
        order = self.montage.component.order
        return int(order[-1]) if order else 0

    def _me(self) -> str:
        return self.who.value.strip() or "anonymous"

    # What the person does

    def _chosen(self, positions: list[int]) -> None:
        if len(positions) == 1:
            self.open(positions[0])
            if self.follow.value:
                self.live.travel(self._point(positions[0]))
        elif positions:
            self.montage.select(positions)
            self.tabs.active = 1

    def _point(self, position: int) -> dict[str, float]:
        atlas = self.place.atlas
        return {name: float(atlas.values(name)[position]) for name in atlas.plan.parameter_names}

    def open(self, position: int) -> None:
        """Show a pattern."""
        self.position = position
        self.pattern.open(position)
        self.map.mark_here(position)
        if self.beside is not None:
            self.beside.mark_here(position)
        self._describe()

    def _describe(self) -> None:
        atlas, position = self.place.atlas, self.position
        place = ", ".join(f"{name} {value:.6g}" for name, value in self._point(position).items())
        label = self.place.labels[position] or "ambiguous"
        self.keys.text = f"{place}: {label}, probability {atlas.reading.probability[position]:.2f}"

    def step(self, dx: int, dy: int) -> None:
        """Go to the next reading in a direction of the map."""
        self.open(self.map.neighbour(self.position, dx, dy))

    def live_from(self, position: int) -> None:
        """Run a reading's run again, live."""
        self.tabs.active = 2
        self.live.begin_from(position)

    def _recolour(self, color: str) -> None:
        self.map.recolour(color)
        if self.beside is not None:
            self.beside.recolour(color)

    def _turned(self, active: int) -> None:
        if active != 2:
            self.live.playing.value = False
        if active == 3:
            self.passes.refresh()

    # What others do

    def attach(self, document: Any) -> None:
        """Hear of what is said on other pages, until this one goes."""
        self._document = document
        self.place.listen(self._heard)
        pn.state.on_session_destroyed(lambda _: self.leave())
        pn.state.add_periodic_callback(self._look_around, 1000)
        if self.place.next_pass.running:
            self.passes.watch()

    def _look_around(self) -> None:
        self.place.look_around()
        self.passes.poll()

    def leave(self) -> None:
        """The page has gone."""
        self.place.forget(self._heard)
        self.live.stop()

    def _heard(self, positions: list[int]) -> None:
        if self._document is None or pn.state.curdoc is self._document:
            self._said(positions)
        else:
            self._document.add_next_tick_callback(lambda: self._said(positions))

    def _said(self, positions: list[int]) -> None:
        self.montage.changed(positions)
        self.map.relabel(self.place.labels, positions, self.place.marked)
        self.legend.object = self._legend()
        self.pattern.refresh()
        self._describe()
        if self.tabs.active == 3:
            self.passes.refresh()

    def put_beside(self, other: Atlas) -> None:
        """Show a second atlas beside the first, with crosses where they differ."""
        mine, theirs = self.place.atlas, other
        place = {key: i for i, key in enumerate(theirs.keys())}
        pairs = [(i, place[key]) for i, key in enumerate(mine.keys()) if key in place]
        if not pairs:
            self.compare.objects = [pn.pane.HTML("<p>The two atlases share no run, so they can't be compared.</p>")]
            return
        names, others = mine.reading.names, theirs.reading.names
        differing = np.array([i for i, j in pairs if names[i] != others[j]], dtype=np.intp)
        back = np.array([j for i, j in pairs if names[i] != others[j]], dtype=np.intp)
        mapped = {j: i for i, j in pairs}
        self.beside = MapView(
            theirs, theirs.labels(), lambda chosen: self._chosen([mapped[j] for j in chosen if j in mapped])
        )
        self.beside.figure.x_range, self.beside.figure.y_range = self.map.figure.x_range, self.map.figure.y_range
        self.beside.recolour(self.map.color)
        self.beside.mark_differing(back)
        self.map.mark_differing(differing)
        self.montage.set_differing(differing.tolist())
        found = mine.agreement(theirs)
        kappa = "" if found.kappa is None else f", Cohen's κ {found.kappa:.3f}"
        changes = "".join(f"<li>{html.escape(a)} → {html.escape(b)}: {n}</li>" for a, b, n in found.differences[:12])
        text = (
            f"<p>{found.share:.1%} of {found.n} runs agree{kappa}. Crosses: where the two differ; the montage can show "
            f"those patterns.</p><ul>{changes}</ul>"
        )
        self.compare.objects = [
            pn.pane.Bokeh(self.beside.figure, sizing_mode="stretch_width"),
            pn.pane.HTML(text, sizing_mode="stretch_width"),
        ]
        self._dress()

    # How it looks

    def _dress(self) -> None:
        theme = self.theme.value
        shown = theme if theme != AUTO else DARK if self.surroundings.dark else LIGHT
        self.surroundings.theme = theme
        parts: list[Any] = [self.map, self.pattern, self.live, *([self.beside] if self.beside else [])]
        for part in parts:
            part.restyle(shown)
        variables = theme_css(None if theme == AUTO else theme)
        self.view.stylesheets = [sheets_css(self.sheets), variables, asset("page.css")]
        inner = [asset("widgets.css")]
        for part in self.view.select(lambda p: isinstance(p, pn.widgets.Widget | pn.pane.HTML | pn.Tabs)):
            if part.stylesheets != inner:
                part.stylesheets = inner


_NOTHING_BESIDE = (
    "<p>No second atlas yet. Train the next pass, or start with "
    "<code>morphoscope explore ATLAS --beside OTHER</code>.</p>"
)


def sheet_urls(atlas: Atlas) -> list[str]:
    """Where a page of the explorer's server finds the thumbnails."""
    return [f"/files/thumbnails/{i}" for i in range(-(-len(atlas.runs) // PER_SHEET))]


def sheet_texts(atlas: Atlas) -> list[str]:
    """The thumbnails themselves as data URLs, for a notebook."""
    import base64

    sheets = [atlas.thumbnails(i) or b"" for i in range(-(-len(atlas.runs) // PER_SHEET))]
    return [f"data:image/webp;base64,{base64.b64encode(sheet).decode()}" for sheet in sheets]
