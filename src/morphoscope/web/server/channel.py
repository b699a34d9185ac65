"""The websocket between a page and its server: requests with answers, and messages to all pages.

A page sends ``{"id": 1, "action": NAME, "values": {…}}`` and receives ``{"id": 1, "result": …}`` after the action is
done, or ``{"id": 1, "problem": TEXT}``. Messages to all pages are ``{"event": NAME, …}``.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from morphoscope.core.errors import UsageError

LOG = logging.getLogger(__name__)
PING = "ping"  # by which a page finds out whether the server is there
_LONGEST = 400  # characters of a problem


class Channels:
    """All open websockets of a site."""

    def __init__(self, actions: Mapping[str, Callable[..., Any]], pool: concurrent.futures.Executor) -> None:
        self.actions, self.pool = actions, pool
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

    def open(self, *arguments: str) -> None:
        """Tornado's hook: the page is there."""
        self.set_nodelay(True)
        self._channels.join(self)

    def on_close(self) -> None:
        """Tornado's hook: the page was closed."""
        self._channels.leave(self)

    async def on_message(self, message: str | bytes) -> None:
        """Tornado's hook: do what the page asks, and answer."""
        number, answer = await self._answer(message)
        self.say(json.dumps({"id": number, **answer}))

    async def _answer(self, message: str | bytes) -> tuple[int, dict[str, Any]]:
        try:
            asked = json.loads(message)
            number, action, values = asked["id"], asked["action"], asked.get("values", {})
            work = self._channels.actions[action]
            if not isinstance(number, int) or not isinstance(values, dict):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            return 0, {"problem": "this page and its server don't understand each other; reload it"}
        if action == PING and not values:  # does not wait for a free thread
            return number, {"result": work()}
        loop = asyncio.get_running_loop()
        try:
            return number, {"result": await loop.run_in_executor(self._channels.pool, lambda: work(**values))}
        except UsageError as error:
            return number, {"problem": str(error)[:_LONGEST]}
        except TypeError:  # values that the action does not have
            LOG.exception("an action got other values than it expects")
            return number, {"problem": "this page and its server don't understand each other; reload it"}
        except Exception:
            LOG.exception("an action failed")
            return number, {"problem": "the server could not do it; see the message in the terminal"}

    def say(self, text: str) -> None:
        """Send a text, unless the page is gone."""
        with contextlib.suppress(WebSocketClosedError):
            self.write_message(text).add_done_callback(lambda sent: sent.cancelled() or sent.exception())
