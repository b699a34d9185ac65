"""The site of an explorer: an atlas, its patterns and the actions of its readers."""

from __future__ import annotations

from tornado.ioloop import PeriodicCallback

from morphoscope.web.server.explorer_data import ExplorerData
from morphoscope.web.server.site import PageSite
from morphoscope.web.workspace import Workspace

_CHECK_MILLISECONDS = 1000


class ExplorerSite(PageSite):
    """The site of a workspace. Changes of its annotations, also by commands, are sent to all pages."""

    def __init__(self, workspace: Workspace, who: str = "anonymous") -> None:
        self.workspace = workspace
        data = self._data = ExplorerData(workspace, who)
        super().__init__(f"Morphoscope: {data.title}", data.sources, data.actions, beside=data.beside)
        self._checks: PeriodicCallback | None = None

    def open(self) -> None:
        """Follow the annotations from now on."""
        super().open()
        self.workspace.add_listener(self._changed)
        self.pool.submit(self._data.warm)
        self._checks = PeriodicCallback(self.workspace.notify_if_changed, _CHECK_MILLISECONDS)
        self._checks.start()

    def close(self) -> None:
        """The server ends."""
        if self._checks is not None:
            self._checks.stop()
        self.workspace.remove_listener(self._changed)
        super().close()
        self._data.close()

    def _changed(self, positions: list[int]) -> None:
        self.channels.tell("labels", self._data.changes(positions))
