"""Malformed websocket traffic may end its own session, but neither the server nor other sessions."""

import contextlib
import json
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from panel.layout import Column
from panel.widgets import IntSlider
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClosedError

from morphoscope.web.serving import WEBSOCKET_LIMIT
from tests.web.clients import connect, cookie, outcome, pull, raw, reply, running, ticket, visit, visits

patient = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def server():
    with running(lambda: Column(IntSlider(), "text")) as running_server:
        yield running_server


async def hostile(server, frames, *, wait=False):
    """Send frames, then open a legitimate session, while another one stays open."""
    bystander = await connect(server)
    socket = await connect(server)
    try:
        for frame in frames:
            await socket.write_message(frame, binary=isinstance(frame, bytes))
        closed = await reply(socket) is None if wait else None
    except WebSocketClosedError:
        closed = True
    assert await visit(server)
    assert await pull(bystander)
    socket.close()
    bystander.close()
    return closed


@patient
@given(st.lists(st.one_of(st.text(max_size=300), st.binary(max_size=300)), min_size=1, max_size=5))
def test_random_frames(server, frames):
    outcome(hostile(server, frames))


PIECES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(
    ["PATCH-DOC", "PUSH-DOC", "PULL-DOC-REQ", "SERVER-INFO-REQ", "ACK", "OK", "ERROR", "PULL-DOC-REPLY"]
)
HEADERS = st.fixed_dictionaries(
    {"msgid": PIECES, "msgtype": KINDS | PIECES},
    optional={"num_buffers": st.integers(-3, 3) | PIECES, "reqid": PIECES, "_x": PIECES},
)


@patient
@given(HEADERS | PIECES, PIECES, PIECES | st.fixed_dictionaries({"events": PIECES | st.lists(PIECES, max_size=3)}))
def test_random_messages(server, header, metadata, content):
    outcome(hostile(server, [json.dumps(each) for each in (header, metadata, content)]))


def message(kind, content="{}", metadata="{}", **header):
    return [json.dumps({"msgid": "1", "msgtype": kind, **header}), metadata, content]


WRONG = {
    "no JSON": ["{", "{}", "{}"],
    "no header": ["{}", "{}", "{}"],
    "binary header": [b"\x00" * 10],
    "unknown type": message("LAUNCH"),
    "answers unasked": message("ACK"),
    "deep": message("PATCH-DOC", content="[" * 100_000),
    "deep header": ["{" * 100_000],
    "long type": message("x" * 100_000),
    "long error": message("PATCH-DOC", content=json.dumps({"events": [{"kind": "x" * 100_000}]})),
    "text for a buffer": ['{"msgid":"1","msgtype":"PATCH-DOC","num_buffers":2}', "{}", "{}", "{}", "{}"],
    "wrong buffer": ['{"msgid":"1","msgtype":"PATCH-DOC","num_buffers":1}', "{}", "{}", '{"id":"nothing"}', b"x"],
    "unknown model": message("PUSH-DOC", content='{"doc":{"roots":[{"type":"object","name":"os.system","id":"1"}]}}'),
}


@pytest.mark.parametrize("frames", WRONG.values(), ids=WRONG.keys())
def test_wrong_messages(server, frames):
    outcome(hostile(server, frames))


@pytest.mark.parametrize("count", [-1, 10**30, "many", None, 1.5, [1]])
def test_counts_of_buffers(server, count):
    outcome(hostile(server, message("PULL-DOC-REQ", num_buffers=count)))


def test_a_message_too_large_closes_the_connection(server):
    assert outcome(hostile(server, ["x" * (WEBSOCKET_LIMIT + 1)], wait=True))


def test_a_message_just_within_the_limit_is_read(server):
    async def large():
        socket = await connect(server)
        content = json.dumps({"events": [], "x": "x" * (WEBSOCKET_LIMIT - 100)})
        for frame in message("PATCH-DOC", content=content):
            await socket.write_message(frame)
        return (await reply(socket))["msgtype"]

    assert outcome(large()) in {"OK", "ERROR"}


FORGED = [
    "nonsense",
    "",
    "a.b",
    "e30.e30",
    "....",
    "é",
    "x" * 30_000,
    "{}",
    "eyJzZXNzaW9uX2lkIjoiYSIsInNlc3Npb25fZXhwaXJ5Ijo5OTk5OTk5OTk5fQ",
]


@pytest.mark.parametrize("session", FORGED)
def test_invented_sessions(server, session):
    """A session id that was not issued by a page of this server."""

    async def greeting():
        return await reply(await connect(server, protocols=["bokeh", session.encode().decode("latin1")]))

    before = server.session_count()
    with contextlib.suppress(OSError, HTTPClientError):  # refused at the opening
        assert outcome(greeting()) is None
    assert server.session_count() == before
    assert visits(server)


def test_a_session_of_another_server_is_refused(server):
    async def greeting(session):
        return await reply(await connect(server, protocols=["bokeh", session]))

    with running(lambda: "other") as other:
        assert outcome(greeting(ticket(other))) is None


OPENING = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
)
KEY = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.mark.parametrize(
    "headers", ["", KEY.replace("13", "7"), KEY.partition("\r\n")[0] + "\r\n",
                KEY + "Sec-WebSocket-Protocol: bokeh\r\n",
                KEY + "Sec-WebSocket-Protocol: " + ", ".join("x" * 50) + "\r\n", KEY,
                KEY + "Sec-WebSocket-Protocol: other, thing\r\n", KEY + "Sec-WebSocket-Extensions: ;;;=,\r\n"],
)  # fmt: skip
def test_invalid_handshakes(server, headers):
    opening = OPENING.format(port=server.address.port, cookie=cookie(server)) + headers + "\r\n"
    answer = raw(server, opening.encode(), patience=1)
    assert answer[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 426", b"HTTP/1.1 101"}, answer
    assert b"ACK" not in answer
    assert visits(server)


def frame(opcode, payload=b"", *, length=None, fin=0x80, reserved=0, mask=True):
    """A websocket frame, whose header may be wrong."""
    size = len(payload) if length is None else length
    head = struct.pack("!BBQ", fin | reserved | opcode, (0x80 if mask else 0) | 127, size)
    return head + (b"\0\0\0\0" if mask else b"") + payload


FRAMES = {
    "huge length": frame(1, length=2**63 - 1),
    "negative length": frame(1, length=2**64 - 1),
    "unmasked": frame(1, b"{}", mask=False),
    "reserved bits": frame(1, b"{}", reserved=0x70),
    "unknown opcode": frame(5, b"{}"),
    "long ping": frame(9, b"x" * 1000),
    "pong unasked": frame(10, b"\xff\xff"),
    "continuation of nothing": frame(0, b"{}"),
    "never finished": frame(1, b"{", fin=0) * 1000,
    "fragments beyond the limit": frame(1, b"x" * 2**20, fin=0) + frame(0, b"x" * 2**20, fin=0) * 9,
    "no UTF-8": frame(1, b"\xff\xfe\xfd"),
    "close with one byte": frame(8, b"x"),
    "close with nonsense": frame(8, b"\xff\xff\xff\xff"),
}


@pytest.mark.parametrize("bad", FRAMES.values(), ids=FRAMES.keys())
def test_bad_frames(server, bad):
    opening = OPENING.format(port=server.address.port, cookie=cookie(server)) + KEY
    opening = f"{opening}Sec-WebSocket-Protocol: bokeh, {ticket(server)}\r\n\r\n"
    raw(server, opening.encode() + bad, patience=1)
    assert visits(server)
