"""Open an atlas, or an ensemble that no classifier has read as one."""

from __future__ import annotations

from pathlib import Path

from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.bare import BareAtlas
from morphoscope.core.progress import AUTO, Reporter
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.store import LEDGER_FILE


def open_atlas(source: str | Path | Ensemble | Atlas, *, progress: Reporter = AUTO) -> Atlas:
    """Open an atlas, or an ensemble as an atlas without a reading.

    An ensemble needs neither labels nor a classifier: its map can be coloured by descriptors, its runs be sorted by
    them and annotated. Its runs are distinguished as ``homogeneous`` and ``pattern`` only. The first call computes
    their descriptors, which are stored with the ensemble.

    Parameters
    ----------
    source
        An atlas (returned as it is), its folder, the folder of the study that made it, or a shipped atlas's name; an
        ensemble or its folder.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Atlas
        The atlas.

    Raises
    ------
    UsageError
        If there is no atlas, or it is damaged or in a format that this version does not read; if no run of the ensemble
        is done.

    Examples
    --------
    >>> import morphoscope
    >>> len(morphoscope.open_atlas("gray-scott").runs)
    5481
    >>> plan = morphoscope.scan_plan("gray-scott", {"k": 0.06}, grid={"f": (0.02, 0.06, 3)}, size=48, until=60)
    >>> morphoscope.open_atlas(morphoscope.ensemble(plan, "scan"))
    BareAtlas('scan', 3 runs of gray-scott, not read)
    """
    if isinstance(source, Atlas):
        return source
    if isinstance(source, Ensemble):
        return BareAtlas(source, progress)
    if (Path(source) / LEDGER_FILE).is_file():
        return BareAtlas(Ensemble(source), progress)
    return Atlas(source)
