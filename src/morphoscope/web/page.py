"""One page of the explorer: the map on one side, everything about a pattern on the other."""

from __future__ import annotations

import concurrent.futures
import functools
import html
from typing import Any

import numpy as np
import panel as pn
import param
from numpy.typing import NDArray
from panel.custom import JSComponent
from panel.io.state import set_curdoc

from morphoscope.atlas import Atlas
from morphoscope.atlas.thumbnails import PER_SHEET
from morphoscope.core.errors import UsageError
from morphoscope.web.live_view import LiveView
from morphoscope.web.map_view import MapView
from morphoscope.web.montage_view import MontageView
from morphoscope.web.pass_view import PassView
from morphoscope.web.pattern_view import PatternView
from morphoscope.web.share_view import ShareView
from morphoscope.web.style import asset, theme_css
from morphoscope.web.workplace import Workplace

# Patterns of all pages are fetched here; simulating one takes a tenth of a second.
_POOL = concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix="pattern")
AUTO, LIGHT, DARK = "auto", "light", "dark"


class Surroundings(JSComponent):  # type: ignore[misc]
    """What is around the page: whether the reader prefers dark pages, the theme, where the thumbnails are."""

    dark = param.Boolean(False)
    theme = param.String(AUTO)
    sheets = param.List([])

    _esm = asset("surroundings.js")


class MapKeys(JSComponent):  # type: ignore[misc]
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


PATTERN, MONTAGE, LIVE, PASSES, COMPARE, SHARE = range(6)  # the tabs


class Page:
    """One visitor's page. ``view`` is what Panel shows, in a browser tab or in a notebook's cell.

    Map and pattern are there at once; the other tabs are built when they are first needed.
    """

    def __init__(self, place: Workplace, sheets: list[str], who: str = "anonymous") -> None:
        self.place = place
        self.position = -1
        self._differing: list[int] = []
        self._selection: list[int] = []
        self._loading = False
        self._document: Any = None
        self.who = pn.widgets.TextInput(label="Your name", value=who, max_length=80, width=130)
        self.theme = pn.widgets.Select(label="Theme", options=[AUTO, LIGHT, DARK], width=90)
        self.surroundings = Surroundings(sheets=sheets)
        self.map = MapView(place.atlas, place.labels, self._clicked, self._chosen)
        self.keys = MapKeys(self, sizing_mode="stretch_width")
        self.pattern = PatternView(place, self.live_from)
        self.beside: MapView | None = None
        names = ("Pattern", "Montage", "Live", "Next pass", "Compare", "Share")
        self._holders = [pn.Column(pn.pane.HTML("…"), sizing_mode="stretch_width", name=name) for name in names]
        self._holders[PATTERN].objects = [self.pattern.view]
        self._holders[COMPARE].objects = [pn.pane.HTML(_NOTHING_BESIDE)]
        self.tabs = pn.Tabs(*self._holders, sizing_mode="stretch_width", min_width=340)
        self.view = self._layout()
        self.map.mark_said(place.marked)
        self._dress()

    @functools.cached_property
    def montage(self) -> MontageView:
        """The montage, from when it is first needed."""
        view = MontageView(self.place, self._me, self.open, self._selection)
        view.set_differing(self._differing)
        return self._built(MONTAGE, view)

    @functools.cached_property
    def live(self) -> LiveView:
        """The live run, from when it is first needed."""
        view: LiveView = self._built(LIVE, LiveView(self.place, self.map.mark_live, self._shown_theme))
        view.travel(self._point(self.position))
        return view

    @functools.cached_property
    def passes(self) -> PassView:
        """The next pass, from when it is first needed."""
        return self._built(PASSES, PassView(self.place, self.put_beside))

    @functools.cached_property
    def share(self) -> Any:
        """What can be taken home, from when it is first needed."""
        return self._built(SHARE, ShareView(self.place))

    def _built(self, tab: int, view: Any) -> Any:
        self._dress_widgets(view.view)  # before it is shown
        self._holders[tab].objects = [view.view]
        return view

    def _is_built(self, name: str) -> bool:
        return name in self.__dict__

    def _layout(self) -> Any:
        atlas = self.place.atlas
        options = {"class": "class", **{name: name for name in atlas.variables()}}
        color = pn.widgets.Select(label="Coloured by", options=options, width=130)
        color.param.watch(lambda event: self._recolour(event.new), "value")
        theory = pn.widgets.Checkbox(label="theory lines", value=True)
        theory.param.watch(lambda event: self.map.show_theory(event.new), "value")
        letters = pn.widgets.Checkbox(label="letters", value=True)
        letters.param.watch(lambda event: self.map.show_letters(event.new), "value")
        follow = self.follow = pn.widgets.Checkbox(label="a click takes the live run there", value=True)
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
        """What is shown first: the most certain pattern of the class with the most of them."""
        return int(self.place.atlas.members(self.place.showpiece())[0])

    def _me(self) -> str:
        return self.who.value.strip() or "anonymous"

    # What the person does

    def _clicked(self, position: int) -> None:
        self.open(position)
        if self.follow.value and self._is_built("live"):
            self.live.travel(self._point(position))

    def _chosen(self, positions: list[int]) -> None:
        if self._is_built("montage"):
            self.montage.select(positions)
        self._selection = positions  # a montage that is only now built begins with it
        self.tabs.active = MONTAGE

    def _point(self, position: int) -> dict[str, float]:
        atlas = self.place.atlas
        return {name: float(atlas.values(name)[position]) for name in atlas.plan.parameter_names}

    def open(self, position: int) -> None:
        """Show a pattern."""
        self.position = position
        self.map.mark_here(position)
        if self.beside is not None:
            self.beside.mark_here(position)
        self._describe()
        self._load()

    def _load(self) -> None:
        """Fetch the pattern beside the page's own loop. Of many that are asked for in a row, the last one is shown."""
        document, position = pn.state.curdoc, self.position
        if document is None or document.session_context is None:
            self.pattern.show(position, self.place.atlas.frames(np.array([position]))[0])
        elif not self._loading:
            self._loading = True
            _POOL.submit(self._fetch, position, document)

    def _fetch(self, position: int, document: Any) -> None:
        try:
            frames = self.place.atlas.frames(np.array([position]))[0]
        except UsageError as error:  # the ensemble has been damaged or replaced
            problem = str(error)
            document.add_next_tick_callback(lambda: self._fetched(position, None, problem))
        else:
            document.add_next_tick_callback(lambda: self._fetched(position, frames))

    def _fetched(self, position: int, frames: NDArray[np.float32] | None, problem: str = "") -> None:
        self._loading = False
        if frames is None:
            self.keys.text = problem
        else:
            self.pattern.show(position, frames)
        if position != self.position:
            self._load()

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
        self.tabs.active = LIVE
        self.live.begin_from(position)

    def _recolour(self, color: str) -> None:
        self.map.recolour(color)
        if self.beside is not None:
            self.beside.recolour(color)

    def _turned(self, active: int) -> None:
        if active != LIVE and self._is_built("live"):
            self.live.playing.value = False
        for tab, name in ((MONTAGE, "montage"), (LIVE, "live"), (PASSES, "passes"), (SHARE, "share")):
            if active == tab:
                getattr(self, name)
        if active == PASSES:
            self.passes.refresh()

    # What others do

    def attach(self, document: Any) -> None:
        """Hear of what is said on other pages, until this one goes."""
        self._document = document
        self.place.listen(self._heard)
        pn.state.on_session_destroyed(lambda _: self.leave())
        pn.state.add_periodic_callback(self._look_around, 1000)
        pn.state.onload(self.complete)

    def complete(self) -> None:
        """What can wait until the page is there: the first pattern, theory, the second atlas."""
        self.open(self._first())
        self.map.draw_theory()
        self.map.place_letters()
        if self.place.beside is not None:
            self.put_beside(self.place.beside)

    def _look_around(self) -> None:
        self.place.look_around()
        if self.place.next_pass.state.phase != "idle":
            self.passes.poll()

    def leave(self) -> None:
        """The page has gone."""
        self.place.forget(self._heard)
        if self._is_built("live"):
            self.live.stop()

    def _heard(self, positions: list[int]) -> None:
        document = self._document

        def hear() -> None:
            with set_curdoc(document):  # not the page's where it was said, whose context comes along
                self._said(positions)

        if document is not None:
            document.add_next_tick_callback(hear)

    def _said(self, positions: list[int]) -> None:
        if self._is_built("montage"):
            self.montage.changed(positions)
        self.map.relabel(self.place.labels, positions, self.place.marked)
        self.legend.object = self._legend()
        self.pattern.refresh()
        self._describe()
        if self.tabs.active == PASSES:
            self.passes.refresh()

    def put_beside(self, other: Atlas) -> None:
        """Show a second atlas beside the first, with crosses where they differ."""
        mine, theirs = self.place.atlas, other
        place = {key: i for i, key in enumerate(theirs.keys())}
        pairs = [(i, place[key]) for i, key in enumerate(mine.keys()) if key in place]
        if not pairs:
            self._holders[COMPARE].objects = [pn.pane.HTML("<p>The atlases share no run: nothing to compare.</p>")]
            return
        names, others = mine.reading.names, theirs.reading.names
        differing = np.array([i for i, j in pairs if names[i] != others[j]], dtype=np.intp)
        back = np.array([j for i, j in pairs if names[i] != others[j]], dtype=np.intp)
        mapped = {j: i for i, j in pairs}
        self.beside = MapView(
            theirs,
            theirs.labels(),
            lambda j: self._clicked(mapped[j]) if j in mapped else None,
            lambda chosen: self._chosen([mapped[j] for j in chosen if j in mapped]),
        )
        self.beside.figure.x_range, self.beside.figure.y_range = self.map.figure.x_range, self.map.figure.y_range
        self.beside.recolour(self.map.color)
        self.beside.place_letters()
        self.beside.mark_differing(back)
        self.map.mark_differing(differing)
        self._differing = differing.tolist()
        if self._is_built("montage"):
            self.montage.set_differing(self._differing)
        found = mine.agreement(theirs)
        kappa = "" if found.kappa is None else f", Cohen's κ {found.kappa:.3f}"
        changes = "".join(f"<li>{html.escape(a)} → {html.escape(b)}: {n}</li>" for a, b, n in found.differences[:12])
        text = (
            f"<p>{found.share:.1%} of {found.n} runs agree{kappa}. Crosses: where the two differ; the montage can show "
            f"those patterns.</p><ul>{changes}</ul>"
        )
        self._holders[COMPARE].objects = [
            pn.pane.Bokeh(self.beside.figure, sizing_mode="stretch_width"),
            pn.pane.HTML(text, sizing_mode="stretch_width"),
        ]
        self._dress()

    # How it looks

    @property
    def _shown_theme(self) -> str:
        if self.theme.value != AUTO:
            return str(self.theme.value)
        return DARK if self.surroundings.dark else LIGHT

    def _dress(self) -> None:
        """Colour the whole page."""
        live = [self.live] if self._is_built("live") else []
        beside = [self.beside] if self.beside is not None else []
        parts: list[Any] = [self.map, self.pattern, *live, *beside]
        for part in parts:
            part.restyle(self._shown_theme)
        theme = self.theme.value
        self.surroundings.theme = theme
        colours = theme_css(None if theme == AUTO else theme)
        self.view.stylesheets = [colours, asset("page.css")]
        self._dress_widgets(self.view)

    def _dress_widgets(self, view: Any) -> None:
        inner = [asset("widgets.css")]
        for part in view.select(lambda p: isinstance(p, pn.widgets.Widget | pn.pane.HTML | pn.Tabs)):
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
