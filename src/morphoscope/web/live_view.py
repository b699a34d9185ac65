"""The tab of the live run, whose parameters can be changed and whose picture can be painted on while it runs."""

from __future__ import annotations

import asyncio
import concurrent.futures
import html
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import panel as pn
from bokeh.events import Pan, PanStart, Tap
from bokeh.models import ColumnDataSource, LinearColorMapper
from numpy.typing import NDArray
from panel.io.state import set_curdoc

from morphoscope.atlas import ordered, titled
from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Plan
from morphoscope.rendering.scale import Range, colour_range, scaled
from morphoscope.web.live_run import LiveRun, initial_conditions, outside
from morphoscope.web.locking import under_lock
from morphoscope.web.style import new_figure, palette, restyle
from morphoscope.web.uploads import UPLOADS, state_from
from morphoscope.web.workspace import Workspace

FRAME_MILLISECONDS = 30
READ_SECONDS = 0.5  # between two readings of the classifier
_SPEEDS = {f"{n} steps per frame": n for n in (1, 10, 100, 500, 1000, 2000, 5000, 20000)}
_MAPS = ["cividis", "viridis", "magma", "gray", "RdBu_r"]
_HALF = {"flex": "1 1 320px", "min-width": "min(100%, 320px)", "max-width": "430px"}
# Runs of all pages share these threads; the kernel and the network release the GIL.
_POOL = concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix="live")


class LiveView:
    """A live run of the atlas's model. ``moved(x, y)`` is called with its position in the map's plane."""

    def __init__(self, workspace: Workspace, moved: Callable[[float, float], None], theme: str = "light") -> None:
        self.workspace, self.moved = workspace, moved
        self.plan: Plan = workspace.atlas.plan
        point = dict(self.plan.runs[int(workspace.atlas.runs[0])].parameters)
        self.run = LiveRun(self.plan, point)
        self.busy = False
        self.frames_shown = 0
        self._callback: Any = None
        self._read_at = 0.0
        self._rate = (0.0, 0)
        self._learned: tuple[float, ...] = ()
        self._build_controls(point)
        self._build_figures()
        for made in (self.figure, self.bars_figure):
            restyle(made, theme)
        self.status = pn.pane.HTML("", sizing_mode="stretch_width")
        buttons = pn.FlexBox(self.playing, self.reset, self.speed, self.colours, self.brush)
        begin = pn.FlexBox(self.start, self.seed)
        right = pn.Column(*self.sliders.values(), begin, self.upload, self.bars_figure, styles=_HALF)
        left = pn.Column(buttons, pn.pane.Bokeh(self.figure, sizing_mode="stretch_width"), self.status, styles=_HALF)
        self.view = pn.Column(pn.FlexBox(left, right), sizing_mode="stretch_width", name="Live")
        _POOL.submit(self._load_classifier)  # takes seconds, so it is loaded in advance

    def _build_controls(self, point: dict[str, float]) -> None:
        model = self.plan.model
        self.sliders = {}
        for name in self.plan.parameter_names:
            low, high = self._slider_range(name)
            slider = pn.widgets.FloatSlider(
                label=f"{name}, {model.meanings[name]}", start=low, end=high, step=(high - low) / 1000,
                value=point[name], format="0.00000", width=320,
            )  # fmt: skip
            slider.param.watch(lambda _: self._apply_parameters(), "value")
            self.sliders[name] = slider
        self.playing = pn.widgets.Toggle(label="Run", value=False, color="primary")
        self.playing.param.watch(lambda event: self.play(event.new), "value")
        self.reset = pn.widgets.Button(label="Reset")
        self.reset.on_click(lambda _: self.restart())
        self.speed = pn.widgets.Select(label="Speed", options=_SPEEDS, value=1000, width=180)
        self.colours = pn.widgets.Select(label="Colour map", options=_MAPS, width=110)
        self.colours.param.watch(lambda event: self._recolour(event.new), "value")
        self.brush = pn.widgets.IntInput(label="Brush, cells", value=5, start=1, end=40, width=90)
        self.start = pn.widgets.Select(label="Initial condition", options=initial_conditions(self.plan), width=150)
        self.seed = pn.widgets.IntInput(label="Seed", value=0, start=0, width=150)
        self.upload = pn.widgets.FileInput(
            label="Initial state from a file", accept=",".join(sorted(UPLOADS)), multiple=False
        )
        self.upload.param.watch(lambda event: self._uploaded(event.new), "value")

    def _slider_range(self, name: str) -> tuple[float, float]:
        """The atlas's range of a parameter, widened by a tenth, within the range of the model."""
        values = self.workspace.atlas.values(name)
        low, high = float(values.min()), float(values.max())
        wider = 0.1 * (high - low) or 0.1 * abs(high) or 0.1
        allowed = self.plan.model.ranges[name]
        return max(low - wider, allowed[0]), min(high + wider, allowed[1])

    def _build_figures(self) -> None:
        height, width = self.plan.grid.shape
        self.image = ColumnDataSource({"image": [_pixels(self.run.advance(1), self.workspace.atlas.colour_range)]})
        self.mapper = LinearColorMapper(palette("cividis"), low=0, high=255)
        self.figure = new_figure(
            sizing_mode="scale_width", aspect_ratio=width / height, max_width=410, x_range=(0, width),
            y_range=(0, height), tools="", toolbar_location=None, name="Live run",
        )  # fmt: skip
        self.figure.image("image", 0, 0, width, height, source=self.image, color_mapper=self.mapper)
        self.figure.axis.visible = self.figure.grid.visible = False
        for event in (Tap, PanStart, Pan):
            self.figure.on_event(event, self._paint)
        self.order = ordered(list(self.workspace.atlas.classes))[::-1]  # Bokeh draws bars from the bottom
        names = [titled(name) for name in self.order]
        looks = self.workspace.atlas.class_styles()
        colours = [looks[name][1] for name in self.order]
        self.bars = ColumnDataSource({"name": names, "p": [0.0] * len(names), "colour": colours})
        self.bars_figure = new_figure(
            "classified as", width=330, height=60 + 15 * len(names), y_range=names, x_range=(0, 1), tools="",
            toolbar_location=None,
        )  # fmt: skip
        self.bars_figure.hbar(y="name", right="p", height=0.75, color="colour", line_color="#7d8590", source=self.bars)

    def set_parameters(self, parameters: dict[str, float]) -> None:
        """Continue with the parameters of a point of the map."""
        for name, value in parameters.items():
            if name in self.sliders:
                slider = self.sliders[name]
                slider.value = min(max(value, slider.start), slider.end)

    def begin_from(self, position: int) -> None:
        """Start again from the initial state of a run of the atlas."""
        run = self.plan.runs[int(self.workspace.atlas.runs[position])]
        self.seed.value = 0
        self.set_parameters(dict(run.parameters))
        self.run.reset(self._parameters(), run.initial or self.plan.initial, run.seed)
        self._show(self.run.advance(1))
        self.playing.value = True

    def _parameters(self) -> dict[str, float]:
        return {**self.run.parameters, **{name: slider.value for name, slider in self.sliders.items()}}

    def _apply_parameters(self) -> None:
        try:
            self.run.steer({name: slider.value for name, slider in self.sliders.items()})
        except UsageError as error:
            self._show_status(str(error))
            return
        self.moved(*(self.run.parameters[name] for name in self.workspace.atlas.plane))

    def restart(self) -> None:
        """Start again with the selected initial condition and seed."""
        try:
            self.run.reset(self._parameters(), self.start.value, self.seed.value)
        except UsageError as error:
            self._show_status(str(error))
            return
        self._show(self.run.advance(1))

    def _uploaded(self, content: bytes | None) -> None:
        if not content:
            return
        try:
            self.run.begin(self._parameters(), state_from(self.upload.filename or "", content, self.plan))
            self._show(self.run.advance(1))
            self._show_status("started from the file")
        except UsageError as error:
            self._show_status(str(error))

    def play(self, on: bool) -> None:
        """Run or pause."""
        self.playing.label = "Pause" if on else "Run"
        if on and self._callback is None:
            self._rate = (time.monotonic(), self.frames_shown)
            self._callback = pn.state.add_periodic_callback(self._frame, FRAME_MILLISECONDS)
        elif not on and self._callback is not None:
            self._callback.stop()
            self._callback = None

    async def _frame(self) -> None:
        if self.busy:
            return
        self.busy = True
        document = pn.state.curdoc  # lost after await
        try:
            loop = asyncio.get_running_loop()
            due = time.monotonic() - self._read_at > READ_SECONDS
            if due:
                self._read_at = time.monotonic()
                shown, frames = await loop.run_in_executor(_POOL, self.run.advance_and_sample, self.speed.value)
                _POOL.submit(self._read, frames, document)
            else:
                shown = await loop.run_in_executor(_POOL, self.run.advance, self.speed.value)
            with set_curdoc(document):
                self._show(shown)
        finally:
            self.busy = False

    def _show(self, field: NDArray[np.float32]) -> None:
        if not np.isfinite(field).all():
            self.playing.value = False
            self._show_status("the values are no longer finite; reset the run")
            return
        self._draw(_pixels(field, self.workspace.atlas.colour_range))
        self.frames_shown += 1
        if self.frames_shown % 15 == 0:
            since, count = self._rate
            seconds = max(time.monotonic() - since, 1e-6)
            rate = (self.frames_shown - count) / seconds
            self._rate = (time.monotonic(), self.frames_shown)
            unlearned = outside(self.run.time, self._learned)
            self._show_status(
                f"t = {self.run.time:.0f} · {rate:.0f} frames/s · {self.speed.value} steps per frame"
                + f" · {unlearned}" * bool(unlearned)
            )

    @under_lock
    def _draw(self, pixels: NDArray[np.uint8]) -> None:
        self.image.data = {"image": [pixels]}

    def _load_classifier(self) -> None:
        if self.workspace.classifier is not None:
            self._learned = self.workspace.classifier.learned_times

    def _read(self, frames: NDArray[np.float32], document: Any) -> None:
        reading = self.workspace.read(frames, self.run.parameters)
        if reading is None or document is None:
            return
        values = dict(zip(reading.classes, reading.probabilities[0], strict=True))
        p = [float(values.get(name, 0.0)) for name in self.order]
        title = f"classified as {titled(reading.names[0])}"
        if reading.unknown[0]:
            title = f"unknown, nearest: {', '.join(map(titled, reading.nearest(0)))}"

        def show() -> None:
            self.bars.data["p"] = p
            self.bars_figure.title.text = title

        document.add_next_tick_callback(show)

    def _paint(self, event: Any) -> None:
        if event.x is None or event.y is None:
            return
        self.run.paint(event.x, self.plan.grid.height - event.y, self.brush.value)
        if not self.playing.value:
            self._show(self.run.advance(1))

    @under_lock
    def _recolour(self, name: str) -> None:
        self.mapper.palette = palette(name)

    def _show_status(self, text: str) -> None:
        self.status.object = f"<span role='status'>{html.escape(text)}</span>"

    def stop(self) -> None:
        """The page was closed."""
        self.play(False)

    @under_lock
    def restyle(self, theme: str) -> None:
        """Light or dark."""
        restyle(self.figure, theme)
        restyle(self.bars_figure, theme)


def _pixels(field: NDArray[np.float32], shown: Range) -> NDArray[np.uint8]:
    """Concentrations as grey levels, rows from the bottom, as Bokeh expects.

    The scale is the atlas's colour range, extended to values beyond it.
    """
    return np.flipud((scaled(field, colour_range(field, shown=shown)) * 255).astype(np.uint8))
