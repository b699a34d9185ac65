"""The explorer's web server: a Panel page, in-memory files, and the guard in front of both.

guard.py describes which requests are accepted, and why. This module binds the address and runs the server.
Only in-memory resources and the packaged resources of Bokeh and Panel are served; no path on the disk can be
requested. There is no HTTPS; guard.py describes how to use the explorer from another computer.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import secrets
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bokeh.server.server import BaseServer
from bokeh.server.tornado import BokehTornado
from bokeh.settings import settings
from panel.io.application import build_applications
from panel.io.resources import DIST_DIR
from panel.io.server import get_static_routes
from panel.pane import Str
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.web import HTTPError, RequestHandler

from morphoscope.core.errors import UsageError
from morphoscope.web.guard import Guard, Names, Rules, SafeHeaders
from morphoscope.web.logs import one_line_logs

Page = Any  # a Panel viewable or template; panel's types are not checked
Source = Callable[[int], tuple[bytes, str] | None]

LOG = logging.getLogger(__name__)
MIB = 2**20
WEBSOCKET_LIMIT = 8 * MIB
FILE_SECONDS = 3600
KEEP_ALIVE_SECONDS = 30


@dataclass(frozen=True)
class Address:
    """Where a server listens. ``open_to_others``: bound to more than the loopback interface."""

    host: str
    port: int
    token: str = field(repr=False)
    open_to_others: bool

    @property
    def url(self) -> str:
        """The link to open, with the token, as seen from this computer."""
        return self.url_at({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host))

    def url_at(self, name: str) -> str:
        """The same link with another name or IP address of this computer."""
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}/?token={self.token}"


class WebServer:
    """A server that is bound but not yet running; connections wait until it runs. Created by `make_server`."""

    def __init__(self, address: Address, application: BokehTornado, sockets: list[socket.socket]) -> None:
        self.address = address
        self._application = application
        self._sockets = sockets
        self._stop: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def run(self) -> None:
        """Serve in this thread until `stop`, or, in the main thread, SIGINT or SIGTERM."""
        try:
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(self._serve())
        finally:
            self._close()

    def stop(self) -> None:
        """End `run`, from any thread; release the address if it has not started."""
        if self._stop is None:
            self._close()
            return
        loop, event = self._stop
        with contextlib.suppress(RuntimeError):  # the loop has already ended
            loop.call_soon_threadsafe(event.set)

    def session_count(self) -> int:
        """The number of open pages, including those that were closed within the last minute."""
        return len(self._application.get_sessions("/"))

    async def _serve(self) -> None:
        stop = asyncio.Event()
        self._stop = asyncio.get_running_loop(), stop
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # Windows; not the main thread
            self._stop[0].add_signal_handler(signal.SIGTERM, stop.set)
        http = _http_server(self._application, self.address)
        server = BaseServer(IOLoop.current(), self._application, http)
        server.start()
        http.add_sockets(self._sockets)
        try:
            await stop.wait()
        finally:
            server.stop()
            await http.close_all_connections()

    def _close(self) -> None:
        for each in self._sockets:
            each.close()


def serve(
    make_page: Callable[[], Page],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    files: Mapping[str, Source],
    title: str,
    started: Callable[[Address], None],
) -> None:
    """Serve a page until SIGINT. ``started`` is called with the address as soon as browsers can connect."""
    server = make_server(make_page, host=host, port=port, files=files, title=title)
    with one_line_logs():
        started(server.address)
        server.run()


def make_server(
    make_page: Callable[[], Page],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    files: Mapping[str, Source],
    title: str,
    token: str | None = None,
    unused_seconds: float = 60,
) -> WebServer:
    """A server bound to ``host`` and ``port`` (0: any free one), not yet running.

    ``make_page`` is called once for each visit. ``files``: name → function of a number giving (bytes, media type)
    or None, served at /files/NAME/NUMBER. A session expires ``unused_seconds`` after its tab was closed.
    Raises UsageError if the address can't be used.
    """
    sockets = _bind(host, port)
    try:
        port = sockets[0].getsockname()[1]
        address = Address(host, port, token or secrets.token_urlsafe(24), not all(map(_is_loopback, sockets)))
        return WebServer(address, _application(make_page, title, address, files, unused_seconds), sockets)
    except BaseException:
        for each in sockets:
            each.close()
        raise


def _bind(host: str, port: int) -> list[socket.socket]:
    if not host:
        raise UsageError("no host given; expected an address such as 127.0.0.1")
    if not 0 <= port <= 65535:
        raise UsageError(f"port {port} is out of range; use 1 … 65535, or 0 for any free one")
    try:
        return bind_sockets(port, host)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"can't listen at {host}, port {port}: {reason}; choose another, or port 0") from error


def _is_loopback(bound: socket.socket) -> bool:
    return ipaddress.ip_address(bound.getsockname()[0].partition("%")[0]).is_loopback


def _application(
    make_page: Callable[[], Page], title: str, address: Address, files: Mapping[str, Source], unused_seconds: float
) -> BokehTornado:
    settings.resources = "server"  # regardless of BOKEH_RESOURCES: scripts come from this server, not from a CDN

    milliseconds = int(unused_seconds * 1000)
    application = BokehTornado(
        build_applications(_guarded(make_page), title=title),
        extra_patterns=[(r"/files/([a-z]+)/([0-9]{1,6})", _FileHandler, {"files": files}), *get_static_routes({})],
        extra_websocket_origins=_origins(address),
        ico_path=str(DIST_DIR / "images" / "favicon.ico"),
        include_headers=[],  # Bokeh would write them into the page
        include_cookies=[],
        # Only session ids of this server's own pages can open a websocket.
        secret_key=secrets.token_bytes(32),
        sign_sessions=True,
        use_index=False,
        keep_alive_milliseconds=KEEP_ALIVE_SECONDS * 1000,
        unused_session_lifetime_milliseconds=milliseconds,
        check_unused_sessions_milliseconds=max(milliseconds // 4, 1),
        websocket_max_message_size_bytes=WEBSOCKET_LIMIT,
        log_function=lambda handler: None,  # no line per request
    )
    application.add_transform(SafeHeaders)
    return application


def _guarded(make_page: Callable[[], Page]) -> Callable[[], Page]:
    """A page that shows an error if it can't be built; Panel would print the traceback and show nothing."""

    def page() -> Page:  # Panel calls only plain functions, no partials
        try:
            return make_page()
        except Exception:
            LOG.exception("the page can't be built")
            return Str("This page can't be shown; see the message in the terminal.")

    return page


def _origins(address: Address) -> list[str]:
    """Bokeh's own list of websocket origins, checked after the guard; if open to others, only the port is known."""
    names = _names(address)
    return [f"*:{address.port}"] if names.others else [f"{name}:{address.port}" for name in names.names]


def _names(address: Address) -> Names:
    return Names.of(address.host, address.port, others=address.open_to_others)


def _http_server(application: BokehTornado, address: Address) -> HTTPServer:
    return HTTPServer(
        Guard(Rules(_names(address), address.token), application),
        max_header_size=64 * 1024,
        max_body_size=MIB,
        max_buffer_size=2 * WEBSOCKET_LIMIT,  # holds one websocket message
        idle_connection_timeout=120,
        body_timeout=10,
    )


class _FileHandler(RequestHandler):  # type: ignore[misc]
    """In-memory resources by name and number."""

    def initialize(self, files: Mapping[str, Source]) -> None:
        self._files = files

    def get(self, name: str, number: str) -> None:
        source = self._files.get(name)
        found = source(int(number)) if source else None
        if found is None:
            raise HTTPError(404)
        content, media_type = found
        self.set_header("Content-Type", media_type)
        self.set_header("Cache-Control", f"private, max-age={FILE_SECONDS}")
        # The cookie contains the token, so requests to a later server on this port are not answered from the cache.
        self.set_header("Vary", "Cookie")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
        self.finish(content)

    head = get
