"""Proposals of classes that nobody labelled: what they contain, why they are proposed, and how they are stored."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from morphoscope.atlas.classes import titled
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import read_json, write_json

FILE = "discovery.json"
BESIDE = "proposals"  # the folder beside an atlas where proposals are looked for
_FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Proposal:
    """A group of runs that may be a class of its own.

    Attributes
    ----------
    number
        Its rank, from 1.
    score
        coherence × stability × (0.2 + unknown) × √distance × ⁴√(number of runs); ``unknown`` is 0.8 if the atlas has no
        known scores.
    runs
        Numbers of its runs in the atlas's plan.
    read_as
        The classes that they were read as, most frequent first, with the number of runs.
    distance
        The mean distance of its patterns from the nearest labelled ones, or from an earlier proposal that is nearer,
        relative to the median over all patterns.
    coherence
        The share of its runs' neighbours in parameter space that belong to it, too.
    stability
        How well other clusterings find the same group, from 0 to 1.
    unknown
        The share of its runs that the classifier does not know; None if the atlas has no known scores.
    ranges
        The lowest and the highest value of each parameter that varies.
    alike
        Runs of the classes that most of its runs were read as, those most like its own first; empty for proposals of an
        earlier version.
    confirmed
        After a simulation: of how many further runs the nearest patterns belong to it, and the number of runs.
    """

    number: int
    score: float
    runs: tuple[int, ...]
    read_as: dict[str, int]
    distance: float
    coherence: float
    stability: float
    unknown: float | None
    ranges: dict[str, tuple[float, float]]
    confirmed: tuple[int, int] | None = None
    alike: dict[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)

    def read_words(self) -> str:
        """What its runs were read as, in words."""
        return ", ".join(f"{titled(name)} ({count})" for name, count in self.read_as.items())

    def reason(self) -> str:
        """Why it is proposed, in a sentence or two."""
        unknown = "" if self.unknown is None else f" The classifier does not know {self.unknown:.0%} of them."
        if self.confirmed is None:
            again = ""
        else:
            again = f" Of {self.confirmed[1]} further runs at its points, {self.confirmed[0]} look like it."
        return (
            f"Its patterns are {self.distance:.2g} times as far from every labelled pattern as patterns of this atlas "
            f"typically are; {self.coherence:.0%} of their neighbours in parameter space belong to the group, too; "
            f"other clusterings find it with an overlap of {self.stability:.0%}.{unknown}{again}"
        )

    def row(self) -> dict[str, Any]:
        """One row of a table."""
        ranges = {
            f"{n} {end}": v for n, both in self.ranges.items() for end, v in zip(("from", "to"), both, strict=True)
        }
        return {
            "proposal": self.number,
            "runs": len(self.runs),
            "read_as": " ".join(f"{name}:{count}" for name, count in self.read_as.items()),
            **{name: round(getattr(self, name), 4) for name in ("score", "distance", "coherence", "stability")},
            "unknown": None if self.unknown is None else round(self.unknown, 4),
            "confirmed": None if self.confirmed is None else "{} of {}".format(*self.confirmed),
            **ranges,
        }


@dataclasses.dataclass(frozen=True)
class Discovery:
    """Proposals for an atlas, best first, as :func:`morphoscope.discover` returns them.

    Attributes
    ----------
    proposals
        The proposals.
    plan_hash
        Hash of the atlas's plan.
    notes
        What was left out, one line each.
    """

    proposals: tuple[Proposal, ...]
    plan_hash: str
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        best = f", the first of {len(self[0].runs)} runs" if len(self) else ""
        return f"Discovery({len(self)} proposal{'' if len(self) == 1 else 's'}{best})"

    def __len__(self) -> int:
        return len(self.proposals)

    def __getitem__(self, index: int) -> Proposal:
        return self.proposals[index]

    def numbered(self, number: int) -> Proposal:
        """The proposal with a rank. Raises UsageError if there is none."""
        if not 1 <= number <= len(self):
            raise UsageError(f"proposal {number}; there are {len(self)}, numbered from 1", parameter="accept")
        return self.proposals[number - 1]

    def save(self, folder: Path) -> None:
        """Write discovery.json into a folder."""
        write_json(folder / FILE, {"format": _FORMAT, **dataclasses.asdict(self)})


def load_discovery(folder: Path, plan_hash: str) -> Discovery:
    """The proposals in a folder. Raises UsageError if there are none, or if they are of another atlas."""
    path = folder / FILE
    if not path.exists():
        raise UsageError(f"{folder} has no proposals; write them", operation="discover")
    values = read_json(path, "the proposals of an atlas")
    try:
        found = tuple(_proposal(row) for row in values["proposals"])
        discovery = Discovery(found, str(values["plan_hash"]), tuple(values["notes"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({error}); discover again", operation="discover") from None
    if discovery.plan_hash != plan_hash:
        raise UsageError(f"the proposals in {folder} are of another atlas; discover again", operation="discover")
    return discovery


def find_proposals(atlas: Path, plan_hash: str) -> Path | None:
    """The folder ``proposals`` beside the folder of an atlas, if it has proposals for the atlas."""
    folder = atlas.resolve().parent / BESIDE
    try:
        load_discovery(folder, plan_hash)
    except (UsageError, DataError):
        return None
    return folder


def _proposal(row: dict[str, Any]) -> Proposal:
    ranges = {str(name): (float(low), float(high)) for name, (low, high) in row["ranges"].items()}
    confirmed = None if row["confirmed"] is None else (int(row["confirmed"][0]), int(row["confirmed"][1]))
    alike = {str(name): tuple(int(run) for run in runs) for name, runs in row.get("alike", {}).items()}
    return Proposal(**{**row, "runs": tuple(row["runs"]), "ranges": ranges, "confirmed": confirmed, "alike": alike})
