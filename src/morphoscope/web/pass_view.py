"""The tab of the next pass: the annotations, the training set of the pass, and its progress."""

from __future__ import annotations

import html
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn

from morphoscope.atlas import Atlas, titled
from morphoscope.atlas.annotation import AMBIGUOUS
from morphoscope.atlas.annotations import Annotations
from morphoscope.atlas.refinement import RUNS_PER_CLASS
from morphoscope.core.errors import UsageError
from morphoscope.operations.annotate import export_annotations
from morphoscope.web.workspace import Workspace

_SHOWN = 12  # lines of the log


class PassView:
    """Annotations and the pass that is trained on them. ``finished(atlas)`` is called with a new atlas."""

    def __init__(self, workspace: Workspace, finished: Callable[[Atlas], None]) -> None:
        self.workspace, self.finished = workspace, finished
        self._shown_result: Atlas | None = None
        self.log = pn.pane.HTML("", sizing_mode="stretch_width")
        self.rows = pn.pane.HTML("", sizing_mode="stretch_width")
        self.runs = pn.widgets.IntInput(label="Runs per class", value=RUNS_PER_CLASS, start=2, end=1000, width=110)
        self.epochs = pn.widgets.IntInput(label="Epochs (0: default)", value=0, start=0, end=1000, width=150)
        self.seed = pn.widgets.IntInput(label="Seed", value=0, start=0, width=90)
        self.start = pn.widgets.Button(label="Train the next pass", color="primary")
        self.cancel = pn.widgets.Button(label="Cancel", disabled=True)
        self.bar = pn.indicators.Progress(value=0, max=100, sizing_mode="stretch_width", height=14)
        self.status = pn.pane.HTML("", sizing_mode="stretch_width")
        self.start.on_click(lambda _: self._start())
        self.cancel.on_click(lambda _: self.workspace.next_pass.cancel())
        self.first = pn.widgets.Select(label="Annotator", width=150)
        self.second = pn.widgets.Select(label="compared with", width=150)
        self.agreement = pn.pane.HTML("")
        for widget in (self.first, self.second):
            widget.param.watch(lambda _: self._compare(), "value")
        csv = pn.widgets.FileDownload(
            callback=self._csv, filename="annotations.csv", label="Export the log as CSV", embed=False, auto=True
        )
        self.view = pn.Column(
            pn.pane.HTML("<h2>Annotations</h2>"), self.log, csv,
            pn.FlexBox(self.first, self.second), self.agreement,
            pn.pane.HTML("<h2>The next training set</h2>"), self.rows,
            pn.FlexBox(self.runs, self.epochs, self.seed), pn.FlexBox(self.start, self.cancel),
            self.bar, self.status, sizing_mode="stretch_width", name="Next pass",
        )  # fmt: skip
        self.refresh()

    @property
    def annotations(self) -> Annotations:
        """The atlas's annotations."""
        return self.workspace.atlas.annotations

    def refresh(self) -> None:
        """Update all parts."""
        log = self.annotations.log()
        self.log.object = _log_table(log[-_SHOWN:][::-1], len(log))
        people = self.annotations.annotators()
        self.first.options = self.second.options = people
        if len(people) > 1 and self.first.value == self.second.value:
            self.second.value = next(name for name in people if name != self.first.value)
        self._compare()
        self.rows.object = self._rows()

    def _rows(self) -> str:
        try:
            choice = self.workspace.choice()
        except UsageError as error:
            return f"<p>{html.escape(str(error))}.</p>"
        cells = ", ".join(f"<b>{html.escape(titled(n))}</b> {len(points)}" for n, points in choice.rows.items())
        remarks = "".join(f"<p>{html.escape(line)}.</p>" for line in choice.remarks())
        return f"<p>Parameter points per class, with those of the last training set: {cells}.</p>{remarks}"

    def _compare(self) -> None:
        first, second = self.first.value, self.second.value
        if not first or not second or first == second:
            self.agreement.object = ""
            return
        try:
            found = self.annotations.compare(first, second)
        except UsageError as error:
            self.agreement.object = html.escape(str(error))
            return
        kappa = "" if found.kappa is None else f", Cohen's κ {found.kappa:.2f}"
        most = "; ".join(f"{a} / {b}: {n}" for a, b, n in found.differences[:5])
        self.agreement.object = html.escape(f"{found.share:.0%} of {found.n} runs agree{kappa}. {most}")

    def _csv(self) -> io.BytesIO:
        with tempfile.TemporaryDirectory() as folder:
            path = export_annotations(self.workspace.atlas, Path(folder) / "annotations.csv")
            return io.BytesIO(path.read_bytes())

    def _start(self) -> None:
        try:
            self.workspace.start_next_pass(
                runs_per_class=self.runs.value, epochs=self.epochs.value or None, seed=self.seed.value
            )
        except UsageError as error:
            self.status.object = html.escape(str(error))
            return
        self.poll()

    def poll(self) -> None:
        """Show the progress of the pass."""
        status = self.workspace.next_pass.status
        running = status.phase == "running"
        self.start.disabled, self.cancel.disabled = running, not running
        self.bar.value = round(100 * status.share)
        self.status.object = f"<span role='status'>{html.escape(status.text)}</span>" if status.phase != "idle" else ""
        if status.result is not None and status.result is not self._shown_result:
            self._shown_result = status.result
            self.finished(status.result)


def _log_table(log: list[Any], total: int) -> str:
    if not log:
        return "<p>None yet. Open the montage, select patterns and give them a class.</p>"
    head = "".join(
        f"<th scope='col'>{name}</th>" for name in ("run", "annotator", "time (UTC)", "annotation", "reason")
    )
    rows = []
    for entry in log:
        old, new = (titled(name) if name else AMBIGUOUS for name in (entry.old, entry.new))
        what = f"{entry.action}: {old} → {new}"
        cells = (str(entry.run), entry.who, entry.at[:19].replace("T", " "), what, entry.why)
        struck = " class='undone'" if entry.undone else ""
        rows.append(f"<tr{struck}>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
    return f"<table><tr>{head}</tr>{''.join(rows)}</table><p>{total} in total, latest first.</p>"
