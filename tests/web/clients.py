"""Clients for a running server: raw requests, which no library changes, and Bokeh's websocket."""

import asyncio
import concurrent.futures
import contextlib
import json
import re
import socket
import threading
import time

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from morphoscope.web.serving import make_server

TOKEN = "test-token"


@contextlib.contextmanager
def running(make_page, *, files=None, title="test", token=TOKEN, **options):
    """A server in a thread of its own."""
    server = make_server(make_page, files=files or {}, title=title, token=token, **options)
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
               "Sec-WebSocket-Protocol: bokeh, nonsense", *headers, **options)  # fmt: skip


def ticket(server):
    """The signed session id of a fresh page."""
    status, _, body = ask(server, patience=30)  # building a page takes a moment
    assert status == 200
    return re.search(rb'"token":"([^"]+)"', body)[1].decode()


async def connect(server, session=None, protocols=None):
    """An open websocket, after the server's greeting."""
    url = f"ws://127.0.0.1:{server.address.port}/ws"
    request = HTTPRequest(url, headers={"Cookie": cookie(server)}, request_timeout=10)
    socket = await websocket_connect(request, subprotocols=protocols or ["bokeh", session or ticket(server)])
    if not protocols:
        assert (await reply(socket))["msgtype"] == "ACK"
    return socket


async def reply(socket):
    """The header of the next message, or None if the server has closed; further frames are ignored."""
    while True:
        frame = await asyncio.wait_for(socket.read_message(), 10)
        if frame is None:
            return None
        if isinstance(frame, str) and '"msgtype"' in frame:
            return json.loads(frame)


async def pull(socket):
    """Ask for the page's document, as a browser does after connecting."""
    for part in ({"msgid": "1", "msgtype": "PULL-DOC-REQ"}, {}, {}):
        await socket.write_message(json.dumps(part))
    return (await reply(socket))["msgtype"] == "PULL-DOC-REPLY"


async def visit(server):
    """Whether a new legitimate session works."""
    socket = await connect(server)
    works = await pull(socket)
    socket.close()
    return works


def expire_sessions(server, left):
    """Expire sessions at once instead of a minute after pages were closed; returns when ``left`` sessions remain."""
    loop, _ = server._stop
    end = time.monotonic() + 30
    while server.session_count() > left:
        assert time.monotonic() < end, f"{server.session_count()} sessions are left, expected {left}"
        for context in server._application._applications.values():
            asyncio.run_coroutine_threadsafe(context._cleanup_sessions(0), loop).result(20)
        time.sleep(0.05)


def visits(server):
    return outcome(visit(server))


def outcome(coroutine):
    """Run a coroutine in a thread of its own: Playwright keeps a loop running in the tests' thread."""
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
