"""One writer a folder: a lock that ends with its process and that says who holds it.

The lock is one of the operating system on a file beside the folder, ``.NAME.lock``, or in the folder where the one
above it can't be written. It is advisory: readers do not ask for it. The file says as JSON who holds the lock and is
removed at the end; the file of a process that was killed locks nothing, and the next one uses it.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morphoscope.core.errors import UsageError
from morphoscope.core.file_locks import open_locked

LOCK_IN_FOLDER = ".lock"
_POLL_SECONDS = 0.05
_MOST_READ = 4096  # bytes
_LONGEST_COMMAND = 200  # characters

_guard = threading.Lock()
_held: dict[Path, tuple[int, int]] = {}  # lock file → thread that holds it, how many times


class LockedError(UsageError):
    """Another process, or another thread, writes the folder."""


@contextlib.contextmanager
def folder_lock(folder: Path, purpose: str, *, wait: float = 0.0) -> Iterator[bool]:
    """Hold the right to write ``folder``. It need not exist yet, but the folder above it must.

    A thread that holds the lock may enter again.

    Parameters
    ----------
    folder
        The folder.
    purpose
        What is done to it, for the message that others get, as in ``simulating``.
    wait
        Seconds to wait for the lock.

    Yields
    ------
    bool
        False on a file system without locks, where nothing is known of others; a warning says so.

    Raises
    ------
    LockedError
        If another process or thread holds the lock: who it is, since when, and what to do.
    OSError
        If the lock's file can't be written.
    """
    path = _lock_file(folder)
    if not _enter_again(path):
        handle, certain = _acquire(path, folder, time.monotonic() + wait)
        with _guard:
            _held[path] = threading.get_ident(), 1
        try:
            _write_holder(handle, purpose)
            if not certain:
                warnings.warn(f"{folder} is on a file system without locks; let one process write it", stacklevel=3)
            yield certain
        finally:
            with _guard:
                del _held[path]
            _release(path, handle)
        return
    try:
        yield True
    finally:
        _leave(path)


def remove_free_lock(folder: Path) -> None:
    """Remove the lock's file that a killed process left, as far as that is possible; a held one stays."""
    path = _lock_file(folder)
    with contextlib.suppress(OSError, UsageError):
        if path.is_file() and (found := open_locked(path)) is not None:
            handle, certain = found
            if certain:
                _release(path, handle)
            else:
                os.close(handle)


def is_lock(path: Path) -> bool:
    """Whether a file in a folder is its lock and nothing that somebody stored there."""
    return path.name == LOCK_IN_FOLDER


def _lock_file(folder: Path) -> Path:
    place = folder.resolve()
    if place.is_dir() and not os.access(place.parent, os.W_OK):
        return place / LOCK_IN_FOLDER
    return place.with_name(f".{place.name}.lock")


def _enter_again(path: Path) -> bool:
    with _guard:
        thread, times = _held.get(path, (None, 0))
        if thread != threading.get_ident():
            return False
        _held[path] = thread, times + 1
        return True


def _leave(path: Path) -> None:
    with _guard:
        thread, times = _held[path]
        _held[path] = thread, times - 1


def _acquire(path: Path, folder: Path, until: float) -> tuple[int, bool]:
    while (found := open_locked(path)) is None:
        if time.monotonic() >= until:
            raise LockedError(_who(path, folder))
        time.sleep(_POLL_SECONDS)
    return found


def _release(path: Path, handle: int) -> None:
    """Remove the file while the lock is still held, so that nobody else's is removed."""
    with contextlib.suppress(OSError):
        path.unlink()
    os.close(handle)


def _write_holder(handle: int, purpose: str) -> None:
    holder = {
        "purpose": purpose,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": " ".join([Path(sys.argv[0] or "python").name, *sys.argv[1:]])[:_LONGEST_COMMAND],
    }
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, (json.dumps(holder) + "\n").encode())


def _who(path: Path, folder: Path) -> str:
    """The line for those who do not get the lock."""
    holder = _read_holder(path)
    what = f"{folder} is in use"
    if "pid" in holder:
        same = holder["host"] == socket.gethostname()
        process = "this process" if same and holder["pid"] == os.getpid() else f"process {holder['pid']}"
        place = "" if same else f" on {holder['host']}"
        since = str(holder["since"])[:16].replace("T", " ")
        what += f": {holder['purpose']} by {process}{place} since {since} ({holder['command']})"
    return " ".join(f"{what}; wait until that ends, or choose another folder".split())


def _read_holder(path: Path) -> dict[str, Any]:
    """Who holds the lock; empty if the holder has not written it yet or has just gone."""
    for _ in range(5):
        with contextlib.suppress(OSError, ValueError, TypeError):
            with path.open("rb") as file:
                found = json.loads(file.read(_MOST_READ))
            if {"purpose", "pid", "host", "since", "command"} <= found.keys():
                return dict(found)
        time.sleep(_POLL_SECONDS / 5)
    return {}
