"""The ledger of an ensemble: the record of its finished runs, in SQLite. Only the runs in the ledger are done."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.databases import check_database, sqlite_errors
from morphoscope.core.errors import DataError
from morphoscope.core.storage import staged_file

PENDING, DONE, FAILED = range(3)
STATUS = ("pending", "done", "failed")
_SCHEMA_VERSION = 2  # version 1 has the table of runs only
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    failed_at INTEGER,
    computed_steps INTEGER NOT NULL,
    seconds REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS shards (shard INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_EXPECTED = "a ledger of runs"
_ROWS = 20_000  # that are read at a time


@dataclasses.dataclass(frozen=True)
class Entry:
    """How one run ended.

    ``failed_at`` is the step at which values that are not finite were detected; None for a run that ended its process.
    """

    run: int
    status: str
    failed_at: int | None
    computed_steps: int
    seconds: float


class Ledger:
    """Rows of :class:`Entry` in one file; only the coordinating process commits.

    Raises DataError if the file is missing, damaged, empty or another plan's, UsageError if it can't be opened.
    """

    def __init__(self, path: Path, plan_hash: str | None = None) -> None:
        self.path = path
        if not path.is_file() or not path.stat().st_size:
            state = "is empty" if path.is_file() else "is missing"
            raise DataError(f"{path} {state}; expected {_EXPECTED}; restore it from a copy, or repair the ensemble")
        with self._open() as connection:
            check_database(connection, path, _EXPECTED)
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "runs" not in tables:
                raise DataError(f"{path} is damaged (it has no table of runs); expected {_EXPECTED}")
            self._upgraded = "about" in tables
            if self._upgraded:
                self._check(dict(connection.execute("SELECT name, value FROM about")), plan_hash)

    @classmethod
    def create(cls, path: Path, plan_hash: str) -> Ledger:
        """A new ledger without runs. Raises UsageError if it can't be written."""
        with (
            staged_file(path) as part,
            sqlite_errors(path, _EXPECTED),
            contextlib.closing(sqlite3.connect(part)) as connection,
        ):
            connection.executescript(_SCHEMA)
            _describe(connection, plan_hash)
            connection.commit()
        return cls(path, plan_hash)

    def _check(self, about: Mapping[str, str], plan_hash: str | None) -> None:
        version = about.get("version", "1")
        if not version.isdecimal() or int(version) > _SCHEMA_VERSION:
            raise DataError(
                f"{self.path} has version {version}; this version reads up to {_SCHEMA_VERSION}; update morphoscope"
            )
        recorded = about.get("plan_hash")
        if plan_hash is not None and recorded not in (None, plan_hash):
            raise DataError(
                f"{self.path} is the ledger of another plan ({recorded[:12]} instead of {plan_hash[:12]}); restore the "
                "folder from a copy"
            )

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection to the file that is there; raises UsageError if it can't be used, DataError if it is damaged."""
        with sqlite_errors(self.path, _EXPECTED):
            address = f"{self.path.absolute().as_uri()}?mode=rw"
            with contextlib.closing(sqlite3.connect(address, timeout=30, uri=True)) as connection:
                yield connection

    def commit(self, entries: Iterable[Entry], sizes: Mapping[int, int] | None = None) -> None:
        """Record runs whose data is durable, and the sizes of their shards in bytes."""
        rows = [dataclasses.astuple(entry) for entry in entries]
        with self._open() as connection:
            if not self._upgraded:
                connection.executescript(_SCHEMA)
                self._upgraded = True
            with connection:
                connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)", rows)
                connection.executemany("INSERT OR REPLACE INTO shards VALUES (?, ?)", list((sizes or {}).items()))

    def remove(self, runs: Iterable[int]) -> None:
        """Forget runs, which are then pending."""
        with self._open() as connection, connection:
            connection.executemany("DELETE FROM runs WHERE run = ?", [(run,) for run in runs])

    def states(self, count: int) -> NDArray[np.uint8]:
        """``PENDING``, ``DONE`` or ``FAILED`` for each of ``count`` runs. Raises DataError for others in the ledger."""
        states = np.zeros(count, dtype=np.uint8)
        with self._open() as connection:
            cursor = connection.execute("SELECT run, status = 'done' FROM runs")
            while rows := cursor.fetchmany(_ROWS):
                runs, done = np.array(rows, dtype=np.int64).T
                if runs.min() < 0 or runs.max() >= count:
                    raise DataError(f"{self.path} is damaged (it has run {runs.max()} of {count}); repair the ensemble")
                states[runs] = np.where(done, DONE, FAILED)
        return states

    def failures(self) -> dict[int, int | None]:
        """The runs that failed, with the step at which it was detected."""
        with self._open() as connection:
            return dict(connection.execute("SELECT run, failed_at FROM runs WHERE status = 'failed' ORDER BY run"))

    def sizes(self) -> dict[int, int]:
        """The recorded sizes of shards in bytes; empty in ledgers of earlier versions."""
        if not self._upgraded:
            return {}
        with self._open() as connection:
            return dict(connection.execute("SELECT shard, bytes FROM shards"))

    def entries(self) -> dict[int, Entry]:
        """All recorded runs by number."""
        with self._open() as connection:
            rows = connection.execute("SELECT * FROM runs ORDER BY run").fetchall()
        return {row[0]: Entry(*row) for row in rows}


def _describe(connection: sqlite3.Connection, plan_hash: str) -> None:
    values = {"version": str(_SCHEMA_VERSION), "plan_hash": plan_hash}
    connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", list(values.items()))
