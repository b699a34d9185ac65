"""A web server on an address of this computer, with the guard in front of every request."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from morphoscope.core.errors import UsageError
from morphoscope.web.guard import Guard, Names, Rules
from morphoscope.web.logs import one_line_logs

MIB = 2**20


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


class Site(Protocol):
    """What a server serves. ``open`` and ``close`` are called in its loop when it begins and ends."""

    application: Application

    def open(self) -> None:
        """The loop runs."""

    def close(self) -> None:
        """The loop ends."""


class WebServer:
    """A server that is bound but not yet running; connections wait until it runs. Created by `make_server`."""

    def __init__(self, address: Address, site: Site, sockets: list[socket.socket]) -> None:
        self.address, self.site = address, site
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

    async def _serve(self) -> None:
        stop = asyncio.Event()
        self._stop = asyncio.get_running_loop(), stop
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # Windows; not the main thread
            self._stop[0].add_signal_handler(signal.SIGTERM, stop.set)
        http = _http_server(self.site.application, self.address)
        self.site.open()
        http.add_sockets(self._sockets)
        try:
            await stop.wait()
        finally:
            self.site.close()
            http.stop()
            await http.close_all_connections()

    def _close(self) -> None:
        for each in self._sockets:
            each.close()


def serve(site: Site, *, host: str = "127.0.0.1", port: int = 0, started: Callable[[Address], None]) -> None:
    """Serve a site until SIGINT. ``started`` is called with the address as soon as browsers can connect."""
    server = make_server(site, host=host, port=port)
    with one_line_logs():
        started(server.address)
        server.run()


def make_server(site: Site, *, host: str = "127.0.0.1", port: int = 0, token: str | None = None) -> WebServer:
    """A server bound to ``host`` and ``port`` (0: any free one), not yet running.

    Raises UsageError if the address can't be used.
    """
    sockets = _bind(host, port)
    port = sockets[0].getsockname()[1]
    address = Address(host, port, token or secrets.token_urlsafe(24), not all(map(_is_loopback, sockets)))
    return WebServer(address, site, sockets)


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


def _http_server(application: Application, address: Address) -> HTTPServer:
    names = Names.of(address.host, address.port, others=address.open_to_others)
    return HTTPServer(
        Guard(Rules(names, address.token), application),
        max_header_size=64 * 1024,
        max_body_size=MIB,
        max_buffer_size=4 * MIB,  # holds one websocket message
        idle_connection_timeout=120,
        body_timeout=10,
    )
