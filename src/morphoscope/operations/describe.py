"""Compute the descriptors of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import AUTO, Reporter
from morphoscope.operations.clusters import cluster_runner

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.descriptor_table import DescriptorTable
    from morphoscope.ensembles import Ensemble
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.ensembles.runners.clusters import Client
    from morphoscope.ensembles.simulation import Simulation

PathLike = str | Path
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".mat", ".npy")


def describe(
    data: PathLike | Ensemble | Atlas | Simulation,
    *,
    patterns: bool | None = None,
    scale: float | str | None = None,
    size: Sequence[int] | None = None,
    preparation: Preparation | None = None,
    csv: PathLike | None = None,
    workers: int | None = None,
    cluster: str | Client | None = None,
    progress: Reporter = AUTO,
) -> DescriptorTable:
    """Compute the descriptors of the runs of an ensemble or an atlas, of a single run, or of a picture.

    Those of ensembles and atlases are stored with the runs and not computed again. After an interruption, another call
    continues. The measures of patterns are not stored: kind, wavelength with its standard error, orientation, defects,
    spots, hexagonal order, Minkowski functionals, see :data:`morphoscope.descriptors.patterns.MEASURES`.

    Parameters
    ----------
    data
        An ensemble or an atlas, its folder, or the name of a shipped atlas; a run or its folder; or a picture or array
        in a file that can be imported, which is prepared first, see :func:`morphoscope.prepare`.
    patterns
        Whether to measure patterns. Default: of pictures, single runs and imported ensembles.
    scale, size, preparation
        Of a picture: the side of a pixel, width and height of a picture that is stored as one column, and the
        settings. As in :func:`morphoscope.prepare`.
    csv
        File to write as well: a table with one row for each run.
    workers
        Number of threads; by default one for each core.
    cluster
        Let the workers of a Dask cluster compute the descriptors, see :func:`morphoscope.ensemble`. This process stores
        them.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    DescriptorTable
        ``columns``: the descriptors by name, one number for each run, NaN if undefined. Their definitions are in
        :data:`morphoscope.descriptors.DESCRIPTORS`.

    Raises
    ------
    UsageError
        If the name ``csv`` does not end with .csv, ``workers`` is below 1, or the cluster is lost.
    DataError
        If ``data`` is neither an ensemble nor an atlas, or can't be written.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 3)}, size=(48, 48), until=60)
    >>> ensemble = morphoscope.ensemble(plan, "scan")
    >>> table = morphoscope.describe(ensemble, csv="descriptors.csv")
    >>> table.columns["mean"].shape
    (3,)
    """
    from morphoscope.atlas.descriptor_table import check_table_path, describe_any, describe_run
    from morphoscope.ensembles.run_folder import is_run_folder, load_run
    from morphoscope.ensembles.simulation import Simulation

    if csv is not None:
        check_table_path(Path(csv))
    picture = isinstance(data, str | Path) and (Path(data).is_file() or Path(data).suffix.lower() in _PICTURES)
    if not picture and (scale, size, preparation) != (None, None, None):
        raise UsageError("scale, size and preparation are of pictures, and the data are none; leave them out")
    if picture:
        found = _of_picture(Path(str(data)), scale, size, preparation, progress)
    elif isinstance(data, Simulation):
        found = describe_run(data, patterns=patterns)
    elif isinstance(data, str | Path) and is_run_folder(Path(data)):
        found = describe_run(load_run(data), patterns=patterns)
    else:
        with cluster_runner(cluster, progress, workers) as runner:
            found = describe_any(data, workers=workers, cluster=runner, patterns=patterns, progress=progress)
    if csv is not None:
        found.save(Path(csv))
    return found


def _of_picture(
    path: Path,
    scale: float | str | None,
    size: Sequence[int] | None,
    preparation: Preparation | None,
    progress: Reporter,
) -> DescriptorTable:
    from morphoscope.atlas.descriptor_table import describe_pictures
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.ensembles.photographs.sources import Picture, Pictures
    from morphoscope.operations.import_patterns import scale_of, wanted_of

    wanted = wanted_of(None, None, size, None)
    picture = Picture(path, preparation or Preparation(), wanted, *scale_of(scale))
    return describe_pictures(Pictures([picture]), progress)
