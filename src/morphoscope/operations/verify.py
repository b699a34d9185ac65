"""Verify an atlas: simulate some of its runs again with other numerics, and read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError, nearest
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.verification import Verification

PathLike = str | Path
POINTS = 200


def verify(
    atlas: PathLike | Atlas,
    *,
    points: int = POINTS,
    checks: Sequence[str] | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: Reporter = AUTO,
) -> Verification:
    """Simulate some runs of an atlas again with one thing changed, read them, and compare the classes.

    The checks: ``half-step`` (dt/2); ``half-spacing`` (cells of half the size on the same domain, from the same start;
    with explicit Euler dt/4 or less); ``twice-time``; ``other-stencil`` (five points instead of nine, or the reverse);
    ``other-precision`` (float64 instead of float32, or the reverse); ``other-seed``. The result is stored with the
    atlas: its points and maps get the variable ``survives``, the number of checks in which a run keeps its class,
    and ``verification.html`` has the shares by class, a sentence for a paper and the map.

    Parameters
    ----------
    atlas
        An atlas, its folder, or the name of a shipped one.
    points
        Number of runs, drawn at random and as equally from all classes as their sizes allow.
    checks
        Names of the checks. Default: all.
    seed
        Seed of the draw.
    workers
        Number of threads; by default one for each core.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Verification
        The classes by run and check, the shares of each class that survive, and a sentence for a paper.

    Raises
    ------
    UsageError
        If the atlas's classifier can't be found, for an unknown check, and if no check can be done.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("gray-scott", {"f": 0.05}, grid={"k": (0.07, 0.075, 2)}, size=(40, 40), until=500)
    >>> ensemble = morphoscope.ensemble(plan, "scan")
    >>> atlas = morphoscope.scan("gray-scott-second-pass", ensemble, "atlas")
    >>> found = morphoscope.verify(atlas, points=2, checks=["half-step", "other-seed"])
    >>> found.survives.tolist(), morphoscope.Atlas("atlas").variables()["survives"].tolist()
    ([2, 2], [2.0, 2.0])
    """
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.files import annotation_folder
    from morphoscope.atlas.reader import find_classifier
    from morphoscope.atlas.verification import choose_runs, verify_readings
    from morphoscope.core.extras import require
    from morphoscope.ensembles.variants import VARIANTS
    from morphoscope.reports.verification import write_verification_page

    require("learn")
    if points < 1:
        raise UsageError(f"points={points}; use 1 or more", parameter="points")
    for name in checks or ():
        if name not in VARIANTS:
            raise UsageError(f"unknown check {name!r}; {nearest(name, VARIANTS)}", parameter="checks")
    opened = open_atlas(atlas)
    if not opened.metadata.get("classifier"):
        raise UsageError(f"no classifier has read {opened.folder}; let one read its runs", operation="scan")
    classifier = find_classifier(opened)
    if classifier is None:
        raise UsageError(
            f"the classifier that read {opened.folder} can't be found; scan its ensemble again", operation="scan"
        )
    chosen = choose_runs(opened.reading.names, min(points, len(opened.runs)), seed)
    folder = annotation_folder(opened.folder)
    folder.mkdir(parents=True, exist_ok=True)
    found = verify_readings(
        opened, classifier, chosen, checks or list(VARIANTS), folder, workers=workers, progress=progress
    )
    opened.verified()
    write_verification_page(opened, found)
    return found
