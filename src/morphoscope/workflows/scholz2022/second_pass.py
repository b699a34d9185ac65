"""What the second pass of Scholz & Scholz (2022) changes: one more class, other boundaries, and where π is found."""

from __future__ import annotations

import dataclasses
from typing import Any

from morphoscope.atlas import Agreement, Atlas
from morphoscope.workflows.scholz2022.class_search import Search, search_class
from morphoscope.workflows.scholz2022.passes import Results

NEW_CLASS = "pi"
HOMOGENEOUS = ("L", "H")
#: Where the paper's second pass finds π, and the spacing of its scan.
PLACE = {"f": 0.068, "k": 0.060625}
STEPS = {"f": 0.00125, "k": 0.000625}
FAR = 8.0  # steps; the paper's region of π is about five steps long


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Both passes. ``agreement``: the first reading compared with the second, of the same runs."""

    first: Results
    second: Results
    agreement: Agreement
    search: Search

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "evaluations": {name: e.to_dict() for name, e in self.second.evaluations.items()},
            "scan": {"runs": len(self.second.atlas.runs), "read_as": self.second.atlas.counts()},
            "agreement": dataclasses.asdict(self.agreement),
            "search": self.search.to_dict(),
        }


def compare(first: Results, second: Results) -> Comparison:
    """Compare the two readings of the scan and search the second one for π."""
    agreement = first.atlas.agreement(second.atlas)
    return Comparison(first, second, agreement, search_new_class(second.atlas))


def search_new_class(atlas: Atlas) -> Search:
    """Search for π around the point where the paper finds it."""
    return search_class(atlas, NEW_CLASS, PLACE, STEPS, far=FAR)
