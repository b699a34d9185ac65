"""The descriptors of an ensemble, kept beside its arrays as Zarr variables over the runs."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.descriptors.measure import measure
from morphoscope.descriptors.table import BY_NAME, METHOD, names_beside
from morphoscope.ensembles.magnitude import homogeneity_scale

if TYPE_CHECKING:
    from morphoscope.ensembles.plan import Plan
    from morphoscope.ensembles.store import Ensemble

KEEP_SECONDS = 5.0  # the longest that measured runs wait until they are kept
Columns = dict[str, NDArray[np.float64]]


def names_for(plan: Plan) -> tuple[str, ...]:
    """The descriptors that a plan's runs get: all but those whose name a species or a parameter has."""
    return names_beside({*plan.model.species, *plan.model.parameters})


def measure_runs(
    plan: Plan, runs: Sequence[int], read: Callable[[int], NDArray[np.floating]], workers: int | None = None
) -> Iterator[dict[str, float]]:
    """The descriptors of a plan's runs in turn, by threads; ``read`` gives a run's frames (time, y, x)."""
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


def stored(ensemble: Ensemble) -> Columns:
    """The descriptors that are kept in an ensemble, by name, one number a run; nothing where none are.

    NaN where one is undefined, and throughout for runs that were not described.
    """
    import zarr

    group = zarr.open_group(ensemble.data_folder, mode="r")
    arrays = {name: group.get(name) for name in names_for(ensemble.plan)}
    if any(array is None or array.attrs.get("method") != METHOD for array in arrays.values()):
        return {}
    return {name: np.asarray(array[:], dtype=np.float64) for name, array in arrays.items() if array is not None}


def undescribed(columns: Columns, runs: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of some runs that no descriptor says anything of."""
    if not columns:
        return runs
    known = np.any([np.isfinite(column) for column in columns.values()], axis=0)
    return runs[~known[runs]]


def describe_ensemble(ensemble: Ensemble, *, workers: int | None = None, progress: Reporter = SILENT) -> Columns:
    """Measure the finished runs that have no descriptors yet, keep them, and return all of them by name.

    They are of the first recorded species. Interrupting loses a few seconds' work; calling again continues.
    Raises DataError where the ensemble can't be written.
    """
    columns = stored(ensemble) or {n: np.full(len(ensemble.plan.runs), np.nan) for n in names_for(ensemble.plan)}
    runs = ensemble.usable()
    pending = undescribed(columns, runs).tolist()
    if not pending:
        return columns
    frames = ensemble.arrays()[ensemble.plan.record[0]]
    last = time.monotonic()
    with progress.task("describe", len(runs), "runs", len(runs) - len(pending)) as task:
        try:
            found = measure_runs(ensemble.plan, pending, lambda run: np.asarray(frames[run]), workers)
            for run, values in zip(pending, found, strict=True):
                for name, column in columns.items():
                    column[run] = values[name]
                task.advance(1)
                if time.monotonic() - last > KEEP_SECONDS:
                    _keep(ensemble, columns)
                    last = time.monotonic()
        finally:
            _keep(ensemble, columns)
    return columns


def _keep(ensemble: Ensemble, columns: Columns) -> None:
    import zarr

    try:
        group: Any = zarr.open_group(ensemble.data_folder, mode="r+")
        for name, column in columns.items():
            group.create_array(
                name,
                data=column,
                chunks=column.shape,
                fill_value=float("nan"),
                dimension_names=("run",),
                attributes={"units": BY_NAME[name].unit, "long_name": BY_NAME[name].meaning, "method": METHOD},
                overwrite=True,
            )
    except OSError as error:
        raise DataError(f"{ensemble.folder} can't be written ({error}); expected an ensemble of your own") from error
