"""One page of the explorer: the map on one side, the tabs on the other."""

from __future__ import annotations

import concurrent.futures
import functools
import html
from typing import Any

import numpy as np
import panel as pn
from numpy.typing import NDArray
from panel.io.state import set_curdoc

from morphoscope.atlas import Atlas
from morphoscope.atlas.annotation import AMBIGUOUS
from morphoscope.atlas.thumbnails import PER_SHEET
from morphoscope.core.errors import UsageError
from morphoscope.web.compare_view import NOTHING, NOTHING_IN_COMMON, CompareView
from morphoscope.web.live_view import LiveView
from morphoscope.web.map_view import MapView
from morphoscope.web.montage_view import MontageView
from morphoscope.web.page_components import AUTO, DARK, LIGHT, MapKeys, PageEnvironment
from morphoscope.web.pass_view import PassView
from morphoscope.web.pattern_view import PatternView
from morphoscope.web.share_view import ShareView
from morphoscope.web.style import asset, theme_css
from morphoscope.web.wording import basis
from morphoscope.web.workspace import Workspace

# Patterns of all pages are fetched here; simulating one takes a tenth of a second.
_POOL = concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix="pattern")
PATTERN, MONTAGE, LIVE, NEXT_PASS, COMPARE, SHARE = range(6)  # the tabs


class Page:
    """The page of one session. Panel shows its ``view`` in a browser tab or in a notebook's cell.

    Map and pattern are built at once, the other tabs when they are first opened.
    """

    def __init__(self, workspace: Workspace, sheets: list[str], who: str = "anonymous") -> None:
        self.workspace = workspace
        self.position = -1
        self._differing: list[int] = []
        self._selection: list[int] = []
        self._loading = False
        self._document: Any = None
        self.who = pn.widgets.TextInput(label="Your name", value=who, max_length=80, width=130)
        self.theme = pn.widgets.Select(label="Theme", options=[AUTO, LIGHT, DARK], width=90)
        self.environment = PageEnvironment(sheets=sheets)
        self.map = MapView(workspace.atlas, workspace.labels, self._clicked, self._selected)
        self.keys = MapKeys(self.step, lambda: self.live_from(self.position), sizing_mode="stretch_width")
        self.pattern = PatternView(workspace, self.live_from, self.map.mark_posterior)
        self.comparison: CompareView | None = None
        names = ("Pattern", "Montage", "Live", "Next pass", "Compare", "Share")
        self._holders = [pn.Column(pn.pane.HTML("…"), sizing_mode="stretch_width", name=name) for name in names]
        self._holders[PATTERN].objects = [self.pattern.view]
        self._holders[COMPARE].objects = [pn.pane.HTML(NOTHING)]
        if (imported := workspace.atlas.plan.imported) is not None:
            self._holders[LIVE].objects = [pn.pane.HTML(html.escape(imported.refusal()))]
        self.tabs = pn.Tabs(*self._holders, sizing_mode="stretch_width", min_width=340)
        self.view = self._layout()
        self.map.mark_annotated(workspace.annotated)
        self._apply_theme()

    @functools.cached_property
    def montage(self) -> MontageView:
        """The montage, built when it is first opened."""
        view = MontageView(self.workspace, self._annotator, self.open, self._selection)
        view.set_differing(self._differing)
        return self._built(MONTAGE, view)

    @functools.cached_property
    def live(self) -> LiveView:
        """The live run, built when it is first opened."""
        view: LiveView = self._built(LIVE, LiveView(self.workspace, self.map.mark_live, self._shown_theme))
        view.set_parameters(self._point(self.position))
        return view

    @functools.cached_property
    def next_pass(self) -> PassView:
        """The next pass, built when it is first opened."""
        return self._built(NEXT_PASS, PassView(self.workspace, self.show_comparison))

    @functools.cached_property
    def share(self) -> Any:
        """Sharing, built when it is first opened."""
        return self._built(SHARE, ShareView(self.workspace))

    def _built(self, tab: int, view: Any) -> Any:
        self._style_widgets(view.view)  # before it is visible
        self._holders[tab].objects = [view.view]
        return view

    def _is_built(self, name: str) -> bool:
        return name in self.__dict__

    def _layout(self) -> Any:
        atlas = self.workspace.atlas
        options = {"class": "class", **{name: name for name in atlas.variables()}}
        color = pn.widgets.Select(label="Coloured by", options=options, width=130)
        color.param.watch(lambda event: self._recolour(event.new), "value")
        theory = pn.widgets.Checkbox(label="theory lines", value=True)
        theory.param.watch(lambda event: self.map.show_theory(event.new), "value")
        letters = pn.widgets.Checkbox(label="letters", value=True)
        letters.param.watch(lambda event: self.map.show_letters(event.new), "value")
        follow = self.follow = pn.widgets.Checkbox(label="live run follows clicks", value=True)
        self.theme.param.watch(lambda _: self._apply_theme(), "value")
        self.environment.param.watch(lambda _: self._apply_theme(), "dark")
        self.environment.param.watch(lambda _: self._apply_touch(), "touch")
        self.tabs.param.watch(lambda event: self._tab_changed(event.new), "active")
        title = pn.pane.HTML(f"<h1>{html.escape(atlas.plan.model.title)}</h1><p>{len(atlas.runs)} runs, "
                             f"{len(atlas.classes)} classes</p>", min_width=200)  # fmt: skip
        head = pn.FlexBox(title, self.who, self.theme, self.environment, align_items="center")
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
        looks, labels = self.workspace.atlas.class_styles(), np.array(self.workspace.labels)
        counted = {name: int(np.sum(labels == name)) for name in looks}
        chips = "".join(
            f"<span class='chip'><i style='background:{colour}'></i><b>{html.escape(symbol)}</b> {counted[name]}</span>"
            for name, (symbol, colour) in looks.items()
            if counted[name]
        )
        return f"<div class='legend'>{chips}</div>"

    def _initial_position(self) -> int:
        """The pattern shown first: the most certain one of the largest class."""
        return int(self.workspace.atlas.members(self.workspace.largest_class())[0])

    def _annotator(self) -> str:
        return self.who.value.strip() or "anonymous"

    # Actions of the user

    def _clicked(self, position: int) -> None:
        self.open(position)
        if self.follow.value and self._is_built("live"):
            self.live.set_parameters(self._point(position))

    def _selected(self, positions: list[int]) -> None:
        if self._is_built("montage"):
            self.montage.select(positions)
        self._selection = positions  # for a montage that is built later
        self.tabs.active = MONTAGE

    def _point(self, position: int) -> dict[str, float]:
        atlas = self.workspace.atlas
        return {name: float(atlas.values(name)[position]) for name in atlas.plan.parameter_names}

    def open(self, position: int) -> None:
        """Show a pattern."""
        self.position = position
        self.map.mark_here(position)
        if self.comparison is not None:
            self.comparison.mark_here(position)
        self._describe()
        self._load()

    def _load(self) -> None:
        """Fetch the pattern in a thread. If several are requested in a row, the last one is shown."""
        document, position = pn.state.curdoc, self.position
        if document is None or document.session_context is None:
            self.pattern.show(position, self.workspace.atlas.frames(np.array([position]))[0])
        elif not self._loading:
            self._loading = True
            _POOL.submit(self._fetch, position, document)

    def _fetch(self, position: int, document: Any) -> None:
        try:
            frames = self.workspace.atlas.frames(np.array([position]))[0]
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
        position = self.position
        place = ", ".join(f"{name} {value:.6g}" for name, value in self._point(position).items())
        self.keys.text = f"{place}: {self._class_text(position)}"

    def _class_text(self, position: int) -> str:
        """The class of a reading and what decided it: a person's annotation comes first."""
        read, decided = self.workspace.atlas.reading.names[position], basis(self.workspace.atlas, position)
        if not self.workspace.annotated[position]:
            return f"{read}, read {decided}"
        return f"{self.workspace.labels[position] or AMBIGUOUS}, annotated; read as {read} {decided}"

    def step(self, dx: int, dy: int) -> None:
        """Go to the next pattern in a direction of the map."""
        self.open(self.map.neighbour(self.position, dx, dy))

    def live_from(self, position: int) -> None:
        """Run a pattern again, live."""
        self.tabs.active = LIVE
        if self.workspace.atlas.plan.imported is None:
            self.live.begin_from(position)

    def _recolour(self, color: str) -> None:
        self.map.recolour(color)
        if self.comparison is not None:
            self.comparison.map.recolour(color)

    def _tab_changed(self, active: int) -> None:
        if active != LIVE and self._is_built("live"):
            self.live.playing.value = False
        for tab, name in ((MONTAGE, "montage"), (LIVE, "live"), (NEXT_PASS, "next_pass"), (SHARE, "share")):
            if active == tab and not (tab == LIVE and self.workspace.atlas.plan.imported):
                getattr(self, name)
        if active == NEXT_PASS:
            self.next_pass.refresh()

    # Changes made on other pages

    def attach(self, document: Any | None) -> None:
        """Follow the annotations until the page is closed. ``document``: None in a notebook."""
        self._document = document
        self.workspace.add_listener(self._annotations_changed)
        pn.state.add_periodic_callback(self._check_for_changes, 1000)
        if document is None:
            self.complete()
        else:
            pn.state.on_session_destroyed(self._close)
            pn.state.onload(self.complete)

    def complete(self) -> None:
        """Add the parts that can wait until the page is visible: first pattern, bifurcation lines, second atlas."""
        self.open(self._initial_position())
        self.map.draw_theory()
        self.map.place_letters()
        if self.workspace.compared is not None:
            self.show_comparison(self.workspace.compared)

    def _check_for_changes(self) -> None:
        self.workspace.notify_if_changed()
        if self.workspace.next_pass.status.phase != "idle":
            self.next_pass.poll()

    def _close(self, context: object) -> None:
        """Clean up after the tab was closed or reloaded and its session has expired."""
        self.workspace.remove_listener(self._annotations_changed)
        self._document = None
        if self._is_built("live"):
            self.live.stop()

    def _annotations_changed(self, positions: list[int]) -> None:
        document = self._document

        def show() -> None:
            with set_curdoc(document):  # the inherited one is of the page where the change was made
                self._show_changes(positions)

        if document is None:
            self._show_changes(positions)
        else:
            document.add_next_tick_callback(show)

    def _show_changes(self, positions: list[int]) -> None:
        if self._is_built("montage"):
            self.montage.changed(positions)
        self.map.relabel(self.workspace.labels, positions, self.workspace.annotated)
        self.legend.object = self._legend()
        self.pattern.refresh()
        self._describe()
        if self.tabs.active == NEXT_PASS:
            self.next_pass.refresh()

    def show_comparison(self, other: Atlas) -> None:
        """Show a second atlas in the tab Compare, with crosses on both maps where they differ."""
        try:
            self.comparison = CompareView(self.map, other, self._clicked, self._selected)
        except UsageError:
            self._holders[COMPARE].objects = [pn.pane.HTML(NOTHING_IN_COMMON)]
            return
        self._differing = self.comparison.differing
        self.map.mark_differing(np.array(self._differing, dtype=np.intp))
        if self._is_built("montage"):
            self.montage.set_differing(self._differing)
        self._holders[COMPARE].objects = self.comparison.objects
        self._apply_theme()
        self._apply_touch()

    # Colours and gestures

    @property
    def _shown_theme(self) -> str:
        if self.theme.value != AUTO:
            return str(self.theme.value)
        return DARK if self.environment.dark else LIGHT

    def _apply_theme(self) -> None:
        """Colour the whole page."""
        live = [self.live] if self._is_built("live") else []
        compared = [self.comparison.map] if self.comparison is not None else []
        parts: list[Any] = [self.map, self.pattern, *live, *compared]
        for part in parts:
            part.restyle(self._shown_theme)
        theme = self.theme.value
        self.environment.theme = theme
        colours = theme_css(None if theme == AUTO else theme)
        self.view.stylesheets = [colours, asset("page.css")]
        self._style_widgets(self.view)

    def _apply_touch(self) -> None:
        """On a touch screen, fingers scroll the page."""
        if self.environment.touch:
            self.map.let_page_scroll()
            self.pattern.let_page_scroll()
            if self.comparison is not None:
                self.comparison.map.let_page_scroll()

    def _style_widgets(self, view: Any) -> None:
        inner = [asset("widgets.css")]
        for part in view.select(lambda p: isinstance(p, pn.widgets.Widget | pn.pane.HTML | pn.Tabs)):
            if part.stylesheets != inner:
                part.stylesheets = inner


def sheet_texts(atlas: Atlas) -> list[str]:
    """The thumbnails as data URLs, for a notebook."""
    import base64

    sheets = [atlas.thumbnails(i) or b"" for i in range(-(-len(atlas.runs) // PER_SHEET))]
    return [f"data:image/webp;base64,{base64.b64encode(sheet).decode()}" for sheet in sheets]
