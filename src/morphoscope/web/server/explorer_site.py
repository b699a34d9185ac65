"""The explorer's page: an atlas, its patterns and the actions of its readers."""

from __future__ import annotations

import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

from tornado.ioloop import PeriodicCallback

from morphoscope.operations.annotate import export_annotations
from morphoscope.web.server.actions import Actions
from morphoscope.web.server.atlas_data import AtlasData
from morphoscope.web.server.live_data import LiveData
from morphoscope.web.server.pattern_data import PatternData
from morphoscope.web.server.site import Body, PageSite
from morphoscope.web.workspace import Workspace

_CHECK_MILLISECONDS = 1000


class ExplorerSite(PageSite):
    """The site of a workspace. Changes of its annotations, also by commands, are sent to all pages."""

    def __init__(self, workspace: Workspace, who: str = "anonymous") -> None:
        self.workspace = workspace
        data = self._data = AtlasData(workspace, who)
        patterns = self._patterns = PatternData(workspace)
        self._actions = Actions(workspace)
        sources = {
            name: getattr(data, name) for name in ("manifest", "table", "labels", "column", "theory", "thumbnails")
        }
        sources |= {
            name: getattr(patterns, name)
            for name in ("frames", "start", "detail", "composite", "saliency", "spectrum", "png", "npz", "film")
        }
        model = workspace.atlas.plan.model
        live = LiveData({model.name: model})
        sources |= {"network": self._network, "log": self._log, "export": self._export, "field": live.field}
        super().__init__(
            f"Morphoscope: {model.title}", sources, {**live.actions, **self._actions.by_name}, beside=live.actions
        )
        self._checks: PeriodicCallback | None = None

    def open(self) -> None:
        """Follow the annotations from now on."""
        super().open()
        self.workspace.add_listener(self._changed)
        self.pool.submit(self._warm)
        self._checks = PeriodicCallback(self.workspace.notify_if_changed, _CHECK_MILLISECONDS)
        self._checks.start()

    def _warm(self) -> None:
        """Compute what the first visit asks for: the data of the page, then the first pattern."""
        self._data.warm()
        self._patterns.frames(int(self.workspace.atlas.runs[self._data.described()["first"]]))

    def close(self) -> None:
        """The server ends."""
        if self._checks is not None:
            self._checks.stop()
        self.workspace.remove_listener(self._changed)
        super().close()

    def _changed(self, positions: list[int]) -> None:
        self.channels.tell("labels", self._actions.changes(positions))

    def _network(self, number: int) -> Body | None:
        """The classifier for live runs; None if it can't be found or a browser can't run it."""
        from morphoscope.web.server.network import network_of

        content = network_of(self.workspace.atlas)
        return None if content is None else Body(content)

    def _log(self, number: int) -> Body:
        with tempfile.TemporaryDirectory() as folder:
            path = export_annotations(self.workspace.atlas, Path(folder) / "annotations.csv")
            return Body(path.read_bytes(), "text/csv", kept=False, filename="annotations.csv")

    def _export(self, number: int) -> Body:
        from morphoscope.web.packing import export_atlas

        buffer = BytesIO()
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            out = Path(folder) / "atlas"
            export_atlas(self.workspace.atlas, out)
            for path in sorted(out.iterdir()):
                archive.write(path, f"atlas/{path.name}")
        return Body(buffer.getvalue(), "application/zip", kept=False, filename="atlas.zip")
