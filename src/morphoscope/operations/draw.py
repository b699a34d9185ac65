"""Draw an atlas: its class map, or the patterns of one class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas

PathLike = str | Path


def class_map(atlas: PathLike | Atlas, out: PathLike, *, color: str = "class", theory: bool = True) -> Path:
    """Draw the class map of an atlas, or one of its variables, as ``margin``, ``P(kappa)``, ``f`` or ``wavelength``."""
    from morphoscope.atlas import open_atlas
    from morphoscope.rendering.style import check_figure_path
    from morphoscope.reports import class_map as draw
    from morphoscope.reports import save

    check_figure_path(out)
    return save(draw(open_atlas(atlas), color=color, theory=theory), out)


def montage(atlas: PathLike | Atlas, class_name: str, out: PathLike, *, most: int | None = None) -> Path:
    """Draw all patterns that were read as one class."""
    from morphoscope.atlas import open_atlas
    from morphoscope.rendering.style import check_figure_path
    from morphoscope.reports import montage as draw
    from morphoscope.reports import save
    from morphoscope.reports.montage import MOST

    check_figure_path(out)
    return save(draw(open_atlas(atlas), class_name, most=MOST if most is None else most), out)
