"""People's annotations of an atlas: who said what of which run, when and why; in SQLite, and nothing is ever deleted.

Every change is one transaction that adds rows, so that people who label at the same time lose nothing. Undoing marks
rows as undone; the log keeps them.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime
import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from morphoscope.atlas.agreement import Agreement, agreement_of
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import make_parent, staged_file

FILE = "annotations.sqlite"
REJECTED = ""  # the class of a run that was rejected as ambiguous
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LONGEST_TEXT = 2000
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


@dataclasses.dataclass(frozen=True)
class Annotation:
    """One person's word on one run. ``new`` is the class, or empty where the run was rejected as ambiguous.

    ``run`` is the run's number in the plan; ``batch`` is shared by what was said in one go; times are UTC, ISO 8601.
    """

    id: int
    batch: int
    run: int
    who: str
    at: str
    action: str
    old: str
    new: str
    why: str
    undone: str | None


@dataclasses.dataclass(frozen=True)
class NewClass:
    """A class that a person has made."""

    name: str
    symbol: str
    colour: str  # #rrggbb
    who: str
    at: str


class Annotations:
    """The annotations of the runs of one plan, in one file, which is made by the first one.

    ``former_hash``: a hash of the same plan by which an earlier version of the package knew it.
    """

    def __init__(self, path: Path, plan_hash: str, former_hash: str | None = None) -> None:
        self.path, self.plan_hash, self.former_hash = path, plan_hash, former_hash
        if path.exists():
            with self._open() as connection:
                self._check(connection)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise DataError(f"{self.path} can't be used ({error}); expected the annotations of an atlas") from error

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One transaction that waits for all others."""
        make_parent(self.path)
        with self._open() as connection:
            if not self._check(connection):
                connection.executescript(_SCHEMA)
            connection.execute("INSERT OR IGNORE INTO subject VALUES (?)", (self.plan_hash,))
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _check(self, connection: sqlite3.Connection) -> bool:
        """Whether the tables are there; raises DataError when they are about another plan's runs."""
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'subject'").fetchone():
            return False
        subjects = {row[0] for row in connection.execute("SELECT plan_hash FROM subject")}
        if subjects and not subjects & {self.plan_hash, self.former_hash}:
            raise DataError(f"{self.path} annotates the runs of another plan; choose the atlas it was made for")
        return bool(subjects)

    def add(
        self, runs: Sequence[int], new: str, *, old: Sequence[str], who: str, why: str = "", allowed: Sequence[str] = ()
    ) -> int:
        """Say of ``runs`` that they are ``new`` (empty: ambiguous), where ``old`` was thought; returns the batch.

        Raises UsageError for a class that is neither in ``allowed`` nor made by a person, and for an empty ``who``.
        """
        if not runs:
            raise UsageError("no run is chosen; choose at least one")
        if len(runs) != len(old):
            raise UsageError(f"{len(runs)} runs, but {len(old)} earlier classes; give one a run")
        if new != REJECTED and new not in (*allowed, *(c.name for c in self.classes())):
            raise UsageError(f"unknown class {new!r}; make it first")
        who, why, now = _person(who), _text(why), _now()
        with self._change() as connection:
            batch = connection.execute("SELECT coalesce(max(batch), 0) + 1 FROM annotations").fetchone()[0]
            connection.executemany(
                "INSERT INTO annotations (batch, run, who, at, action, old, new, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (batch, int(run), who, now, _action(before, new), before, new, why)
                    for run, before in zip(runs, old, strict=True)
                ],
            )
        return int(batch)

    def undo(self, who: str) -> list[Annotation]:
        """Take back the last thing that a person said; returns what was taken back, nothing when there is nothing."""
        who = _person(who)
        if not self.path.exists():
            return []
        with self._change() as connection:
            last = "SELECT max(batch) FROM annotations WHERE who = ? AND undone IS NULL"
            rows = connection.execute(
                f"SELECT * FROM annotations WHERE who = ? AND undone IS NULL AND batch = ({last})", (who, who)
            ).fetchall()
            connection.executemany("UPDATE annotations SET undone = ? WHERE id = ?", [(_now(), row[0]) for row in rows])
        return [Annotation(*row) for row in rows]

    def make_class(self, name: str, symbol: str, colour: str, who: str, taken: Sequence[str] = ()) -> NewClass:
        """A class that the classifier does not know. Raises UsageError for a name that is no word or is ``taken``."""
        if not _NAME.fullmatch(name):
            raise UsageError(f"class name {name!r}; expected a word of letters, digits, - and _, at most 32 long")
        if name in taken or name in (c.name for c in self.classes()):
            raise UsageError(f"class {name!r} is there already; choose another name")
        if not _COLOUR.fullmatch(colour):
            raise UsageError(f"colour {colour!r}; expected #rrggbb")
        if not 1 <= len(symbol) <= 3 or not symbol.isprintable() or set(symbol) & set("<>&\"'"):
            raise UsageError(f"symbol {symbol!r}; expected one to three printable characters, as in π")
        made = NewClass(name, symbol, colour.lower(), _person(who), _now())
        with self._change() as connection:
            connection.execute("INSERT OR IGNORE INTO classes VALUES (?, ?, ?, ?, ?)", dataclasses.astuple(made))
        return made

    def classes(self) -> list[NewClass]:
        """The classes that people have made, oldest first."""
        return [NewClass(*row) for row in self._read("SELECT * FROM classes ORDER BY at, name")]

    def log(self) -> list[Annotation]:
        """Everything that was ever said, oldest first, undone or not."""
        return [Annotation(*row) for row in self._read("SELECT * FROM annotations ORDER BY id")]

    def current(self, who: str | None = None) -> dict[int, Annotation]:
        """The last word on every annotated run: of anybody, or of one person."""
        return {a.run: a for a in self.log() if a.undone is None and who in (None, a.who)}

    def annotators(self) -> list[str]:
        """Everybody who has said anything."""
        return sorted({a.who for a in self.log()})

    def compare(self, first: str, second: str) -> Agreement:
        """How far two people agree on the runs that both have annotated; an empty class is 'ambiguous'.

        Raises UsageError when they have annotated no run in common.
        """
        ours, theirs = self.current(first), self.current(second)
        both = sorted(ours.keys() & theirs.keys())
        if not both:
            raise UsageError(f"{first} and {second} have annotated no run in common; there is nothing to compare")
        return agreement_of([(ours[run].new or "ambiguous", theirs[run].new or "ambiguous") for run in both])

    def state(self) -> tuple[int, int, int]:
        """Changes whenever somebody says, undoes or makes something; cheap to ask."""
        asked = (
            "SELECT (SELECT count(*) FROM annotations), (SELECT count(undone) FROM annotations), "
            "(SELECT count(*) FROM classes)"
        )
        rows = self._read(asked)
        return rows[0] if rows else (0, 0, 0)

    def export(self, path: Path) -> Path:
        """Write the whole log as CSV, one row an annotation."""
        fields = [field.name for field in dataclasses.fields(Annotation)]
        with staged_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(fields)
            writer.writerows(dataclasses.astuple(a) for a in self.log())
        return path

    def copy_to(self, path: Path) -> None:
        """A copy of everything, for the atlas of the next pass over the same runs."""
        if not self.path.exists():
            return
        make_parent(path)
        with self._open() as connection, contextlib.closing(sqlite3.connect(path)) as other:
            connection.backup(other)
            other.execute("INSERT OR IGNORE INTO subject VALUES (?)", (self.plan_hash,))
            other.commit()

    def _read(self, query: str) -> list[tuple]:  # type: ignore[type-arg]
        if not self.path.exists():
            return []
        with self._open() as connection:
            return connection.execute(query).fetchall() if self._check(connection) else []


def _action(old: str, new: str) -> str:
    if new == REJECTED:
        return "reject"
    return "confirm" if new == old else "relabel"


def _person(who: str) -> str:
    name = who.strip()
    if not name or len(name) > 80 or not name.isprintable():
        raise UsageError(f"annotator {who!r}; expected a name of at most 80 characters, as in ada", parameter="who")
    return name


def _text(why: str) -> str:
    if len(why) > _LONGEST_TEXT:
        raise UsageError(f"reason of {len(why)} characters; at most {_LONGEST_TEXT} are kept")
    return why


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
