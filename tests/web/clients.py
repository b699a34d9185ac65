"""Clients for a running server: raw requests, which no library changes, and websockets."""

import asyncio
import concurrent.futures
import contextlib
import json
import socket
import threading

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from morphoscope.web.server.listening import make_server
from morphoscope.web.server.site import PageSite

TOKEN = "test-token"


@contextlib.contextmanager
def running(site=None, *, data=None, title="test", token=TOKEN, **options):
    """A server in a thread of its own, by default of a page whose only action is ``ping``."""
    site = site or PageSite(title, data or {}, {"ping": lambda: "pong"})
    server = make_server(site, token=token, **options)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(60)
        assert not thread.is_alive()


def cookie(server, value=TOKEN):
    return f"morphoscope-{server.address.port}={value}"


def raw(server, request, patience=2):
    """Send bytes; the response until the server closes or sends nothing for ``patience`` seconds."""
    received = b""
    address = ("127.0.0.1", server.address.port)
    with socket.create_connection(address, timeout=patience) as connection, contextlib.suppress(OSError):
        connection.sendall(request)
        while chunk := connection.recv(65536):
            received += chunk
    return received


def ask(server, target="/", *headers, method="GET", host=None, cookies=None, body=b"", patience=2):
    """Status, headers in lower case, body. ``headers``: whole lines; ``host`` and ``cookies``: "" omits them."""
    host = f"127.0.0.1:{server.address.port}" if host is None else host
    cookies = cookie(server) if cookies is None else cookies
    lines = [f"{method} {target} HTTP/1.1", *([f"Host: {host}"] if host else []), "Connection: close"]
    lines += [*([f"Cookie: {cookies}"] if cookies else []), *headers]
    request = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body
    return parsed(raw(server, request, patience))


def parsed(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(status.split()[1]) if status else None, headers, body


def handshake(server, *headers, **options):
    """The lines of a websocket's opening."""
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    return ask(server, "/ws", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", key,
               *headers, **options)  # fmt: skip


async def connect(server):
    """An open websocket."""
    url = f"ws://127.0.0.1:{server.address.port}/ws"
    return await websocket_connect(HTTPRequest(url, headers={"Cookie": cookie(server)}, request_timeout=10))


async def reply(socket):
    """The next message, or None if the server has closed."""
    frame = await asyncio.wait_for(socket.read_message(), 10)
    return None if frame is None else json.loads(frame)


async def answered(socket):
    """Whether a request over the websocket is answered; other messages are skipped."""
    await socket.write_message(json.dumps({"id": 99, "action": "ping", "values": {}}))
    while (found := await reply(socket)) is not None:
        if found.get("id") == 99:
            return found["result"] == "pong"
    return False


async def visit(server):
    """Whether a new legitimate page works."""
    socket = await connect(server)
    works = await answered(socket)
    socket.close()
    return works and ask(server, patience=10)[0] == 200


def visits(server):
    return outcome(visit(server))


def outcome(coroutine):
    """Run a coroutine in a thread of its own: Playwright keeps a loop running in the tests' thread."""
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
