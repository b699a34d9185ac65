"""Log messages of the server and its libraries: warnings of one short line, without tracebacks.

Tornado logs requests in full and with tracebacks. A hostile request could flood the terminal or send it
control sequences.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

LOGGERS = ("tornado", "asyncio", "morphoscope.web")
LONGEST = 240


class OneLine(logging.Formatter):
    """Formats a record as one printable line; for an exception, its message and the line of code that raised it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, of at most LONGEST characters."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{_raised(record.exc_info[1], record.exc_info[2])}; {text}"
        text = "".join(c if c.isprintable() else " " for c in text[: 2 * LONGEST])
        return f"{record.levelname.lower()}: {text if len(text) <= LONGEST else text[:LONGEST] + ' …'}"


def worth_a_line(record: logging.LogRecord) -> bool:
    """Whether to log a record: all except those about tabs that were closed while data were being sent to them."""
    closed = (WebSocketClosedError, StreamClosedError)
    return (
        not (record.exc_info and isinstance(record.exc_info[1], closed)) and "connection was closed" not in record.msg
    )


@contextlib.contextmanager
def one_line_logs() -> Iterator[None]:
    """Within the body, the loggers write warnings and errors to stderr, one line each."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    handler.addFilter(worth_a_line)
    loggers = [logging.getLogger(name) for name in LOGGERS]
    kept = [(each, each.handlers, each.level, each.propagate) for each in loggers]
    for each in loggers:
        each.handlers, each.propagate = [handler], False
        each.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for each, handlers, level, propagate in kept:
            each.handlers, each.propagate = handlers, propagate
            each.setLevel(level)


def _raised(error: BaseException, trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
