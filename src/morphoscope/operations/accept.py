"""Accept a proposed class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble

PathLike = str | Path


def accept(
    atlas: PathLike | Ensemble | Atlas, proposals: PathLike, number: int, class_name: str | None, *, who: str
) -> int:
    """Give the runs of a proposal a class, with the proposal as the reason in the log.

    ``morphoscope discover ATLAS --out FOLDER --accept NUMBER --class NAME`` and the explorer call this. One undo of the
    annotations reverts it.

    Parameters
    ----------
    atlas
        The atlas, its folder, or the name of a shipped one; or the ensemble.
    proposals
        The folder that :func:`morphoscope.discover` wrote.
    number
        The rank of the proposal, from 1.
    class_name
        The class; a new one is created.
    who
        The annotator.

    Returns
    -------
    int
        The number of runs.

    Raises
    ------
    UsageError
        If there are no proposals in the folder, they are of another atlas, there is no proposal with this number, or
        the class has no name or an invalid one.

    Examples
    --------
    >>> import morphoscope
    >>> grid = {"f": (0.03, 0.05, 4), "k": (0.06, 0.064, 4)}
    >>> scan = morphoscope.ensemble(morphoscope.scan_plan("gray-scott", {}, grid=grid, size=48, until=900), "scan")
    >>> found = morphoscope.discover(scan, "proposals", count=2)
    >>> morphoscope.accept(scan, "proposals", 1, "spots", who="ada") == len(found[0].runs)
    True
    """
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.annotation import AMBIGUOUS
    from morphoscope.atlas.proposals import load_discovery
    from morphoscope.operations.annotate import annotate

    if not class_name or class_name.strip() == AMBIGUOUS:
        raise UsageError(f"proposal {number} is accepted, but as no class; name the class", parameter="class_name")
    opened = open_atlas(atlas)
    proposal = load_discovery(Path(proposals), opened.plan.hash).numbered(number)
    return annotate(opened, class_name, proposal.runs, who=who, why=f"proposal {number} of discover")
