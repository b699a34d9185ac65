"""The websocket between a page and its server: requests with answers, and messages to all pages.

A page sends ``{"id": 1, "action": NAME, "values": {…}}`` and receives ``{"id": 1, "result": …}`` after the action is
done, or ``{"id": 1, "problem": TEXT}``. Messages to all pages are ``{"event": NAME, …}``.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import json
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from morphoscope.core.errors import UsageError

LOG = logging.getLogger(__name__)
MISUNDERSTOOD = "this page and its server don't understand each other; reload it"
PING = "ping"  # a page's question whether the server is there
_LONGEST = 400  # characters of a problem
_MOST_WAITING = 64  # actions of a page; then its next message waits


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a page asks for: the number of its answer, the name of the action, and the work."""

    number: int
    action: str
    work: Callable[[], Any]


def read(actions: Mapping[str, Callable[..., Any]], message: Any) -> Asked | None:
    """What a message asks for; None if it is none that a page of this version sends."""
    try:
        number, action, values = message["id"], message["action"], message.get("values", {})
        work = actions[action]
    except (KeyError, TypeError, AttributeError):
        return None
    if not isinstance(number, int) or not isinstance(values, dict):
        return None
    return Asked(number, action, lambda: work(**values))


def answer(asked: Asked) -> dict[str, Any]:
    """Do what a page asks for; its ``result``, or the ``problem`` in one line."""
    try:
        return {"result": asked.work()}
    except UsageError as error:
        return {"problem": str(error)[:_LONGEST]}
    except TypeError:  # values that the action does not have
        LOG.exception("an action got other values than it expects")
        return {"problem": MISUNDERSTOOD}
    except Exception:
        LOG.exception("an action failed")
        return {"problem": "the server could not do it; see the message in the terminal"}


class Channels:
    """All open websockets of a site.

    The actions of one page are done one after another, in its order, except those in ``beside``: they take long, have
    the threads of ``slow``, and neither wait nor make others wait, so that the page hears from the server in the
    meantime. For the same reason a sign of life needs no thread.
    """

    def __init__(
        self,
        actions: Mapping[str, Callable[..., Any]],
        pool: concurrent.futures.Executor,
        beside: Collection[str],
        slow: concurrent.futures.Executor,
    ) -> None:
        self.actions, self.pool = actions, pool
        self.beside, self.slow = frozenset(beside), slow
        self._open: set[Channel] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Messages can be sent from now on."""
        self._loop = loop

    def close(self) -> None:
        """Close all websockets."""
        self._loop = None
        for channel in list(self._open):
            channel.close()

    def __len__(self) -> int:
        return len(self._open)

    def join(self, channel: Channel) -> None:
        """A page has opened its websocket."""
        self._open.add(channel)

    def leave(self, channel: Channel) -> None:
        """A page was closed."""
        self._open.discard(channel)

    def tell(self, event: str, values: Mapping[str, Any]) -> None:
        """Send a message to all pages, from any thread."""
        if self._loop is None:
            return
        text = json.dumps({"event": event, **values})
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._send, text)

    def _send(self, text: str) -> None:
        for channel in list(self._open):
            channel.say(text)


class Channel(WebSocketHandler):  # type: ignore[misc]
    """The websocket of one page."""

    def initialize(self, channels: Channels) -> None:
        """Tornado's hook: the options of the address."""
        self._channels = channels
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself keeps only weak references
        self._turn = asyncio.Lock()  # of the actions that are done one after another; whoever waits longest is next

    def open(self, *arguments: str) -> None:
        """Tornado's hook: the page is there."""
        self.set_nodelay(True)
        self._channels.join(self)

    def on_close(self) -> None:
        """Tornado's hook: the page was closed."""
        self._channels.leave(self)

    async def on_message(self, message: str | bytes) -> None:
        """Tornado's hook: do what the page asks, and answer. The next message waits until this returns.

        A sign of life waits for nothing, or a page would take a server that is busy with one action for gone.
        """
        asked = self._read(message)
        if asked is not None and asked.action == PING:
            self.say(json.dumps({"id": asked.number, **answer(asked)}))
            return
        beside = asked is not None and asked.action in self._channels.beside
        task = asyncio.create_task(self._respond(asked) if beside else self._respond_in_turn(asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if len(self._tasks) > _MOST_WAITING:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def _respond_in_turn(self, asked: Asked | None) -> None:
        async with self._turn:
            await self._respond(asked)

    async def _respond(self, asked: Asked | None) -> None:
        answer = {"problem": MISUNDERSTOOD} if asked is None else await self._answer(asked)
        self.say(json.dumps({"id": 0 if asked is None else asked.number, **answer}))

    def _read(self, message: str | bytes) -> Asked | None:
        try:
            return read(self._channels.actions, json.loads(message))
        except (ValueError, RecursionError):
            return None

    async def _answer(self, asked: Asked) -> dict[str, Any]:
        pool = self._channels.slow if asked.action in self._channels.beside else self._channels.pool
        return await asyncio.get_running_loop().run_in_executor(pool, answer, asked)

    def say(self, text: str) -> None:
        """Send a text, unless the page is gone."""
        with contextlib.suppress(WebSocketClosedError):
            self.write_message(text).add_done_callback(lambda sent: sent.cancelled() or sent.exception())
