"""Repeat a published study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter
from morphoscope.core.registry import Registry
from morphoscope.operations.clusters import check_arguments

if TYPE_CHECKING:
    from morphoscope.ensembles.runners.clusters import Client
    from morphoscope.workflows.scholz2022 import Reproduction

#: The function that repeats each published study.
STUDIES: Registry[Callable[..., Reproduction]] = Registry("study")
STUDIES.add_code("scholz2022", "morphoscope.workflows.scholz2022:reproduce_scholz2022")


def reproduce(
    study: str,
    out: str | Path,
    *,
    profile: str = "quick",
    network: str = "periodic-2d",
    seed: int = 0,
    second_pass: bool = False,
    time_axis: bool = False,
    workers: int | None = None,
    cluster: str | Client | None = None,
    progress: Reporter = AUTO,
) -> Reproduction:
    """Repeat a published study stage by stage and write its report; an interrupted one is continued.

    Parameters
    ----------
    study : str
        Name of the study: ``scholz2022``.
    out : str or Path
        Folder for data, classifiers, atlases and report.
    profile : str
        ``quick`` simulates fewer runs, ``paper`` all of them.
    network : str
        Network to train: ``periodic-2d`` or ``scholz2022-2d``.
    seed : int
        Seed of the training.
    second_pass : bool
        Whether to run the second pass, too: its training set has class π, and its classifier reads the same scan. The
        folder may already contain the first pass.
    time_axis : bool
        Whether to use the time axis, too: the same labelled sets with ten frames, 400 time units apart, the 3D network
        of the paper and ``sequence-2d`` on them, and the paper's 2D network for as many epochs as the 3D one.
    workers : int, optional
        Number of threads. Default: one per core.
    cluster : str or distributed.Client, optional
        Simulate and read on a Dask cluster instead of in this process, see :func:`morphoscope.ensemble`. A cluster that
        is named by a text is connected, or started, for each stage that needs it. This process trains the networks.
    progress : Reporter
        Shows progress. Default: bars in a notebook, nothing in a script.

    Returns
    -------
    Reproduction
        Evaluations, times of the stages, and the path of the report.

    Raises
    ------
    UsageError
        If the study, the profile or the network is unknown, or the folder contains other files; and if the
        cluster is lost.

    Examples
    --------
    >>> import morphoscope
    >>> done = morphoscope.reproduce("scholz2022", "results")  # doctest: +SKIP
    >>> done.report.name  # doctest: +SKIP
    'report.html'
    """
    require("learn")
    check_arguments(cluster, workers)
    return STUDIES.get(study)(
        Path(out),
        profile=profile,
        network=network,
        seed=seed,
        second_pass=second_pass,
        time_axis=time_axis,
        workers=workers,
        cluster=cluster,
        progress=progress,
    )
