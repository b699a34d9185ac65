"""SQLite's errors are one line, and a full disk is not called damage."""

import contextlib
import sqlite3

import pytest

from morphoscope.core.databases import check_database, sqlite_errors
from morphoscope.core.errors import DataError, UsageError


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "a.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("CREATE INDEX i ON t (text)")
        connection.executemany("INSERT INTO t (text) VALUES (?)", [(f"row {i} " * 20,) for i in range(200)])
    return path


def test_a_full_disk(database):
    with contextlib.closing(sqlite3.connect(database)) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        full = pytest.raises(UsageError, match=r"can't write .*a\.sqlite: no space left on device")
        with full as caught, sqlite_errors(database, "a test"):
            connection.executemany("INSERT INTO t (text) VALUES (?)", [("x" * 5000,)] * 20)
    assert not isinstance(caught.value, DataError)


def test_another_writer(database):
    with (
        contextlib.closing(sqlite3.connect(database, isolation_level=None)) as first,
        contextlib.closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as second,
    ):
        first.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UsageError, match="another process is writing it"), sqlite_errors(database, "a test"):
            second.execute("BEGIN IMMEDIATE")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="can't be opened"), sqlite_errors(tmp_path, "a test"):
        sqlite3.connect(tmp_path / "absent" / "a.sqlite")


def test_damage_is_found(database):
    with contextlib.closing(sqlite3.connect(database)) as connection:
        check_database(connection, database, "a test")
    content = bytearray(database.read_bytes())
    content[5000:9000] = bytes(4000)
    database.write_bytes(content)
    damaged = pytest.raises(DataError, match=r"a\.sqlite is damaged \(.*\); expected a test")
    with contextlib.closing(sqlite3.connect(database)) as connection, damaged as caught:
        check_database(connection, database, "a test")
    assert "\n" not in str(caught.value)


def test_no_database_at_all(tmp_path):
    (tmp_path / "a.sqlite").write_text("no database at all, but long enough to look at" * 20)
    damaged = pytest.raises(DataError, match="is damaged")
    with contextlib.closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection, damaged:
        check_database(connection, tmp_path / "a.sqlite", "a test")
