"""Write an atlas as a web page, or the runs of an ensemble in a format of other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble

PathLike = str | Path
PAGE = "page"


def export(
    atlas: PathLike | Ensemble | Atlas,
    out: PathLike,
    *,
    format: str = PAGE,
    runs: Sequence[int] | None = None,
    overwrite: bool = False,
    progress: Reporter = AUTO,
) -> Path:
    """Write an atlas as web pages that work without Python and without a network, or the runs of an ensemble as files.

    Parameters
    ----------
    atlas
        An atlas, its folder, or the name of a shipped atlas; or an ensemble.
    out
        Folder or file to write.
    format
        ``page`` (a folder of web pages); or of the runs: ``netcdf`` (one .nc file, as xarray writes it), ``npz`` (one
        archive of NumPy arrays), ``well`` (a folder in The Well's HDF5 layout, one file for each combination of
        parameters), ``mp4`` or ``tiff`` (a folder with a film or a stack for each run).
    runs
        Numbers of the runs to write; not for ``page``. Default: all that are done.
    overwrite
        Whether to replace an earlier export.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Path
        The page to open, ``index.html`` in the folder; or the file or folder with the runs.

    Raises
    ------
    UsageError
        If there is no such atlas or its runs are not stored, or the folder contains other files, or an earlier export
        unless ``overwrite``.

    Examples
    --------
    >>> import morphoscope
    >>> morphoscope.export("gray-scott", "page").name
    'index.html'
    >>> plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 2)}, size=48, until=10)
    >>> morphoscope.export(morphoscope.ensemble(plan, "scan"), "scan.nc", format="netcdf").name
    'scan.nc'
    """
    from morphoscope.ensembles.exports import FORMATS, export_runs

    if format != PAGE:
        if format not in FORMATS:
            raise UsageError(f"unknown format {format!r}; {nearest(format, (PAGE, *FORMATS))}", parameter="format")
        return export_runs(_ensemble_of(atlas), Path(out), format, runs=runs, overwrite=overwrite, progress=progress)
    if runs is not None:
        raise UsageError("a page shows all runs; choose another format to write some", parameter="format")
    require("explore")
    from morphoscope.atlas import open_atlas
    from morphoscope.web.packing import export_atlas

    return export_atlas(open_atlas(atlas, progress=progress), Path(out), overwrite=overwrite)


def _ensemble_of(atlas: PathLike | Ensemble | Atlas) -> Ensemble:
    """The ensemble itself, or that of an atlas."""
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble
    from morphoscope.ensembles.store import LEDGER_FILE

    if isinstance(atlas, Ensemble):
        return atlas
    if not isinstance(atlas, Atlas):
        if (Path(atlas) / LEDGER_FILE).is_file():
            return Ensemble(atlas)
        atlas = Atlas(atlas)
    if atlas.ensemble is None:
        raise DataError(f"{atlas.folder} has no stored runs beside it; export an ensemble of its plan")
    return atlas.ensemble
