"""What the second pass of Scholz & Scholz (2022) changes: one class more, other borders, and where π is."""

from __future__ import annotations

import dataclasses
from typing import Any

from morphoscope.atlas import Agreement, Atlas
from morphoscope.workflows.scholz2022.passes import Results
from morphoscope.workflows.scholz2022.sightings import Search, look_for

NEW_CLASS = "pi"
HOMOGENEOUS = ("L", "H")
#: Where the paper's second pass finds π, and the spacing of its scan.
PLACE = {"f": 0.068, "k": 0.060625}
STEPS = {"f": 0.00125, "k": 0.000625}
FAR = 8.0  # steps; the paper's region of π is some five long


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Both passes side by side. ``agreement``: first reading against second, of the same runs."""

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
    """Compare the two readings of the scan and look for π in the second."""
    agreement = first.atlas.agreement(second.atlas)
    return Comparison(first, second, agreement, look_for_new_class(second.atlas))


def look_for_new_class(atlas: Atlas) -> Search:
    """Look for π where the paper finds it."""
    return look_for(atlas, NEW_CLASS, PLACE, STEPS, far=FAR)
