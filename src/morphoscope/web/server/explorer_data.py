"""What an explorer's page reads and asks for, whether a server or a notebook answers it."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from morphoscope.operations.annotate import export_annotations
from morphoscope.web.server import photograph_actions
from morphoscope.web.server.actions import Actions
from morphoscope.web.server.atlas_data import AtlasData
from morphoscope.web.server.group_actions import LONG, GroupActions
from morphoscope.web.server.live_data import LiveData
from morphoscope.web.server.live_files import LiveFiles
from morphoscope.web.server.pattern_data import PatternData
from morphoscope.web.server.photograph_actions import PhotographActions
from morphoscope.web.server.proposal_actions import ProposalActions
from morphoscope.web.server.site import Body
from morphoscope.web.server.uploads import Uploads
from morphoscope.web.workspace import Workspace


class ExplorerData:
    """The data of a workspace by name, functions of a number, and the actions of its readers by name.

    Actions in ``beside`` take long; see :class:`.Channels`.
    """

    def __init__(self, workspace: Workspace, who: str) -> None:
        self.workspace = workspace
        data = self._data = AtlasData(workspace, who)
        patterns = self._patterns = PatternData(workspace)
        self._actions = Actions(workspace)
        model = workspace.atlas.plan.model
        uploads = self._uploads = Uploads()
        photographs = self._photographs = PhotographActions(workspace.atlas, uploads)
        live = LiveData({model.name: model})
        files = LiveFiles(live, uploads)
        self.title = model.title
        self.sources = {
            **{
                name: getattr(data, name)
                for name in ("manifest", "table", "inferred", "labels", "column", "thumbnails", "similarity")
            },
            **{
                name: getattr(patterns, name)
                for name in ("frames", "start", "detail", "composite", "saliency", "spectrum", "png", "npz", "film")
            },
            **{"network": self._network, "log": self._log, "export": self._export, "field": live.field},
            "photograph": photographs.figure,
        }
        groups, proposals = GroupActions(workspace), ProposalActions(workspace)
        self.actions: dict[str, Callable[..., Any]] = {
            **live.actions,
            **uploads.by_name,
            **files.by_name,
            **self._actions.by_name,
            **groups.by_name,
            **proposals.by_name,
            **photographs.by_name,
            "arrange": lambda: workspace.arrangement.progress(),
            "theory": data.theory,
        }
        self.beside = ("theory", *live.actions, *files.by_name, *LONG, *photograph_actions.LONG)

    def close(self) -> None:
        """Remove what pages have sent."""
        self._photographs.close()
        self._uploads.close()

    def warm(self) -> None:
        """Compute what the first visit asks for: the data of the page, then the first pattern."""
        self._data.warm()
        self._patterns.frames(int(self.workspace.atlas.runs[self._data.described()["first"]]))

    def changes(self, positions: list[int]) -> dict[str, Any]:
        """What has changed at some rows, for all pages."""
        return self._actions.changes(positions)

    def _network(self, number: int) -> Body:
        """The classifier for live runs; empty if it can't be found or a browser can't run it."""
        from morphoscope.web.server.network import network_of

        return Body(network_of(self.workspace.classifier) or b"")

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
