"""A bench for one scenario: a prepared folder that every trial gets afresh, and what an undisturbed end looks like."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults import children
from tests.faults.children import Outcome, Work
from tests.faults.scenarios import Scenario
from tests.faults.shim import Fault
from tests.faults.tally import Tally


class Bench:
    """One scenario in a folder."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario, self.root = scenario, folder
        folder.mkdir(parents=True)
        self.prepared, self.trial, self.report = folder / "prepared", folder / "trial", folder / "report.json"
        self.prepared.mkdir()
        self._must(lambda: scenario.prepare(self.prepared))
        # Everything happens at one path: records may hold it.
        self.fresh()
        self.expected_kept = self._must(lambda: scenario.kept(self.trial)) if scenario.kept else None
        done = self.run(as_command(scenario.work(self.trial)), below=self.trial)
        if done.code:
            raise RuntimeError(f"{scenario.name} fails undisturbed: {done.text}")
        self.calls = done.calls
        self.expected = self.inspect().value
        self.files = self.listing()

    def fresh(self) -> None:
        """The prepared folder again, as the folder of the next trial."""
        shutil.rmtree(self.trial, ignore_errors=True)
        shutil.copytree(self.prepared, self.trial)

    def run(self, work: Work, **settings: Any) -> Outcome:
        """Do a piece of work in a child."""
        return children.run(work, self.report, **settings)

    def inspect(self) -> Outcome:
        """What is in the folder now; refused in one line if it can't be read."""
        return self.run(as_command(lambda: self.scenario.inspect(self.trial)))

    def listing(self) -> set[str]:
        """The files of the folder, without those that SQLite keeps while a database is open."""
        names = (str(path.relative_to(self.trial)) for path in self.trial.rglob("*") if path.is_file())
        return {name for name in names if not name.endswith(("-journal", "-wal", "-shm"))}

    def disturb(self, fault: Fault) -> Outcome:
        """A fresh folder and the scenario's work with a fault."""
        self.fresh()
        return self.run(as_command(self.scenario.work(self.trial)), below=self.trial, fault=fault)

    def settle(self, tally: Tally, case: object, ended: Outcome, expected: Any = None) -> None:
        """Judge a disturbed trial: how it ended, what is kept, what the same work makes of it."""
        tally.trials += 1
        if ended.code < 0:
            tally.killed += 1
        elif ended.code == 0:
            tally.as_before += 1
        elif ended.in_one_line or ended.code in (129, 130, 143):
            tally.refused += 1
        else:
            return tally.fail(case, f"exit code {ended.code}: {ended.text}")
        partly = None
        if self.scenario.kept is not None:
            kept = self.run(as_command(lambda: self.scenario.kept(self.trial)))  # type: ignore[misc]
            if kept.value not in (self.expected_kept, self.expected):
                return tally.fail(case, f"lost: {kept.value or kept.text}")
            partly = kept if self.scenario.kept is self.scenario.inspect else None
        return self._again(tally, case, ended, partly or self.inspect(), expected or self.expected)

    def _again(self, tally: Tally, case: object, ended: Outcome, partly: Outcome, expected: Any) -> None:
        if partly.code and not partly.in_one_line:
            return tally.fail(case, f"what is left can't be opened: {partly.text}")
        if partly.code == 0 and (lie := _contradiction(partly.value, expected)):
            return tally.fail(case, f"what is left is wrong: {lie}")
        again = self.run(as_command(self.scenario.continued(self.trial)))
        whole = partly.code == 0 and partly.value == expected
        if again.code and not (whole and again.in_one_line):  # an earlier result that is whole may be refused
            return tally.fail(case, f"after {ended.text!r} can't be continued: {again.text}")
        found = self.inspect()
        if found.value != expected and not self._said_twice(found.value, expected):
            return tally.fail(case, f"other data after continuing: {found.text}")
        if litter := self.listing() - self.files:
            return tally.fail(case, f"left behind: {sorted(litter)[:5]}")
        tally.redone += 1
        return None

    def _said_twice(self, found: Any, expected: Any) -> bool:
        """An annotation is recorded again by the same command, whether or not the first process had recorded it."""
        if not isinstance(found, dict) or "annotations" not in found:
            return False
        notes, wanted = found["annotations"], expected["annotations"]
        same = all(note == wanted[-1] for note in notes[len(wanted) :]) and notes[: len(wanted)] == wanted
        rest = {"annotations": None, "labels": None, "points": None}
        return same and found["labels"] == expected["labels"] and {**found, **rest} == {**expected, **rest}

    def _must(self, work: Work) -> Any:
        outcome = self.run(work)
        if outcome.code:
            raise RuntimeError(f"{self.scenario.name} can't be prepared: {outcome.text}")
        return outcome.value


def as_command(work: Work) -> Work:
    """The work with the errors of a command: one line and exit code 2."""

    def inner() -> Any:
        from morphoscope.core.errors import UsageError

        try:
            return work()
        except UsageError as error:
            print(f"error: {' '.join(str(error).split())}")
            raise SystemExit(2) from None

    return inner


def _contradiction(found: Any, expected: Any) -> str | None:
    """What a partly finished ensemble says of its runs and is not so; finished things must not be partly there."""
    if isinstance(found, dict) and "runs" in found and found["plan"] == expected["plan"]:
        wrong = [run for run, value in found["runs"].items() if expected["runs"].get(run) != value]
        return f"runs {wrong} differ" if wrong else None
    return None


def each_call(counts: dict[str, int], call: str, most: int) -> Iterator[int]:
    """Numbers of calls to disturb: all, or ``most`` of them spread evenly."""
    total = counts[call]
    step = max(1, -(-total // most))
    yield from range(1, total + 1, step)
