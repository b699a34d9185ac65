"""Compute the descriptors of runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.progress import AUTO, Reporter
from morphoscope.operations.clusters import cluster_runner

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.descriptor_table import DescriptorTable
    from morphoscope.ensembles import Ensemble
    from morphoscope.ensembles.runners.clusters import Client

PathLike = str | Path


def describe(
    data: PathLike | Ensemble | Atlas,
    *,
    csv: PathLike | None = None,
    workers: int | None = None,
    cluster: str | Client | None = None,
    progress: Reporter = AUTO,
) -> DescriptorTable:
    """Compute the descriptors of the runs of an ensemble or an atlas.

    They are stored with the runs and not computed again. After an interruption, another call continues.

    Parameters
    ----------
    data
        An ensemble or an atlas, its folder, or the name of a shipped atlas.
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
    from morphoscope.atlas.descriptor_table import check_table_path, describe_any

    if csv is not None:
        check_table_path(Path(csv))
    with cluster_runner(cluster, progress, workers) as runner:
        found = describe_any(data, workers=workers, cluster=runner, progress=progress)
    if csv is not None:
        found.save(Path(csv))
    return found
