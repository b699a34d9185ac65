"""The tab that exports the atlas as a web page."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import panel as pn

from morphoscope.web.workspace import Workspace


class ShareView:
    """The export of an atlas as a download."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        download = pn.widgets.FileDownload(
            callback=self._exported, filename="atlas.zip", label="Download as a web page (ZIP)", embed=False, auto=True
        )
        text = (
            "<h2>Share</h2><p>The atlas as a folder of web pages that needs neither Python nor a network: map, "
            "thumbnails, montage. Unpack it and open index.html. On the command line: <code>morphoscope export ATLAS "
            "--out FOLDER</code></p>"
        )
        self.view = pn.Column(pn.pane.HTML(text, sizing_mode="stretch_width"), download, sizing_mode="stretch_width")

    def _exported(self) -> io.BytesIO:
        from morphoscope.web.packing import export_atlas

        buffer = io.BytesIO()
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            out = Path(folder) / "atlas"
            export_atlas(self.workspace.atlas, out)
            for path in sorted(out.iterdir()):
                archive.write(path, f"atlas/{path.name}")
        buffer.seek(0)
        return buffer
