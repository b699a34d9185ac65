"""The tab of one pattern: frames, saliency, probabilities, power spectrum, the command that repeats the run."""

from __future__ import annotations

import functools
import html
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import panel as pn
from bokeh.models import ColorBar, ColumnDataSource, LinearColorMapper
from numpy.typing import NDArray

from morphoscope.atlas import ordered, titled
from morphoscope.atlas.annotation import AMBIGUOUS
from morphoscope.descriptors.spectrum import dominant_wavelength, power_spectrum, radial_spectrum
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.ensembles.settings import repeat_command
from morphoscope.ensembles.simulation import simulate_one, single_run
from morphoscope.rendering.composite import composite
from morphoscope.rendering.scale import scaled
from morphoscope.web.locking import under_lock
from morphoscope.web.style import coloured, let_page_scroll, new_figure, palette, restyle, rgba
from morphoscope.web.wording import basis, classes_of_set
from morphoscope.web.workspace import Workspace

FRAMES, COMPOSITE, SALIENCY = "frames", "composite", "saliency"
_FRAME_MILLISECONDS = 400


class PatternView:
    """The pattern that was opened last.

    ``run_live(position)`` is called to run it live, ``mark_draws(draws by name)`` with the posterior of an estimator.
    """

    def __init__(
        self,
        workspace: Workspace,
        run_live: Callable[[int], None],
        mark_draws: Callable[[dict[str, NDArray[np.float64]]], None],
    ) -> None:
        self.workspace, self._mark_draws = workspace, mark_draws
        self.position = -1
        self.frames: NDArray[np.float32] = np.zeros((1, 2, 2), np.float32)
        self.title = pn.pane.HTML("", sizing_mode="stretch_width")
        self.estimate = pn.pane.HTML("", sizing_mode="stretch_width", visible=workspace.estimator is not None)
        self.mode = pn.widgets.RadioButtonGroup(options=[FRAMES, COMPOSITE, SALIENCY], value=FRAMES, label="Shown as")
        self.player = pn.widgets.Player(
            label="Frame", start=0, end=len(workspace.atlas.plan.times) - 1, interval=_FRAME_MILLISECONDS,
            loop_policy="loop", show_loop_controls=False, width=330, height=90,
            visible_buttons=["previous", "pause", "play", "next"],
        )  # fmt: skip
        self.image = ColumnDataSource({"image": [np.zeros((2, 2), np.uint32)]})
        self.figures = {
            "image": self._picture(),
            "bars": self._bars(),
            "plane": self._plane(),
            "radial": self._radial(),
        }
        self.command = pn.pane.HTML("", sizing_mode="stretch_width")
        self.mode.param.watch(lambda _: self.draw(), "value")
        self.player.param.watch(lambda _: self.draw(), "value")
        live_button = pn.widgets.Button(label="Run it live", color="default")
        live_button.on_click(lambda _: run_live(self.position))
        left = pn.Column(self.mode, self.figures["image"], self.player, width=350)
        right = pn.Column(self.figures["bars"], pn.Row(self.figures["plane"], self.figures["radial"]), width=360)
        self.view = pn.Column(
            self.title, self.estimate, pn.FlexBox(left, right), self.command,
            pn.FlexBox(live_button, *self._downloads()), sizing_mode="stretch_width", name="Pattern",
        )  # fmt: skip

    @functools.cached_property
    def magnitude(self) -> float:
        """The size of typical values, relative to which a field is homogeneous."""
        return homogeneity_scale(self.workspace.atlas.plan)

    def _picture(self) -> Any:
        height, width = self.workspace.atlas.plan.grid.shape
        made = new_figure(
            self.workspace.atlas.plan.record[0], width=350, height=340, x_range=(0, width), y_range=(0, height),
            tools="pan,wheel_zoom,reset,save",
            match_aspect=True, toolbar_location="above",
        )  # fmt: skip
        made.image_rgba("image", 0, 0, width, height, source=self.image)
        made.axis.visible = False
        made.grid.visible = False
        low, high = self.workspace.atlas.colour_range
        self.mapper = LinearColorMapper(palette("cividis"), low=low, high=high)
        self.bar = ColorBar(color_mapper=self.mapper, width=8, padding=4)
        made.add_layout(self.bar, "right")
        return made

    def _bars(self) -> Any:
        names = [titled(name) for name in reversed(ordered(list(self.workspace.atlas.classes)))]
        self.bars = ColumnDataSource({"name": names, "p": [0.0] * len(names), "colour": ["#888888"] * len(names)})
        made = new_figure(
            "class probabilities", width=350, height=60 + 16 * len(names), y_range=names, x_range=(0, 1), tools="",
            toolbar_location=None,
        )  # fmt: skip
        made.hbar(y="name", right="p", height=0.75, color="colour", line_color="#7d8590", source=self.bars)
        return made

    def _plane(self) -> Any:
        self.spectrum = ColumnDataSource({"image": [np.zeros((2, 2), np.uint32)]})
        reach = np.pi / self.workspace.atlas.plan.grid.spacing
        made = new_figure(
            "power spectrum", width=165, height=180, x_range=(-reach / 2, reach / 2), y_range=(-reach / 2, reach / 2),
            tools="", toolbar_location=None,
        )  # fmt: skip
        made.image_rgba("image", -reach, -reach, 2 * reach, 2 * reach, source=self.spectrum)
        made.axis.ticker.desired_num_ticks = 3
        return made

    def _radial(self) -> Any:
        self.rings = ColumnDataSource({"q": [0.0, 0.5], "power": [0.0, 1.0]})
        made = new_figure(
            "by ring", width=185, height=180, tools="", toolbar_location=None, x_axis_label="wavenumber q",
        )  # fmt: skip
        made.line("q", "power", source=self.rings, line_width=2, color="#b5367a")
        made.axis.ticker.desired_num_ticks = 3
        return made

    def _downloads(self) -> list[Any]:
        made = []
        for kind, write in (("png", self._png), ("npz", self._npz), ("mp4", self._mp4)):
            made.append(
                pn.widgets.FileDownload(
                    callback=write, filename=f"pattern.{kind}", label=f"Download {kind.upper()}", embed=False, auto=True
                )
            )
        self.downloads = made
        return made

    def show(self, position: int, frames: NDArray[np.float32]) -> None:
        """Show the pattern of a reading, frames (frames, y, x)."""
        atlas = self.workspace.atlas
        self.position, self.frames = position, frames
        self._fill_bars()
        self._draw_spectrum()
        self._estimate()
        self.command.object = _as_code(repeat_command(atlas.plan, int(atlas.runs[position])))
        for download in self.downloads:
            kind = download.filename.rpartition(".")[2]
            download.filename = f"run-{int(atlas.runs[position])}.{kind}"
        self.refresh()
        self.draw()

    @under_lock
    def _fill_bars(self) -> None:
        atlas, position = self.workspace.atlas, self.position
        p = atlas.reading.probabilities[position]
        looks = atlas.class_styles()
        order = ordered(list(atlas.classes))[::-1]
        self.bars.data = {
            "name": [titled(name) for name in order],
            "p": [float(p[atlas.classes.index(name)]) for name in order],
            "colour": [looks[name][1] for name in order],
        }

    def _estimate(self) -> None:
        """Write which parameters an estimator reads from the pattern, and mark its draws."""
        found = self.workspace.estimate(self.frames, self.position)
        if found is None:
            return
        known = not np.isnan(found.median[0]).any()
        parts = [found.remark(0)] if found.remark(0) else []
        if known:
            values = [
                f"{name} = {middle:.4g} ({low:.4g} … {high:.4g})"
                for name, middle, (low, high) in zip(found.targets, found.median[0], found.interval()[0], strict=True)
            ]
            parts.insert(0, f"estimated, with 90 % intervals: {', '.join(values)}")
        self.estimate.object = html.escape("; ".join(parts))
        self._mark_draws(dict(zip(found.targets, found.samples[0].T, strict=True)) if known else {})

    def refresh(self) -> None:
        """Write the heading, which includes the annotated class."""
        if self.position < 0:
            return
        atlas, position = self.workspace.atlas, self.position
        read = atlas.reading.names[position]
        label = self.workspace.labels[position] if self.workspace.annotated[position] else None
        values = ", ".join(f"{n} = {atlas.values(n)[position]:.6g}" for n in atlas.plan.parameter_names)
        length = dominant_wavelength(self.frames[-1], atlas.plan.grid.spacing, magnitude=self.magnitude)
        parts = [
            f"<b>{html.escape(titled(read))}</b>, read {basis(atlas, position)}",
            values,
            "homogeneous" if np.isnan(length) else f"wavelength {length:.1f}",
        ]
        if classes := classes_of_set(atlas, position):
            parts.append(html.escape(classes))
        if label is not None:
            parts.append(f"annotated: <b>{html.escape(titled(label)) if label else AMBIGUOUS}</b>")
        self.title.object = f"run {int(atlas.runs[position])}: " + " · ".join(parts)

    def draw(self) -> None:
        """Draw the picture."""
        frame = self.frames[min(self.player.value, len(self.frames) - 1)]
        self.player.disabled = self.mode.value != FRAMES
        if self.mode.value == COMPOSITE:
            drawn = rgba(composite(self.frames, self.workspace.atlas.colour_range))
        elif self.mode.value == SALIENCY:
            drawn = self._saliency()
        else:
            drawn = coloured(frame, "cividis", *self.workspace.atlas.colour_range)
        self._draw_image(np.flipud(drawn))  # Bokeh counts rows from the bottom

    @under_lock
    def _draw_image(self, pixels: NDArray[np.uint32]) -> None:
        self.image.data = {"image": [pixels]}
        self.mapper.palette = palette("cividis" if self.mode.value == FRAMES else "gray")
        self.bar.visible = self.mode.value != SALIENCY

    def _saliency(self) -> NDArray[np.uint32]:
        from matplotlib import colormaps

        found = self.workspace.explain(self.frames[None])
        if found is None:
            self.title.object = "The classifier of this atlas can't be found, so there is no saliency."
            return rgba(composite(self.frames, self.workspace.atlas.colour_range))
        share = found.smoothed_gradient[0][..., None]
        heat = colormaps["inferno"](found.smoothed_gradient[0])[..., :3]
        grey = np.repeat(scaled(self.frames[-1], self.workspace.atlas.colour_range)[..., None], 3, axis=-1)
        return rgba((1 - 0.75 * share) * grey + 0.75 * share * heat)

    @under_lock
    def _draw_spectrum(self) -> None:
        power = power_spectrum(self.frames[-1], self.magnitude)
        share = power / (power.max() or 1.0)  # all zero, and thus one colour, for a homogeneous field
        self.spectrum.data = {"image": [coloured(np.log10(share + 1e-6), "magma", -6.0, 0.0)]}
        q, ring = radial_spectrum(self.frames[-1], self.workspace.atlas.plan.grid.spacing, self.magnitude)
        self.rings.data = {"q": q, "power": ring}

    def _png(self) -> io.BytesIO:
        from morphoscope.rendering.pictures import save_composite

        with tempfile.TemporaryDirectory() as folder:
            atlas, path = self.workspace.atlas, Path(folder) / "u.png"
            return io.BytesIO(save_composite(self.frames, path, atlas.colour_range, atlas.plan.times).read_bytes())

    def _npz(self) -> io.BytesIO:
        plan, buffer = self.workspace.atlas.plan, io.BytesIO()
        named: dict[str, Any] = {plan.record[0]: self.frames}
        np.savez_compressed(buffer, t=np.array(plan.times), **named)
        buffer.seek(0)
        return buffer

    def _mp4(self) -> io.BytesIO:
        from morphoscope.ensembles.pictures import save_run_video

        atlas = self.workspace.atlas
        if atlas.plan.imported is not None:
            return self._stored_mp4()
        run = single_run(atlas.plan, int(atlas.runs[self.position]))
        with tempfile.TemporaryDirectory() as folder:
            return io.BytesIO(save_run_video(simulate_one(run, video=True), Path(folder) / "u.mp4").read_bytes())

    def _stored_mp4(self) -> io.BytesIO:
        """The frames that are stored, of a run that can't be simulated again."""
        from morphoscope.rendering.video import save_video

        plan, shown = self.workspace.atlas.plan, self.workspace.atlas.colour_range
        with tempfile.TemporaryDirectory() as folder:
            path, species = Path(folder) / "u.mp4", plan.record[0]
            made = save_video(
                self.frames, path, spacing=plan.grid.spacing, times=plan.times, shown=shown, species=species
            )
            return io.BytesIO(made.read_bytes())

    @under_lock
    def restyle(self, theme: str) -> None:
        """Apply the light or the dark theme."""
        for made in self.figures.values():
            restyle(made, theme)

    @under_lock
    def let_page_scroll(self) -> None:
        """Let fingers scroll the page, for touch screens."""
        let_page_scroll(self.figures["image"])


def _as_code(text: str) -> str:
    return f"<code>{html.escape(text)}</code>"
