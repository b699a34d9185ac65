"""Malformed websocket traffic may end its own session, but neither the server nor other sessions."""

import json
import struct
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tornado.websocket import WebSocketClosedError

from morphoscope.web.server.site import LONGEST_MESSAGE, PageSite
from tests.web.clients import answered, connect, cookie, outcome, raw, reply, running, visit, visits

patient = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def server():
    with running() as running_server:
        yield running_server


async def hostile(server, frames, *, wait=False):
    """Send frames, then open a legitimate page, while another one stays open."""
    bystander = await connect(server)
    socket = await connect(server)
    try:
        for frame in frames:
            await socket.write_message(frame, binary=isinstance(frame, bytes))
        closed = await reply(socket) is None if wait else None
    except WebSocketClosedError:
        closed = True
    assert await visit(server)
    assert await answered(bystander)
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
MESSAGES = st.fixed_dictionaries(
    {"id": st.integers() | PIECES, "action": st.sampled_from(["ping", "annotate", "__init__"]) | PIECES},
    optional={"values": st.dictionaries(st.text(max_size=8), PIECES, max_size=3) | PIECES, "x": PIECES},
)


@patient
@given(st.lists(MESSAGES | PIECES, min_size=1, max_size=3))
def test_random_messages(server, messages):
    outcome(hostile(server, [json.dumps(each) for each in messages]))


WRONG = {
    "no JSON": ["{"],
    "binary": [b"\x00" * 10],
    "no object": ["[]"],
    "no action": ['{"id": 1}'],
    "unknown action": ['{"id": 1, "action": "launch"}'],
    "unknown values": ['{"id": 1, "action": "ping", "values": {"self": 1}}'],
    "deep": ["[" * 100_000],
    "long action": [json.dumps({"id": 1, "action": "x" * 100_000})],
    "number for text": ['{"id": "1", "action": "ping"}'],
    "unhashable action": ['{"id": 1, "action": []}'],
    "huge number": ['{"id": ' + "9" * 5000 + ', "action": "ping"}'],
}


@pytest.mark.parametrize("frames", WRONG.values(), ids=WRONG.keys())
def test_wrong_messages(server, frames):
    """Each is answered with one line that repeats nothing of it."""

    async def said():
        socket = await connect(server)
        for frame in frames:
            await socket.write_message(frame, binary=isinstance(frame, bytes))
        return await reply(socket)

    assert "don't understand each other" in outcome(said())["problem"]
    outcome(hostile(server, frames))


def test_a_message_too_large_closes_the_connection(server):
    assert outcome(hostile(server, ["x" * (LONGEST_MESSAGE + 1)], wait=True))


def test_a_message_just_within_the_limit_is_read(server):
    async def large():
        socket = await connect(server)
        content = json.dumps({"id": 7, "action": "ping", "x": "x" * (LONGEST_MESSAGE - 100)})
        await socket.write_message(content)
        return await reply(socket)

    assert outcome(large()) == {"id": 7, "result": "pong"}


OPENING = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
)
KEY = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.mark.parametrize(
    "headers", ["", KEY.replace("13", "7"), KEY.partition("\r\n")[0] + "\r\n",
                KEY + "Sec-WebSocket-Protocol: " + ", ".join("x" * 50) + "\r\n",
                KEY + "Sec-WebSocket-Extensions: ;;;=,\r\n"],
)  # fmt: skip
def test_invalid_handshakes(server, headers):
    opening = OPENING.format(port=server.address.port, cookie=cookie(server)) + headers + "\r\n"
    answer = raw(server, opening.encode(), patience=1)
    assert answer[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 426", b"HTTP/1.1 101"}, answer
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
    opening = OPENING.format(port=server.address.port, cookie=cookie(server)) + KEY + "\r\n"
    raw(server, opening.encode() + bad, patience=1)
    assert visits(server)


def test_a_long_question_makes_nobody_wait():
    """Actions that are done beside the others are answered when they are ready, all others in their order."""
    ready = threading.Event()
    actions = {"ping": lambda: "pong", "long": lambda: ready.wait(20)}

    async def asked(server):
        socket = await connect(server)
        for number, action in enumerate(("long", "ping")):
            await socket.write_message(json.dumps({"id": number, "action": action}))
        first = await reply(socket)
        ready.set()
        return [first["id"], (await reply(socket))["id"]]

    with running(PageSite("test", {}, actions, beside=["long"])) as server:
        assert outcome(asked(server)) == [1, 0]


def test_a_sign_of_life_does_not_wait_for_the_actions_before_it():
    """The others are done one after another, in the order of the page, also after some have waited."""
    ready, done = threading.Event(), []
    actions = {"ping": lambda: "pong", "wait": lambda: ready.wait(20), "note": lambda number: done.append(number)}

    async def asked(server):
        socket = await connect(server)
        await socket.write_message(json.dumps({"id": 0, "action": "wait"}))
        for number in range(1, 6):
            await socket.write_message(json.dumps({"id": number, "action": "note", "values": {"number": number}}))
        alive = await answered(socket)
        assert done == []
        ready.set()
        return alive, [(await reply(socket))["id"] for _ in range(6)]

    with running(PageSite("test", {}, actions)) as server:
        assert outcome(asked(server)) == (True, [0, 1, 2, 3, 4, 5])
    assert done == [1, 2, 3, 4, 5]


def test_a_sign_of_life_waits_for_no_work():
    """Neither for data that all threads are making, nor for long actions that have all of theirs."""
    ready = threading.Event()
    actions = {"ping": lambda: "pong", "long": lambda: ready.wait(20)}
    site = PageSite("test", {}, actions, beside=["long"])

    async def asked(server):
        socket = await connect(server)
        for number in range(1, 9):
            await socket.write_message(json.dumps({"id": number, "action": "long"}))
        alive = await answered(socket)
        ready.set()
        return alive

    with running(site) as server:
        for _ in range(8):
            site.pool.submit(ready.wait, 20)
        assert outcome(asked(server))
