"""The SQLite file of annotations: made whole, checked when it is opened, copied while nobody writes."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from morphoscope.core.databases import check_database, sqlite_errors
from morphoscope.core.errors import DataError
from morphoscope.core.locking import folder_lock
from morphoscope.core.storage import make_parent, staged_file, writing

EXPECTED = "the annotations of an atlas"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS subject (plan_hash TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS annotations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch INTEGER NOT NULL,
    run INTEGER NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('confirm', 'relabel', 'reject')),
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    why TEXT NOT NULL,
    undone TEXT
);
CREATE INDEX IF NOT EXISTS by_run ON annotations (run);
CREATE TABLE IF NOT EXISTS classes (
    name TEXT PRIMARY KEY,
    symbol TEXT NOT NULL,
    colour TEXT NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL
);
"""
_WAIT_SECONDS = 30.0  # for another writer
_CREATE_SECONDS = 5.0  # for another writer of the folder, which may take minutes
_SWAP_SECONDS = 5.0  # for a folder that is being replaced, which takes milliseconds


@contextlib.contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file; SQLite's errors are one line."""
    with (
        sqlite_errors(path, EXPECTED),
        contextlib.closing(_connect(path)) as connection,
    ):
        yield connection


def _connect(path: Path) -> sqlite3.Connection:
    place = f"{path.absolute().as_uri()}?mode=rw"  # a file that is not there is not made
    return sqlite3.connect(place, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)


def check(path: Path, hashes: set[str | None] | None) -> None:
    """Raise DataError unless the file is sound and annotates the runs of a plan with one of ``hashes``, if given."""
    with connected(path) as connection:
        check_database(connection, path, EXPECTED)
        check_subject(connection, path, hashes)


def check_subject(connection: sqlite3.Connection, path: Path, hashes: set[str | None] | None) -> None:
    """Raise DataError for a file without annotations' tables, or of another plan's runs."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'subject'").fetchone():
        raise DataError(f"{path} is damaged (it is empty); expected {EXPECTED}; restore it from a copy, or remove it")
    subjects = {row[0] for row in connection.execute("SELECT plan_hash FROM subject")}
    if hashes is not None and subjects and not subjects & hashes:
        raise DataError(f"{path} annotates the runs of another plan; choose the atlas it was made for")


def create(path: Path, plan_hash: str) -> None:
    """Make the file with its tables unless it is there. It is never seen without them."""
    if path.exists():
        return
    make_parent(path)
    # The folder's lock: another process may be replacing the folder.
    with writing(path), folder_lock(path.parent, "creating annotations", wait=_CREATE_SECONDS):
        if path.exists():
            return
        with staged_file(path) as part, connected(part) as connection:
            connection.executescript(f"PRAGMA journal_mode = MEMORY; {_SCHEMA}")
            connection.execute("INSERT INTO subject VALUES (?)", (plan_hash,))


@contextlib.contextmanager
def frozen(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that keeps everybody else from writing the file while the body runs; it changes nothing.

    If the body gives the file's name to another file, those who waited write to that one.
    """
    while True:
        before = _stat(path)
        with connected(path) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if os.path.samestat(before, _stat(path)):
                try:
                    yield connection
                finally:
                    _roll_back(connection)
                return
            _roll_back(connection)


@contextlib.contextmanager
def transaction(path: Path, plan_hash: str, hashes: set[str | None]) -> Iterator[sqlite3.Connection]:
    """One change of the file, which waits for all others; undone as a whole if the body ends with an error.

    Raises DataError for a file of another plan than one with one of ``hashes``.
    """
    create(path, plan_hash)
    with frozen(path) as connection:
        check_subject(connection, path, hashes)
        connection.execute("INSERT OR IGNORE INTO subject VALUES (?)", (plan_hash,))
        yield connection
        connection.execute("COMMIT")


def copy(source: Path, path: Path, plan_hash: str) -> None:
    """Write a copy of the file ``source``, also while :func:`frozen` keeps others from writing it."""
    make_parent(path)
    with connected(source) as connection, staged_file(path) as part, connected(part) as other:
        other.execute("PRAGMA journal_mode = MEMORY")
        connection.backup(other)
        other.execute("INSERT OR IGNORE INTO subject VALUES (?)", (plan_hash,))


def _stat(path: Path) -> os.stat_result:
    until = time.monotonic() + _SWAP_SECONDS
    while True:
        try:
            return path.stat()
        except FileNotFoundError:
            if time.monotonic() > until:
                raise DataError(f"{path} is gone; expected {EXPECTED}") from None
            time.sleep(0.02)


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:  # SQLite ends a transaction itself when the disk is full
        connection.execute("ROLLBACK")
