"""What the server of a page serves: the page, its scripts, data by name and number, and a websocket.

All of it is in memory or made by functions of this package; no path on the disk can be requested.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import dataclasses
import functools
import gzip
import html
import importlib.resources
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tornado.web import Application, HTTPError, RequestHandler

from morphoscope.core.errors import UsageError
from morphoscope.web.guard import SafeHeaders
from morphoscope.web.server.channel import Channel, Channels

LOG = logging.getLogger(__name__)
SCRIPTS = importlib.resources.files("morphoscope.web") / "assets" / "app"
TYPES = {
    "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
    "wasm": "application/wasm", "bin": "application/octet-stream", "json": "application/json",
}  # fmt: skip
LONGEST_MESSAGE = 2**20  # bytes, of a page
_SECONDS = 3600
_COMPRESSED = (1024, 2**22)  # bytes; more take longer to compress than to send within a machine
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/app/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/app/app.css">
<script src="/app/app.js" defer></script>
</head>
<body>
<div id="morphoscope" data-source="{source}"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
"""


@dataclasses.dataclass(frozen=True)
class Body:
    """A response. ``kept``: whether it never changes; ``filename``: of a download."""

    content: bytes
    media_type: str = "application/octet-stream"
    kept: bool = True
    filename: str = ""

    @functools.cached_property
    def packed(self) -> bytes | None:
        """The content compressed; None if that does not pay."""
        least, most = _COMPRESSED
        done = self.media_type.startswith(("image/", "video/")) and "svg" not in self.media_type
        if done or not least <= len(self.content) <= most:
            return None
        return gzip.compress(self.content, 5, mtime=0)


Source = Callable[[int], Body | None]  # of the number in the address, 0 if it has none


class PageSite:
    """The site of one page. ``data``: name → function of a number, served at /data/NAME or /data/NAME/NUMBER.

    ``actions``: name → function of the values that a page sends over the websocket, which returns JSON. ``source``:
    what the page is told to show: ``server``, an atlas, or ``live``, live runs of models. ``beside``: see
    :class:`.Channels`.
    """

    def __init__(
        self,
        title: str,
        data: Mapping[str, Source],
        actions: Mapping[str, Callable[..., Any]],
        source: str = "server",
        beside: Collection[str] = (),
    ) -> None:
        self.pool = concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="page")
        self._slow = concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="beside")
        self.channels = Channels(actions, self.pool, beside, self._slow)
        page = Body(
            _PAGE.format(title=html.escape(title), source=source).encode(), "text/html; charset=utf-8", kept=False
        )
        scripts = {path.name: _script(path) for path in SCRIPTS.iterdir()}
        self.application = Application(
            [
                (r"/", _FixedHandler, {"bodies": {"": page}}),
                (r"/(favicon\.ico)", _FixedHandler, {"bodies": {"favicon.ico": scripts["mark.svg"]}}),
                (r"/app/([A-Za-z0-9._-]+)", _FixedHandler, {"bodies": scripts}),
                (r"/data/([a-z]+)(?:/([0-9]{1,7}))?", _DataHandler, {"data": data, "pool": self.pool}),
                (r"/ws", Channel, {"channels": self.channels}),
            ],
            log_function=lambda handler: None,  # no line per request
            websocket_max_message_size=LONGEST_MESSAGE,
        )
        self.application.add_transform(SafeHeaders)

    def open(self) -> None:
        """The loop runs: changes can be sent to the pages."""
        self.channels.open(asyncio.get_running_loop())

    def close(self) -> None:
        """The loop ends."""
        self.channels.close()
        for pool in (self.pool, self._slow):
            pool.shutdown(wait=False, cancel_futures=True)


def _script(path: Any) -> Body:
    return Body(path.read_bytes(), TYPES.get(path.name.rpartition(".")[2], "text/plain"), kept=False)


class _BodyHandler(RequestHandler):  # type: ignore[misc]
    @property
    def compresses(self) -> bool:
        """Whether the browser reads compressed answers."""
        return "gzip" in self.request.headers.get("Accept-Encoding", "")

    def send(self, body: Body) -> None:
        """Finish with a body, compressed if that pays and the browser reads it."""
        content = body.content
        self.set_header("Content-Type", body.media_type)
        # The cookie contains the token, so requests to a later server on this port are not answered from the cache.
        self.set_header("Vary", "Cookie, Accept-Encoding")
        self.set_header("Cache-Control", f"private, max-age={_SECONDS}" if body.kept else "no-cache")
        if body.filename:
            self.set_header("Content-Disposition", f'attachment; filename="{body.filename}"')
        if self.compresses and body.packed is not None:
            content = body.packed
            self.set_header("Content-Encoding", "gzip")
        self.finish(content)

    def write_error(self, status_code: int, **details: Any) -> None:
        """Tornado's hook: one line, which repeats nothing of the request."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        reason = details.get("exc_info", (None, None))[1]
        known = isinstance(reason, HTTPError) and reason.log_message
        self.finish(f"{known or self._reason}\n")


class _FixedHandler(_BodyHandler):
    def initialize(self, bodies: Mapping[str, Body]) -> None:
        self._bodies = bodies

    def get(self, name: str = "") -> None:
        if name not in self._bodies:
            raise HTTPError(404)
        self.send(self._bodies[name])

    head = get


class _DataHandler(_BodyHandler):
    """Data by name and number, made in a thread."""

    def initialize(self, data: Mapping[str, Source], pool: concurrent.futures.Executor) -> None:
        self._data, self._pool = data, pool

    async def get(self, name: str, number: str | None) -> None:
        if name not in self._data:
            raise HTTPError(404)
        loop = asyncio.get_running_loop()
        try:
            body = await loop.run_in_executor(self._pool, self._made, name, int(number or 0))
        except UsageError as error:
            raise HTTPError(409, str(error).replace("%", "%%")) from error
        if body is None:
            raise HTTPError(404)
        self.send(body)

    def _made(self, name: str, number: int) -> Body | None:
        body = self._data[name](number)
        if body is not None and self.compresses:
            _ = body.packed
        return body

    head = get
