"""Read an ensemble over a parameter space into an atlas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.progress import AUTO, Reporter
from morphoscope.operations.clusters import cluster_runner

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.ensembles.runners.clusters import Client
    from morphoscope.learning.classifier import Classifier

PathLike = str | Path


def scan(
    classifier: PathLike | Classifier,
    data: PathLike | Ensemble | Plan,
    out: PathLike,
    *,
    over_time: bool = False,
    adaptive: bool = False,
    budget: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    overwrite: bool = False,
    cluster: str | Client | None = None,
    progress: Reporter = AUTO,
) -> Atlas:
    """Read every finished run of an ensemble, compute its descriptors, and write an atlas.

    Theory determines the class of homogeneous runs, and the network reads the others, as in
    :func:`morphoscope.classify`.

    Parameters
    ----------
    classifier
        A classifier, its folder, or the name of a shipped one.
    data
        An ensemble or its folder. With ``adaptive`` also a plan, a plan file (.json), or the name of a recipe.
    out
        The folder of the atlas. Its table ``points.csv`` has one row per run: parameters, seed, class, probability,
        margin, what determined the class (``read_by``: theory, variance or network), descriptors.
    over_time
        Whether to also read every run at its earlier snapshots. Then the atlas has the variable ``settled``, the time
        from which on the reading of a run does not change any more. The ensemble needs snapshots at several times, with
        the intervals that the classifier reads.
    adaptive
        Simulate ``budget`` runs of the plan, chosen where classes border, and infer the classes of all others from
        them. The runs are in the ensemble, or in the folder OUT-runs if ``data`` is a plan. The same call continues an
        interrupted one. In ``points.csv``, ``read_by`` is ``inferred`` for points that were not simulated.
    budget
        Number of runs to simulate, with ``adaptive``; those that are done already count.
    seed
        Seed of the first choice of points, with ``adaptive``.
    workers
        Threads that simulate, with ``adaptive``; by default one per core.
    overwrite
        Whether to replace an earlier atlas in ``out``.
    cluster
        Let the workers of a Dask cluster read the runs, see :func:`morphoscope.ensemble`; they must see the ensemble
        and the classifier under the same paths. This process writes the atlas.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Atlas
        The atlas that was written.

    Raises
    ------
    UsageError
        If no run is done, if the runs lack the species or the times that the classifier reads, if they can be read at
        one time only and ``over_time`` is requested, or if ``out`` contains other files; and if the cluster is lost.
        With ``adaptive``, for a budget that is not from 1 to the number of runs, and for a plan with several initial
        conditions or without a parameter that varies.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("gray-scott", {"f": 0.05}, grid={"k": (0.07, 0.075, 2)}, size=(40, 40), until=500)
    >>> ensemble = morphoscope.ensemble(plan, "scan")
    >>> atlas = morphoscope.scan("gray-scott-second-pass", ensemble, "atlas")
    >>> atlas.reading.names, atlas.read_by.tolist()
    (['H', 'H'], ['theory', 'theory'])
    """
    from morphoscope.atlas import read_ensemble
    from morphoscope.core.errors import UsageError
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.learning.classifier import open_classifier

    if adaptive and over_time:
        raise UsageError("an adaptive scan reads runs at one time only; leave out one of both", parameter="over_time")
    if adaptive:
        from morphoscope.operations.adaptive import scan_adaptively

        return scan_adaptively(
            classifier,
            data,
            out,
            budget=budget,
            seed=seed,
            workers=workers,
            overwrite=overwrite,
            cluster=cluster,
            progress=progress,
        )
    if budget is not None or workers is not None:
        raise UsageError("a budget and workers are for adaptive scans", parameter="adaptive")
    if isinstance(data, Plan):
        raise UsageError("a plan has no runs to read; simulate it first, or scan adaptively", parameter="adaptive")
    trained = open_classifier(classifier)
    source = data if isinstance(data, Ensemble) else Ensemble(data)
    with cluster_runner(cluster, progress) as runner:
        return read_ensemble(
            trained, source, out, over_time=over_time, overwrite=overwrite, cluster=runner, progress=progress
        )
