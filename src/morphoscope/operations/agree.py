"""Compare the readings of two atlases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from morphoscope.atlas import Agreement, Atlas

PathLike = str | Path


def agree(atlas: PathLike | Atlas, other: PathLike | Atlas) -> Agreement:
    """Compare the classes that two atlases give to the runs that both contain.

    Parameters
    ----------
    atlas, other : Atlas, str or Path
        An atlas, its folder, or the name of a shipped atlas.

    Returns
    -------
    Agreement
        Number of runs, share that agrees, Cohen's κ, and the most frequent differences.

    Raises
    ------
    UsageError
        If there is no such atlas, or the two have no runs in common.

    Examples
    --------
    >>> import morphoscope
    >>> morphoscope.agree("gray-scott", "gray-scott").share
    1.0
    """
    from morphoscope.atlas import open_atlas

    return open_atlas(atlas).agreement(open_atlas(other))
