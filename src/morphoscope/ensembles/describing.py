"""Compute the descriptors of the runs of an ensemble, and store them with the arrays."""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.locking import folder_lock
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import writing
from morphoscope.descriptors.measure import measure
from morphoscope.ensembles.done_runs import DoneRuns
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.runners.base import Cluster, batches_of
from morphoscope.ensembles.store import Ensemble
from morphoscope.ensembles.stored_descriptors import Columns, names_for, undescribed, write_descriptors

WRITE_SECONDS = 5.0  # the longest time for which computed descriptors are not yet written
BATCH = 16  # runs that a worker of a cluster measures at a time: some tenths of a second


Measured = dict[str, float]  # a descriptor's name → its number for a run; NaN if undefined
Opened = tuple[Plan, Callable[[int], NDArray[np.floating]]]  # a plan, and what reads the frames of a run


def meter(plan: Plan) -> Callable[[NDArray[np.floating]], Measured]:
    """What computes the descriptors of a run of a plan from its frames, (time, y, x)."""
    periodic = (plan.grid.along("y") == "periodic", plan.grid.along("x") == "periodic")
    return functools.partial(
        measure, times=plan.times, spacing=plan.grid.spacing, periodic=periodic, magnitude=homogeneity_scale(plan)
    )


def measure_runs(
    plan: Plan, runs: Sequence[int], read: Callable[[int], NDArray[np.floating]], workers: int | None = None
) -> Iterator[Measured]:
    """The descriptors of some runs of a plan, in order; threads compute them. ``read(run)``: frames (time, y, x)."""
    if workers is not None and workers < 1:
        raise UsageError(f"workers={workers}; use 1 or more")
    descriptors = meter(plan)
    pool = concurrent.futures.ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="describe")
    with contextlib.ExitStack() as stack:
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        yield from pool.map(lambda run: descriptors(read(run)), runs)


def measure_on(
    cluster: Cluster, folder: Path, runs: Sequence[int], open: Callable[[str], Opened] | None = None
) -> Iterator[tuple[int, Measured]]:
    """Some runs with their descriptors, which workers of a cluster compute; in any order.

    Parameters
    ----------
    cluster
        The cluster.
    folder
        The folder of an ensemble, or what ``open`` opens.
    runs
        The runs; they are done.
    open
        ``open(folder)`` returns the plan, and a function that returns the frames (time, y, x) of a run.
    """
    batches = batches_of(runs, BATCH)
    for batch, found in cluster.compute(folder, _open_meter, (open or _open_ensemble,), _measure_batch, batches):
        yield from zip(batch.runs, found, strict=True)


def _open_ensemble(folder: str) -> Opened:
    done = DoneRuns.open(folder)
    return done.plan, lambda run: done.frames([run])[0]


def _open_meter(folder: str, open: Callable[[str], Opened]) -> tuple[Callable[[int], Any], Callable[[Any], Measured]]:
    plan, read = open(folder)
    return read, meter(plan)


def _measure_batch(
    opened: tuple[Callable[[int], Any], Callable[[Any], Measured]], runs: tuple[int, ...]
) -> list[Measured]:
    read, descriptors = opened
    return [descriptors(read(run)) for run in runs]


def describe_ensemble(
    ensemble: Ensemble,
    *,
    workers: int | None = None,
    cluster: Cluster | None = None,
    progress: Reporter = SILENT,
) -> Columns:
    """Compute and store the descriptors of the finished runs that have none yet; return those of all runs by name.

    Descriptors are computed from the first recorded species, by threads or by a cluster. An interruption loses a few
    seconds of work; another call continues. Raises UsageError if the ensemble can't be written, or another process
    writes it.
    """
    columns = ensemble.descriptors() or {n: np.full(len(ensemble.plan.runs), np.nan) for n in names_for(ensemble.plan)}
    runs = ensemble.usable()
    pending = undescribed(columns, runs).tolist()
    if not pending:
        return columns
    with writing(ensemble.folder), folder_lock(ensemble.folder, "measuring descriptors"):
        if cluster is None:
            found = measure_runs(ensemble.plan, pending, lambda run: ensemble.frames(np.array([run]))[0], workers)
            measured: Iterator[tuple[int, Measured]] = zip(pending, found, strict=True)
        else:
            measured = measure_on(cluster, ensemble.folder, pending)
        with progress.task("describe", len(runs), "runs", len(runs) - len(pending)) as task:
            _store(ensemble, columns, measured, task.advance)
    return columns


def _store(
    ensemble: Ensemble, columns: Columns, measured: Iterator[tuple[int, Measured]], advance: Callable[[int], None]
) -> None:
    """Put measured descriptors into the columns, and write these from time to time."""
    last = time.monotonic()
    try:
        for run, values in measured:
            for name, column in columns.items():
                column[run] = values[name]
            advance(1)
            if time.monotonic() - last > WRITE_SECONDS:
                write_descriptors(ensemble.place, columns)
                last = time.monotonic()
    finally:
        write_descriptors(ensemble.place, columns)
