"""Compare the readings of two atlases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from morphoscope.atlas import Agreement, Atlas

PathLike = str | Path


def agree(atlas: PathLike | Atlas, other: PathLike | Atlas) -> Agreement:
    """Compare the classes that two atlases give to the same runs.

    Parameters
    ----------
    atlas, other : str, Path or Atlas
        Atlases, their folders, or names of shipped atlases.

    Returns
    -------
    Agreement
        Share of equal classes, Cohen's κ, and the differences.

    Raises
    ------
    UsageError
        If an atlas can't be opened, or the two have no run in common.

    Examples
    --------
    >>> import morphoscope
    >>> morphoscope.agree("gray-scott", "gray-scott").share
    1.0
    """
    from morphoscope.atlas import open_atlas

    return open_atlas(atlas).agreement(open_atlas(other))
