"""How far a campaign is: lines with trials, rate and time left. No thread writes them, because children are forked."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.faults.bench import Tally

SECONDS = 10.0  # between two lines


class Progress:
    """The trials of one campaign; :meth:`trial` after each, :meth:`row` at the end of a row of the table."""

    def __init__(self, name: str, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self._say, self._clock = name, say, clock
        self.total, self.done = 0, 0
        self.begin = self._last = clock()

    def start(self, total: int) -> None:
        """Preparations are over, and so many trials follow."""
        self.total, self.begin = total, self._clock()
        self._say(f"{self.name}: {total} trials")

    def trial(self) -> None:
        """One more trial is over; says how far the campaign is, not more often than every ten seconds."""
        self.done += 1
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
        for case in tally.wrong[:5]:
            self._say(f"WRONG {tally.kind}, {tally.what}: {case}")
