"""Write an atlas as a web page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.extras import require

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble

PathLike = str | Path


def export(atlas: PathLike | Ensemble | Atlas, out: PathLike, *, overwrite: bool = False) -> Path:
    """Write an atlas as a folder of web pages that works without Python and without a network.

    Parameters
    ----------
    atlas
        An atlas, its folder, or the name of a shipped atlas; or an ensemble.
    out
        Folder to write.
    overwrite
        Whether to replace an earlier page in the folder.

    Returns
    -------
    Path
        The page to open, ``index.html`` in the folder.

    Raises
    ------
    UsageError
        If there is no such atlas, or the folder contains other files, or an earlier page unless ``overwrite``.

    Examples
    --------
    >>> import morphoscope
    >>> morphoscope.export("gray-scott", "page").name
    'index.html'
    """
    require("explore")
    from morphoscope.atlas import open_atlas
    from morphoscope.web.static import export_atlas

    return export_atlas(open_atlas(atlas), Path(out), overwrite=overwrite)
