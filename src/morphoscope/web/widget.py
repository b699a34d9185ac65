"""The explorer's page in the cell of a notebook: the same app, whose requests the kernel answers."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from morphoscope.core.errors import UsageError
from morphoscope.web.server.channel import MISUNDERSTOOD, answer, read
from morphoscope.web.server.explorer_data import ExplorerData
from morphoscope.web.server.site import SCRIPTS
from morphoscope.web.workspace import Workspace


class AtlasWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """An atlas in a notebook.

    Attributes
    ----------
    annotations
        The class that people gave to each run, by number of the run; "" for those that were rejected as ambiguous. It
        changes when a label was stored, so it can be observed: ``widget.observe(function, "annotations")``.
    """

    _esm = (SCRIPTS / "app.js").read_text(encoding="utf-8") + "export default Morphoscope.widget;\n"
    _css = (SCRIPTS / "app.css").read_text(encoding="utf-8")
    annotations = traitlets.Dict(read_only=True)

    def __init__(self, workspace: Workspace, who: str = "anonymous") -> None:
        super().__init__()
        self.workspace = workspace
        workspace.draws_beside = False  # a thread's settings of Matplotlib would be those of the notebook's own figures
        self._data = ExplorerData(workspace, who)
        self._refresh()
        workspace.add_listener(self._changed)
        self.on_msg(self._received)

    def close(self) -> None:
        """The widget is removed from its page."""
        self.workspace.remove_listener(self._changed)
        super().close()

    def _refresh(self) -> None:
        current = self.workspace.atlas.annotations.current()
        self.set_trait("annotations", {run: each.new for run, each in current.items()})

    def _changed(self, positions: list[int]) -> None:
        self._refresh()
        self.send({"event": "labels", **self._data.changes(positions)})

    def _received(self, widget: Any, message: Any, buffers: Any) -> None:
        """Answer a page: ``{"id": 1, "data": NAME, "number": 3}`` with bytes, and actions as a server does."""
        number = message.get("id") if isinstance(message, dict) else None
        if isinstance(number, int) and "data" in message:
            self._send_data(number, message)
            return
        asked = read(self._data.actions, message)
        self.send({"id": number or 0, **({"problem": MISUNDERSTOOD} if asked is None else answer(asked))})

    def _send_data(self, number: int, message: dict[str, Any]) -> None:
        source, wanted = self._data.sources.get(str(message["data"])), message.get("number", 0)
        if source is None or not isinstance(wanted, int) or wanted < 0:
            self.send({"id": number, "problem": MISUNDERSTOOD})
            return
        try:
            body = source(wanted)
        except UsageError as error:
            self.send({"id": number, "problem": str(error)})
            return
        found = body is not None
        self.send(
            {"id": number, "found": found, "type": body.media_type if body else ""}, [body.content] if body else []
        )
