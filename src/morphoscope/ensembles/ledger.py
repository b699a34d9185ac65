"""The ledger of an ensemble: the record of its finished runs, in SQLite. Only the runs in the ledger are done."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from morphoscope.core.errors import DataError, UsageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    failed_at INTEGER,
    computed_steps INTEGER NOT NULL,
    seconds REAL NOT NULL
)
"""
#: Prefixes of SQLite's names for file system errors.
_WRITE_ERRORS = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM")


@dataclasses.dataclass(frozen=True)
class Entry:
    """How one run ended. ``failed_at`` is the step at which values that are not finite were detected."""

    run: int
    status: str
    failed_at: int | None
    computed_steps: int
    seconds: float


class Ledger:
    """Rows of :class:`Entry` in one file; only the coordinating process commits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as connection:
            connection.execute(_SCHEMA)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection; raises UsageError if the file can't be written, DataError if it is damaged."""
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as connection:
                yield connection
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "").startswith(_WRITE_ERRORS):
                raise UsageError(
                    f"can't write {self.path}: {error}; free some space, or choose another location"
                ) from error
            raise DataError(f"{self.path} is damaged ({error}); expected a ledger of runs") from error

    def commit(self, entries: Iterable[Entry]) -> None:
        """Record runs whose data is durable."""
        rows = [dataclasses.astuple(entry) for entry in entries]
        with self._open() as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)", rows)

    def entries(self) -> dict[int, Entry]:
        """All recorded runs by number."""
        with self._open() as connection:
            rows = connection.execute("SELECT * FROM runs ORDER BY run").fetchall()
        return {row[0]: Entry(*row) for row in rows}
