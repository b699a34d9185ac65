"""The ledger of an ensemble: which runs are done, in SQLite. A run is done because the ledger says so."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from morphoscope.core.errors import DataError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    failed_at INTEGER,
    computed_steps INTEGER NOT NULL,
    seconds REAL NOT NULL
)
"""


@dataclasses.dataclass(frozen=True)
class Entry:
    """How one run ended. ``failed_at`` is the step at which its numbers were seen not to be finite."""

    run: int
    status: str
    failed_at: int | None
    computed_steps: int
    seconds: float


class Ledger:
    """Rows of :class:`Entry` in one file; only the coordinating process commits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with contextlib.closing(self._connect()) as connection:
                connection.execute(_SCHEMA)
        except sqlite3.Error as error:
            raise DataError(f"{path} is damaged ({error}); expected a ledger of runs") from error

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30)

    def commit(self, entries: Iterable[Entry]) -> None:
        """Record runs whose data is durable."""
        rows = [dataclasses.astuple(entry) for entry in entries]
        with contextlib.closing(self._connect()) as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)", rows)

    def entries(self) -> dict[int, Entry]:
        """All recorded runs by number."""
        try:
            with contextlib.closing(self._connect()) as connection:
                rows = connection.execute("SELECT * FROM runs ORDER BY run").fetchall()
        except sqlite3.Error as error:
            raise DataError(f"{self.path} is damaged ({error}); expected a ledger") from error
        return {row[0]: Entry(*row) for row in rows}
