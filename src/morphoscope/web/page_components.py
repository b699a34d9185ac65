"""Two small components of the page that have their own scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import param
from panel.custom import JSComponent

from morphoscope.web.style import asset

AUTO, LIGHT, DARK = "auto", "light", "dark"
_STEPS = {"ArrowLeft": (-1, 0), "ArrowRight": (1, 0), "ArrowUp": (0, 1), "ArrowDown": (0, -1)}


class PageEnvironment(JSComponent):  # type: ignore[misc]
    """The page's environment in the browser: dark mode, touch screen, theme, thumbnails, banner for a lost server."""

    dark = param.Boolean(False)
    touch = param.Boolean(False)
    theme = param.String(AUTO)
    sheets = param.List([])

    _esm = asset("page_environment.js")
    _stylesheets = [asset("page_environment.css")]  # noqa: RUF012 – Panel's way

    def _handle_msg(self, data: Any) -> None:
        if data == "ping":
            self._send_msg("pong")


class MapKeys(JSComponent):  # type: ignore[misc]
    """The position on the map in words. Its arrow keys call ``step(dx, dy)``, Enter calls ``enter()``."""

    text = param.String("")

    _esm = asset("map_keys.js")
    _stylesheets = [asset("map_keys.css")]  # noqa: RUF012 – Panel's way

    def __init__(self, step: Callable[[int, int], None], enter: Callable[[], None], **params: Any) -> None:
        super().__init__(**params)
        self._step, self._enter = step, enter

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, str) and data in _STEPS:
            self._step(*_STEPS[data])
        elif data == "Enter":
            self._enter()
