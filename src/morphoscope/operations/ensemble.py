"""Simulate many runs: a recipe, a plan file, or a scan of any model."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter
from morphoscope.operations.clusters import cluster_runner

if TYPE_CHECKING:
    from morphoscope.engines.initial import InitialCondition
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.ensembles.runners.clusters import Client
    from morphoscope.models import Model

PathLike = str | Path
Number = float | str


def ensemble(
    recipe: PathLike | Plan,
    out: PathLike,
    *,
    workers: int | None = None,
    cluster: str | Client | None = None,
    frames: int = 3,
    limit: int | None = None,
    plan_only: bool = False,
    engine: str = "cpu",
    storage: str | None = None,
    store: str | None = None,
    progress: Reporter = AUTO,
) -> Ensemble:
    """Simulate all runs of a plan into a folder; an interrupted ensemble is continued.

    Parameters
    ----------
    recipe
        A plan, as from :func:`scan_plan`; a plan file (.json); or the name of a recipe.
    out
        Folder to write, or to continue.
    workers
        Number of threads, each of which simulates one run at a time. Default: one per core.
    cluster
        Simulate on a Dask cluster instead of in threads: ``tcp://HOST:PORT`` (a running scheduler),
        ``local:PROCESSES`` (processes of this machine), ``slurm:PROFILE.yaml`` (Slurm jobs; options of
        dask-jobqueue's SLURMCluster), or a ``distributed.Client``. The workers must see ``out`` under the same path. A
        script that uses ``local`` must protect its code with ``if __name__ == "__main__":``.
    frames
        Snapshots of each run, 3 or 10; for recipes only.
    limit
        Simulate only this number of runs, spread evenly over the plan.
    plan_only
        Whether to create the ensemble and simulate nothing yet, as for :func:`scan` with ``adaptive``.
    engine
        ``cpu``, or ``reference`` (NumPy, float64, slow).
    storage
        How the arrays are stored: ``float32`` (compressed, exact; the default), ``uncompressed``, or ``float16``
        (rounded to 11 bits).
    store
        Object store for the arrays of a new ensemble, ``s3://BUCKET/PREFIX``; everything else is in ``out``, which
        remembers the address. Credentials, region and endpoint come from the ``AWS_…`` environment variables. Default:
        the arrays are in ``out``, too.
    progress
        Reporter of progress. Default: a bar in notebooks only.

    Returns
    -------
    Ensemble
        The ensemble; its ``dataset()`` returns the snapshots.

    Raises
    ------
    UsageError
        For a folder that contains other files or another plan, or that another process writes, for a plan that can't
        be run, and if the cluster is lost.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 2)}, size=48, until=10)
    >>> morphoscope.ensemble(plan, "scan").status()
    ['done', 'done']
    """
    from morphoscope.ensembles import carry_out

    if store is not None:
        require("objects")
    plan = plan_of(recipe, frames)
    if limit is not None:
        plan = plan.limited(limit)
    with cluster_runner(cluster, progress, workers) as runner:
        return carry_out(
            plan,
            out,
            only=() if plan_only else None,
            workers=workers,
            engine=engine,
            storage=storage,
            store=store,
            runner=runner,
            progress=progress,
        )


def plan_of(recipe: PathLike | Plan, frames: int = 3) -> Plan:
    """A plan that is given as itself, as a plan file (.json), or by the name of a recipe."""
    from morphoscope.ensembles import Plan
    from morphoscope.ensembles import recipe as named_recipe

    if isinstance(recipe, Plan):
        return recipe
    return Plan.load(Path(recipe)) if str(recipe).endswith(".json") else named_recipe(str(recipe), frames)


def scan_plan(
    model: str | Model,
    parameters: Mapping[str, Any] | None = None,
    *,
    grid: Mapping[str, Sequence[float]] | None = None,
    sample: str | None = None,
    ranges: Mapping[str, Sequence[float]] | None = None,
    points: PathLike | Iterable[Mapping[str, Any]] | None = None,
    replicates: int = 1,
    size: int | Sequence[int] | None = None,
    until: Number | None = None,
    dt: Number | None = None,
    spacing: Number | None = None,
    stencil: int = 9,
    boundary: str = "periodic",
    times: Number | Iterable[Number] | None = None,
    initial: PathLike | InitialCondition | Sequence[PathLike | InitialCondition] | None = None,
    integrator: str | None = None,
    noise: Number | Mapping[str, Number] | None = None,
    double: bool = False,
    seed: int = 0,
    record: Sequence[str] | None = None,
) -> Plan:
    """Plan a scan of any model, for :func:`ensemble`.

    The points come from one of ``grid``, ``sample`` and ``points``; without any of them there is one point.

    Parameters
    ----------
    model
        A model, the name of a built-in one, or a file (.toml).
    parameters
        Values that are the same in all runs, as in :func:`simulate`.
    grid
        A lattice: name → (low, high, number of points), both ends included.
    sample
        ``lhs:N`` (Latin hypercube) or ``sobol:N`` points in the box of ``ranges``.
    ranges
        Name → (low, high), for ``sample``.
    points
        A CSV file, or mappings, with parameters and, optionally, ``class``, ``runs``, ``seed`` and ``initial``.
    replicates
        Runs at each point, each with its own seed.
    size, until, dt, spacing, stencil, boundary, times
        As in :func:`simulate`; a derived time step suits all points.
    initial
        Initial condition: a name with options, a file, or the folder of a run, whose last snapshot is used. Or several
        of them: all runs are repeated with each, with the same seeds.
    integrator, noise, double
        As in :func:`simulate`.
    seed
        Seed from which the seeds of the runs are derived.
    record
        Species to store; by default the first.

    Returns
    -------
    Plan
        One row per run.

    Raises
    ------
    UsageError
        For a plan that can't be run.

    Warns
    -----
    UserWarning
        When a time is visibly rounded to a multiple of the time step.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 3), "k": (0.05, 0.06, 2)}, until=100)
    >>> len(plan.runs), plan.grid.shape
    (6, (128, 128))
    """
    from morphoscope.engines.initial import InitialCondition
    from morphoscope.ensembles.run_folder import RUN_FILE, is_run_folder
    from morphoscope.ensembles.sampling import scan_plan as planned
    from morphoscope.ensembles.settings import Settings

    def state_of(one: PathLike | InitialCondition) -> str | InitialCondition:
        if isinstance(one, str | Path) and is_run_folder(Path(one)):
            return str(Path(one) / RUN_FILE)
        return str(one) if isinstance(one, Path) else one

    starts = [initial] if isinstance(initial, str | Path | InitialCondition) else initial
    settings = Settings.of(
        size=size,
        until=until,
        dt=dt,
        spacing=spacing,
        stencil=stencil,
        boundary=boundary,
        times=times,
        initial=None if starts is None else [state_of(one) for one in starts],
        integrator=integrator,
        noise=noise,
        double=double,
    )
    plan = planned(
        model,
        parameters,
        grid=grid,
        sample=sample,
        ranges=ranges,
        points=points,
        replicates=replicates,
        seed=seed,
        record=record,
        settings=settings,
    )
    if (rounded := settings.rounded(plan)) is not None:
        warnings.warn(rounded, UserWarning, stacklevel=2)
    return plan
