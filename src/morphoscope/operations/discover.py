"""Discover classes that nobody labelled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.proposals import Discovery
    from morphoscope.ensembles import Ensemble
    from morphoscope.learning.encoder import Encoder

PathLike = str | Path
COUNT = 10


def discover(
    atlas: PathLike | Ensemble | Atlas,
    out: PathLike | None = None,
    *,
    count: int = COUNT,
    encoder: PathLike | Encoder = "shipped",
    simulate: int = 0,
    seed: int = 0,
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Discovery:
    """Propose classes that nobody labelled: what a map may lack.

    The patterns of the whole atlas are grouped several times, by features of an encoder that knows no class and of the
    classifier that read the atlas. Groups that contain no label (no point of the classifier's training set, no
    annotated run) are ranked by their distance from all labels, by how much they hang together in parameter space, by
    how well they are found again, and by the share of their runs that the classifier does not know.

    Parameters
    ----------
    atlas
        An atlas, its folder, or the name of a shipped one; an ensemble or its folder, which has no labels but
        annotations.
    out
        Folder to write as well: ``index.html``, a page with a picture of each proposal, ``proposals.csv``,
        ``members.csv`` and ``discovery.json``.
    count
        The largest number of proposals.
    encoder
        An encoder or its folder. Default: the shipped one.
    simulate
        Simulate this number of further runs at the points of each proposal, with other seeds, and tell how many of
        them look like it.
    seed
        Seed of the clusterings, and of the further runs.
    overwrite
        Whether to replace earlier proposals in ``out``.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Discovery
        The proposals, best first. To accept one, annotate its runs: ``annotate(atlas, "new", found[0].runs, who=…)``;
        then :func:`morphoscope.refine` trains the next pass with the new class.

    Raises
    ------
    UsageError
        For fewer than 12 runs with a pattern, and if ``out`` contains other files.

    Notes
    -----
    score = coherence × stability × (0.2 + share of unknown runs) × √distance × ⁴√(number of runs). The distance is the
    one from the nearest labelled place, or from an earlier proposal if that is nearer: so variants of one group do not
    fill the list. Patterns of an atlas without its ensemble, such as a shipped one, are simulated again.

    Examples
    --------
    >>> import morphoscope
    >>> grid = {"f": (0.03, 0.05, 4), "k": (0.06, 0.064, 4)}
    >>> plan = morphoscope.scan_plan("gray-scott", {}, grid=grid, size=48, until=900)
    >>> found = morphoscope.discover(morphoscope.ensemble(plan, "scan"), count=2)
    >>> len(found), sorted(found[0].read_as)
    (2, ['pattern'])
    """
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.discovery import discover_classes
    from morphoscope.atlas.proposals import FILE
    from morphoscope.core.extras import require
    from morphoscope.core.storage import check_output
    from morphoscope.learning.encoder import open_encoder

    require("learn")
    if count < 1:
        raise UsageError(f"count={count}; use 1 or more", parameter="count")
    if simulate < 0:
        raise UsageError(f"simulate={simulate}; use 0 or more", parameter="simulate")
    if out is not None:
        check_output(Path(out), FILE, overwrite=overwrite)
    opened, read = open_atlas(atlas, progress=progress), open_encoder(encoder)
    found, evidence = discover_classes(opened, read, count=count, seed=seed, progress=progress)
    if simulate:
        from morphoscope.atlas.confirmation import confirm

        found = confirm(opened, found, evidence, read, simulate, seed=seed, progress=progress)
    if out is not None:
        from morphoscope.reports.proposals import save_discovery

        save_discovery(opened, found, evidence, Path(out), overwrite=overwrite, progress=progress)
    return found
