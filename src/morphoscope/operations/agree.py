"""Compare the readings of two atlases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from morphoscope.atlas import Agreement, Atlas

PathLike = str | Path


def agree(atlas: PathLike | Atlas, other: PathLike | Atlas) -> Agreement:
    """How far two atlases agree on the runs that both hold."""
    from morphoscope.atlas import open_atlas

    return open_atlas(atlas).agreement(open_atlas(other))
