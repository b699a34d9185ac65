"""SQLite's errors as lines for people: a full disk is not a damaged file."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from morphoscope.core.errors import DataError, UsageError

#: Beginnings of SQLite's names for errors that are not the file's fault: what is said, and what to do.
_REASONS = {
    "SQLITE_FULL": ("no space left on device", "free some space, or choose another disk"),
    "SQLITE_READONLY": ("it is read-only", "choose a writable folder"),
    "SQLITE_CANTOPEN": ("it can't be opened", "check that the folder exists and can be written"),
    "SQLITE_PERM": ("permission denied", "choose a folder that you have permission to write to"),
    "SQLITE_IOERR": ("the disk reports an error", "free some space, or choose another disk"),
    "SQLITE_BUSY": ("another process is writing it", "try again"),
    "SQLITE_LOCKED": ("another process is writing it", "try again"),
    "SQLITE_NOMEM": ("out of memory", "close other programs"),
}


@contextlib.contextmanager
def sqlite_errors(path: Path, expected: str) -> Iterator[None]:
    """Turn SQLite's errors into one line that names ``path``.

    Raises UsageError for what the disk or another process is to blame for, DataError, which says what was
    ``expected``, for a damaged file.
    """
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        for start, (reason, remedy) in _REASONS.items():
            if name.startswith(start):
                raise UsageError(f"can't write {path}: {reason} ({error}); {remedy}") from error
        raise DataError(f"{path} is damaged ({error}); expected {expected}; restore it from a copy") from error


def check_database(connection: sqlite3.Connection, path: Path, expected: str) -> None:
    """Raise DataError if SQLite finds a damaged page, row or index."""
    with sqlite_errors(path, expected):
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        reason = " ".join(str(found).split())
        raise DataError(f"{path} is damaged ({reason}); expected {expected}; restore it from a copy")
