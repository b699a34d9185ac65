"""The annotations of an atlas in SQLite: who gave which run which class, when and why.

Every change is one transaction that adds rows, so that people can label at the same time. Nothing is deleted: an undo
marks rows as undone, and they stay in the log.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from morphoscope.atlas import annotation_database as database
from morphoscope.atlas.agreement import Agreement, agreement_of
from morphoscope.atlas.annotation import (
    AMBIGUOUS,
    REJECTED,
    Annotation,
    NewClass,
    action,
    check_class,
    now,
    person,
    reason,
)
from morphoscope.core.errors import UsageError
from morphoscope.core.storage import staged_file

FILE = "annotations.sqlite"


class Annotations:
    """The annotations of the runs of one plan, in one SQLite file. The first annotation creates the file.

    Parameters
    ----------
    path : Path
        The file.
    plan_hash : str
        Hash of the plan whose runs are annotated.
    former_hash : str, optional
        The hash of the same plan in an earlier version of the package.

    Raises
    ------
    DataError
        For another kind of file, or annotations of another plan.

    Examples
    --------
    >>> import morphoscope
    >>> atlas = morphoscope.open_atlas("gray-scott")
    >>> atlas.annotations.current("nobody in particular")
    {}
    """

    def __init__(self, path: Path, plan_hash: str, former_hash: str | None = None) -> None:
        self.path, self.plan_hash, self.former_hash = path, plan_hash, former_hash
        if path.exists():
            database.check(path, self._hashes)

    @property
    def _hashes(self) -> set[str | None]:
        return {self.plan_hash, self.former_hash}

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One transaction that waits for all others."""
        with database.transaction(self.path, self.plan_hash, self._hashes) as connection:
            yield connection

    def add(
        self,
        runs: Sequence[int],
        new: str | Sequence[str],
        *,
        old: Sequence[str],
        who: str,
        why: str = "",
        allowed: Sequence[str] = (),
    ) -> int:
        """Add annotations of several runs as one batch, which one :meth:`undo` reverts.

        Usually :func:`morphoscope.annotate` is called instead, which finds the earlier classes and checks the runs.

        Parameters
        ----------
        runs : sequence of int
            Numbers of runs in the plan, at least one.
        new : str or sequence of str
            The class of all runs, or one class per run. An empty string rejects a run as ambiguous.
        old : sequence of str
            The class that each run had before. An annotation with the same class is a confirmation.
        who : str
            The annotator.
        why : str, optional
            A reason for the log, at most 2000 characters.
        allowed : sequence of str, optional
            Classes that may be given, in addition to those of :meth:`classes`.

        Returns
        -------
        int
            The number of the batch.

        Raises
        ------
        UsageError
            For an unknown class, an empty ``who``, no runs, or lists of different lengths.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from morphoscope.atlas import Annotations
        >>> folder = tempfile.TemporaryDirectory()
        >>> annotations = Annotations(pathlib.Path(folder.name) / "annotations.sqlite", plan_hash="1234")
        >>> annotations.add([0, 1], "spots", old=["spots", "stripes"], who="ada", allowed=["spots", "stripes"])
        1
        >>> [annotation.action for annotation in annotations.log()]
        ['confirm', 'relabel']
        """
        if not runs:
            raise UsageError("no run is selected; select at least one")
        classes = [new] * len(runs) if isinstance(new, str) else list(new)
        if not len(runs) == len(old) == len(classes):
            raise UsageError(f"{len(runs)} runs, {len(classes)} classes, {len(old)} earlier classes; give one per run")
        known = {REJECTED, *allowed, *(c.name for c in self.classes())}
        if unknown := [name for name in classes if name not in known]:
            raise UsageError(f"unknown class {unknown[0]!r}; create it first")
        who, why, at = person(who), reason(why), now()
        with self._change() as connection:
            batch = connection.execute("SELECT coalesce(max(batch), 0) + 1 FROM annotations").fetchone()[0]
            connection.executemany(
                "INSERT INTO annotations (batch, run, who, at, action, old, new, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (batch, int(run), who, at, action(before, after), before, after, why)
                    for run, before, after in zip(runs, old, classes, strict=True)
                ],
            )
        return int(batch)

    def undo(self, who: str) -> list[Annotation]:
        """Undo the last batch of a person.

        Parameters
        ----------
        who : str
            The annotator.

        Returns
        -------
        list of Annotation
            The annotations that were undone; empty if there were none.
        """
        who = person(who)
        if not self.path.exists():
            return []
        with self._change() as connection:
            last = "SELECT max(batch) FROM annotations WHERE who = ? AND undone IS NULL"
            rows = connection.execute(
                f"SELECT * FROM annotations WHERE who = ? AND undone IS NULL AND batch = ({last})", (who, who)
            ).fetchall()
            connection.executemany("UPDATE annotations SET undone = ? WHERE id = ?", [(now(), row[0]) for row in rows])
        return [Annotation(*row) for row in rows]

    def make_class(self, name: str, symbol: str, colour: str, who: str, taken: Sequence[str] = ()) -> NewClass:
        """Create a class.

        Parameters
        ----------
        name : str
            A word of letters, digits, ``-`` and ``_``, at most 32 characters long.
        symbol : str
            One to three printable characters.
        colour : str
            ``#rrggbb``.
        who : str
            Who creates it.
        taken : sequence of str, optional
            Names that can't be used, such as the classifier's classes.

        Returns
        -------
        NewClass
            The class. If another person has created it before, that one, with its symbol and colour.

        Raises
        ------
        UsageError
            For an invalid name, symbol or colour, and for a name in ``taken``.
        """
        check_class(name, symbol, colour)
        if name in taken:
            raise UsageError(f"class {name!r} exists already; choose another name")
        made = NewClass(name, symbol, colour.lower(), person(who), now())
        with self._change() as connection:
            connection.execute("INSERT OR IGNORE INTO classes VALUES (?, ?, ?, ?, ?)", dataclasses.astuple(made))
            (row,) = connection.execute("SELECT * FROM classes WHERE name = ?", (name,)).fetchall()
        return NewClass(*row)

    def classes(self) -> list[NewClass]:
        """The classes that people have created, oldest first."""
        return [NewClass(*row) for row in self._read("SELECT * FROM classes ORDER BY at, name")]

    def log(self) -> list[Annotation]:
        """All annotations, oldest first, including those that were undone."""
        return [Annotation(*row) for row in self._read("SELECT * FROM annotations ORDER BY id")]

    def current(self, who: str | None = None) -> dict[int, Annotation]:
        """The latest annotation of every annotated run, by run; by default of all annotators, else of one."""
        return {a.run: a for a in self.log() if a.undone is None and who in (None, a.who)}

    def annotators(self) -> list[str]:
        """The names of all annotators, sorted."""
        return sorted({a.who for a in self.log()})

    def compare(self, first: str, second: str) -> Agreement:
        """Compare two annotators on the runs that both have annotated.

        Parameters
        ----------
        first, second : str
            The annotators.

        Returns
        -------
        Agreement
            Share of equal classes, Cohen's κ, and the differences.

        Raises
        ------
        UsageError
            If they have no annotated run in common.
        """
        ours, theirs = self.current(first), self.current(second)
        both = sorted(ours.keys() & theirs.keys())
        if not both:
            raise UsageError(f"{first} and {second} have annotated no run in common; there is nothing to compare")
        return agreement_of([(ours[run].new or AMBIGUOUS, theirs[run].new or AMBIGUOUS) for run in both])

    def revision(self) -> tuple[int, int, int]:
        """Numbers that change with every annotation, undo and new class; fast to read."""
        query = (
            "SELECT (SELECT count(*) FROM annotations), (SELECT count(undone) FROM annotations), "
            "(SELECT count(*) FROM classes)"
        )
        rows = self._read(query)
        return rows[0] if rows else (0, 0, 0)

    def export(self, path: Path, columns: Mapping[str, Callable[[int], object]] | None = None) -> Path:
        """Write the log as CSV, one row per annotation.

        Parameters
        ----------
        path : Path
            The file.
        columns : mapping, optional
            Additional columns after ``run``: name → function from the number of a run to the value.

        Returns
        -------
        Path
            The file.
        """
        own = [field.name for field in dataclasses.fields(Annotation)]
        additional = dict(columns or {})
        after = own.index("run") + 1
        with staged_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*own[:after], *additional, *own[after:]])
            for annotation in self.log():
                values = dataclasses.astuple(annotation)
                found = [value(annotation.run) for value in additional.values()]
                writer.writerow([*values[:after], *found, *values[after:]])
        return path

    def copy_to(self, path: Path) -> None:
        """Copy the annotations, for the atlas of the next pass over the same runs."""
        if self.path.exists():
            database.copy(self.path, path, self.plan_hash)

    @contextlib.contextmanager
    def copied_to(self, path: Path, classes: Sequence[NewClass] = ()) -> Iterator[None]:
        """Copy the file, with further classes, and let nobody change the original before the body ends."""
        with database.frozen(self.path):
            database.copy(self.path, path, self.plan_hash)
            with database.connected(path) as other:
                rows = [dataclasses.astuple(made) for made in classes]
                other.executemany("INSERT OR IGNORE INTO classes VALUES (?, ?, ?, ?, ?)", rows)
            yield

    def _read(self, query: str) -> list[tuple]:  # type: ignore[type-arg]
        if not self.path.exists():
            return []
        with database.connected(self.path) as connection:
            return connection.execute(query).fetchall()
