"""Signals that ask a process to end: work ends at a point of its own choice, and says so."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import ClassVar

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupted(KeyboardInterrupt):
    """A signal ended the work. ``signal``: its number; ``done``: what is done, for the message, empty if unknown."""

    last: ClassVar[Interrupted | None] = None  # for the command line, whose parser keeps no KeyboardInterrupt

    def __init__(self, number: int = signal.SIGINT, done: str = "") -> None:
        super().__init__(done)
        self.signal, self.done = int(number), done
        Interrupted.last = self


class Request:
    """Whether, and by which signal, the end of the work was requested."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.signal: int | None = None

    def raise_if_set(self, done: str = "") -> None:
        """Raise Interrupted if a signal has arrived."""
        if self.signal is not None:
            raise Interrupted(self.signal, done)


@contextlib.contextmanager
def ending_on_request() -> Iterator[Request]:
    """While the body runs, SIGINT, SIGTERM and SIGHUP set the request instead of ending the process.

    A second SIGINT raises KeyboardInterrupt at once. A request that the body did not answer raises Interrupted at its
    end, since what follows would go on without it. Signals for which the program has a handler of its own are left
    to it, and so are all signals outside the main thread.
    """
    request = Request()
    before: dict[int, object] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        if request.signal is not None and number == signal.SIGINT:
            raise Interrupted(number)
        request.signal = number
        request.event.set()

    if threading.current_thread() is threading.main_thread():
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, handle)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
    request.raise_if_set()
