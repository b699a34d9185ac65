"""Trials are carried out, recorded, counted. No thread writes the lines of progress, because children are forked."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from tests.faults.journal import Journal
from tests.faults.tally import Tally

SECONDS = 10.0  # between two lines


class Progress:
    """The trials of one campaign: :meth:`trial` for each, :meth:`row` at the end of a row of the table."""

    def __init__(
        self,
        name: str,
        say: Callable[[str], None],
        journal: Journal | None = None,
        faults: Collection[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self._say, self._clock = name, say, clock
        self._faults = faults
        self._journal = Journal(None, "") if journal is None else journal
        self.total, self.done = 0, 0
        self.begin = self._last = clock()

    def wants(self, fault: str) -> bool:
        """Whether the rows of a fault are to be made."""
        return self._faults is None or fault in self._faults

    def start(self, total: int) -> None:
        """Preparations are over, and so many trials follow."""
        self.total, self.begin = total, self._clock()
        self._say(f"{self.name}: {total} trials")

    def trial(self, row: Tally, case: str, carry_out: Callable[[Tally], None]) -> None:
        """Count one case in its row: as recorded, or carried out and recorded now.

        Says how far the campaign is, not more often than every ten seconds; recorded trials do not count there.
        """
        known = self._journal.known(row, case)
        one = known or Tally(row.kind, row.what)
        if known is None:
            carry_out(one)
            self._journal.record(case, one)
            self.done += one.trials
        else:
            self.total -= one.trials
        row.add(one)
        for wrong in one.wrong:
            self._say(f"WRONG {row.kind}, {row.what}: {wrong}")
        if self._clock() - self._last >= SECONDS:
            self._last = self._clock()
            self._say(self.line())

    def line(self) -> str:
        """Trials, rate and time left."""
        rate = self.done / max(self._clock() - self.begin, 1e-9)
        left = max(self.total - self.done, 0) / rate if rate else 0.0
        minutes, seconds = divmod(round(left), 60)
        return f"{self.name}: {self.done} of {self.total} trials, {rate:.2f} a second, {minutes}:{seconds:02d} left"

    def row(self, tally: Tally) -> None:
        """A row of the table is complete."""
        self._say(f"{tally.kind}, {tally.what}: {tally.trials} trials, {len(tally.wrong)} wrong")
