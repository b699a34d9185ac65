"""The argument ``cluster`` of operations: a text or a client of Dask."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError
from morphoscope.core.extras import require

if TYPE_CHECKING:
    from morphoscope.core.progress import Reporter
    from morphoscope.ensembles.runners.clusters import Client
    from morphoscope.ensembles.runners.dask import DaskRunner


def cluster_runner(
    cluster: str | Client | None, progress: Reporter, workers: int | None = None
) -> contextlib.AbstractContextManager[DaskRunner | None]:
    """The runner of a cluster, which starts when it is first used; None for this process.

    Raises UsageError for what names no cluster, and if ``workers`` is given as well.
    """
    check_arguments(cluster, workers)
    if cluster is None:
        return contextlib.nullcontext()
    from morphoscope.ensembles.runners.dask import DaskRunner

    return DaskRunner(cluster, progress)


def check_arguments(cluster: str | Client | None, workers: int | None) -> None:
    """Raise UsageError for what names no cluster, and for a cluster together with ``workers``."""
    if cluster is None:
        return
    if workers is not None:
        raise UsageError("workers counts threads of this process, which leaves the work to the cluster; leave it out")
    require("cluster")
    from morphoscope.ensembles.runners.clusters import check_cluster

    check_cluster(cluster)
