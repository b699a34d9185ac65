"""How trials ended."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Tally:
    """How the trials of one row of the table ended."""

    kind: str
    what: str
    trials: int = 0
    as_before: int = 0  # the disturbed work ended well, or the change did not touch what is read
    refused: int = 0  # ended with one line and exit code 2
    killed: int = 0
    redone: int = 0  # the same work again ended with equal bits
    wrong: list[str] = dataclasses.field(default_factory=list)

    def fail(self, case: object, why: str) -> None:
        """Record a trial in which something was lost, mixed, wrong or not said in one line."""
        self.wrong.append(f"{case}: {' '.join(why.split())[-600:]}")

    def add(self, other: Tally) -> None:
        """Count another's trials, too."""
        for name in ("trials", "as_before", "refused", "killed", "redone"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong
