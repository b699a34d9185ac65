"""Standard output and error as they come: in any encoding, closed, on a full disk, or read by a program that leaves."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from morphoscope.core.errors import UsageError


def prepare() -> None:
    """Make standard streams that take every text: characters that their encoding lacks are written as escapes.

    A stream that was closed is opened to nowhere; otherwise the next file that is opened would get its number.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def output() -> Iterator[None]:
    """Write to standard output in the body. That its reader has gone, as ``head -1`` does, is no error.

    Raises UsageError for other errors, as of a full disk.
    """
    try:
        yield
    except BrokenPipeError:
        _mute()
    except OSError as error:
        _mute()
        raise UsageError(f"can't write to standard output: {(error.strerror or str(error)).lower()}") from error


def _mute() -> None:
    """Let all that is and will be written to standard output go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
