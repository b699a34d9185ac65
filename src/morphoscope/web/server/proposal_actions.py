"""What a page asks about proposed classes: what they are, and accepting one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas
from morphoscope.atlas.proposals import Proposal
from morphoscope.core.errors import UsageError
from morphoscope.web.server.actions import person_of, text_of
from morphoscope.web.workspace import Workspace, key_of

_BESIDE = 8  # patterns of a class that a proposal was read as
_CLASSES = 2  # shown beside a proposal
_LONGEST_NAME = 80


class ProposalActions:
    """The actions for proposed classes by name, see :attr:`by_name`."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @property
    def by_name(self) -> dict[str, Callable[..., Any]]:
        """The actions that a page may call."""
        return {"proposals": self.proposals, "accept": self.accept}

    def proposals(self) -> dict[str, Any]:
        """All proposals, best first: their patterns, those of the classes that they were read as, and the reason."""
        atlas, found = self.workspace.atlas, self.workspace.discovery()
        rows = {run: row for row, run in enumerate(atlas.runs.tolist())}
        proposals = [_described(atlas, proposal, rows) for proposal in found.proposals]
        return {"folder": str(self.workspace.proposals), "notes": list(found.notes), "proposals": proposals}

    def accept(self, number: Any, name: Any, who: Any, key: Any = None) -> str:
        """Give the runs of a proposal a class; ``key``: of the proposal that the page shows."""
        if not isinstance(number, int) or isinstance(number, bool):
            raise UsageError("expected the number of a proposal")
        seen = None if key is None else text_of(key, _LONGEST_NAME)
        self.workspace.accept(number, text_of(name, _LONGEST_NAME).strip(), person_of(who), seen)
        return ""


def _described(atlas: Atlas, proposal: Proposal, rows: dict[int, int]) -> dict[str, Any]:
    own = np.array([rows[run] for run in proposal.runs if run in rows], dtype=np.intp)
    return {
        "number": proposal.number,
        "rows": own.tolist(),
        "readAs": [[name, count] for name, count in proposal.read_as.items()],
        "beside": _beside(atlas, proposal, own, rows),
        "reason": proposal.reason(),
        "ranges": [[name, *ends] for name, ends in proposal.ranges.items()],
        "score": proposal.score,
        "key": key_of(proposal),
    }


def _beside(atlas: Atlas, proposal: Proposal, own: NDArray[np.intp], rows: dict[int, int]) -> list[dict[str, Any]]:
    """Rows of the classes that a proposal was read as: those most like its own, of old proposals most probable ones."""
    found = []
    for name in [name for name in proposal.read_as if name in atlas.classes][:_CLASSES]:
        members = atlas.members(name)
        probable = [int(row) for row in members[~np.isin(members, own)][:_BESIDE]]
        alike = [rows[run] for run in proposal.alike.get(name, ()) if run in rows]
        found.append({"name": name, "rows": alike or probable, "alike": bool(alike)})
    return found
