"""Compute the descriptors of the runs of an ensemble, and store them with the arrays."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.locking import folder_lock
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import writing
from morphoscope.descriptors.measure import measure
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.store import Ensemble
from morphoscope.ensembles.stored_descriptors import Columns, names_for, undescribed, write_descriptors

WRITE_SECONDS = 5.0  # the longest time for which computed descriptors are not yet written


def measure_runs(
    plan: Plan, runs: Sequence[int], read: Callable[[int], NDArray[np.floating]], workers: int | None = None
) -> Iterator[dict[str, float]]:
    """The descriptors of some runs of a plan, in order; threads compute them. ``read(run)``: frames (time, y, x)."""
    if workers is not None and workers < 1:
        raise UsageError(f"workers={workers}; use 1 or more")
    periodic = (plan.grid.along("y") == "periodic", plan.grid.along("x") == "periodic")

    magnitude = homogeneity_scale(plan)

    def work(run: int) -> dict[str, float]:
        frames, spacing = read(run), plan.grid.spacing
        return measure(frames, times=plan.times, spacing=spacing, periodic=periodic, magnitude=magnitude)

    pool = concurrent.futures.ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="describe")
    with contextlib.ExitStack() as stack:
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        yield from pool.map(work, runs)


def describe_ensemble(ensemble: Ensemble, *, workers: int | None = None, progress: Reporter = SILENT) -> Columns:
    """Compute and store the descriptors of the finished runs that have none yet; return those of all runs by name.

    Descriptors are computed from the first recorded species. An interruption loses a few seconds of work; another call
    continues. Raises UsageError if the ensemble can't be written, or another process writes it.
    """
    columns = ensemble.descriptors() or {n: np.full(len(ensemble.plan.runs), np.nan) for n in names_for(ensemble.plan)}
    runs = ensemble.usable()
    pending = undescribed(columns, runs).tolist()
    if not pending:
        return columns
    with writing(ensemble.folder), folder_lock(ensemble.folder, "measuring descriptors"):
        _describe(ensemble, columns, len(runs), pending, workers, progress)
    return columns


def _describe(
    ensemble: Ensemble, columns: Columns, total: int, pending: list[int], workers: int | None, progress: Reporter
) -> None:
    """Compute the descriptors of the pending runs into the columns, and write these from time to time."""
    last = time.monotonic()
    with progress.task("describe", total, "runs", total - len(pending)) as task:
        try:
            found = measure_runs(ensemble.plan, pending, lambda run: ensemble.frames(np.array([run]))[0], workers)
            for run, values in zip(pending, found, strict=True):
                for name, column in columns.items():
                    column[run] = values[name]
                task.advance(1)
                if time.monotonic() - last > WRITE_SECONDS:
                    write_descriptors(ensemble.data_folder, columns)
                    last = time.monotonic()
        finally:
            write_descriptors(ensemble.data_folder, columns)
