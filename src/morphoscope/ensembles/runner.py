"""Carry out a plan: threads simulate runs and write one chunk each; only the calling thread writes the ledger."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.provenance import versions
from morphoscope.core.storage import writing
from morphoscope.engines import Job, Result, get_engine
from morphoscope.engines.initial import stream
from morphoscope.engines.noise import NOISE_VERSION
from morphoscope.ensembles.ledger import Entry
from morphoscope.ensembles.plan import Plan, Run
from morphoscope.ensembles.store import Ensemble

COMMIT_SECONDS = 1.0  # the longest time for which finished runs are not yet in the ledger


def run_job(plan: Plan, run: Run, initial: NDArray[Any] | None = None) -> Job:
    """The engine's job for one row. It has its own random stream, so it does not depend on the other rows.

    ``initial``: initial state, (species, height, width); by default it is made from the plan's initial condition.
    """
    if initial is None:
        initial = plan.initial.state(plan.model, plan.grid.shape, stream(run.seed), run.parameters)
    return Job(
        plan.model,
        plan.grid,
        plan.dt,
        run.parameters,
        initial,
        plan.steps,
        integrator=plan.integrator,
        noise=dict(plan.noise),
        seed=run.seed,
        double=plan.double,
    )


def check_noise(plan: Plan) -> None:
    """Raise UsageError for a plan whose noise is of an older version: its runs can't be repeated or continued."""
    if plan.noise and plan.noise_version != NOISE_VERSION:
        raise UsageError(
            f"plan {plan.name!r} has noise of version {plan.noise_version}, whose random numbers this version does not "
            f"draw; set noise_version to {NOISE_VERSION} and simulate it into a new folder"
        )


def carry_out(
    plan: Plan,
    folder: str | Path,
    *,
    workers: int | None = None,
    engine: str = "cpu",
    progress: Reporter = SILENT,
) -> Ensemble:
    """Simulate the pending runs of a plan in ``folder`` and return the ensemble.

    An interruption loses no finished run. Another call continues, and the arrays end with the same bytes.
    Raises UsageError for a folder that contains other files or another plan.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"workers={workers}; use 1 or more")
    check_noise(plan)
    made_by = get_engine(engine)
    run_job(plan, plan.runs[0])  # a plan that can't start must not leave a folder
    ensemble = Ensemble.create(plan, folder)
    ensemble.save_provenance({"engine": made_by.name, "plan_hash": plan.hash, **versions()})
    pending = [i for i, s in enumerate(ensemble.status()) if s == "pending"]
    arrays = ensemble.arrays(writable=True)

    def work(index: int) -> Entry:
        begin = time.perf_counter()
        result = made_by.run(run_job(plan, plan.runs[index]))
        _write(arrays, ensemble.data_folder, plan, index, result)
        status = "done" if result.failed_at is None else "failed"
        seconds = time.perf_counter() - begin
        return Entry(index, status, result.failed_at, result.computed_steps, seconds)

    done = len(plan.runs) - len(pending)
    with progress.task(f"simulate {plan.name}", len(plan.runs), "runs", done) as task:
        waiting: list[Entry] = []
        last = time.monotonic()
        try:
            for entry in _parallel(work, pending, workers or os.cpu_count() or 1):
                waiting.append(entry)
                task.advance(1)
                if time.monotonic() - last > COMMIT_SECONDS:
                    ensemble.commit(waiting)
                    waiting, last = [], time.monotonic()
        finally:
            ensemble.commit(waiting)
    return ensemble


def repeat_runs(plan: Plan, runs: Iterable[int], *, engine: str = "cpu") -> NDArray[np.float32]:
    """Simulate some of a plan's runs again, on all cores: snapshots (run, time, y, x) of its first recorded species."""
    check_noise(plan)
    made_by = get_engine(engine)
    species = plan.model.species.index(plan.record[0])

    def work(index: int) -> NDArray[np.float32]:
        result = made_by.run(run_job(plan, plan.runs[index]))
        return np.asarray(result.snapshots[:, species], dtype=np.float32)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        repeated = list(pool.map(work, (int(run) for run in runs)))
    return np.stack(repeated) if repeated else np.zeros((0, len(plan.times), *plan.grid.shape), np.float32)


def _write(arrays: dict[str, Any], folder: Path, plan: Plan, index: int, result: Result) -> None:
    for species, array in arrays.items():
        position = plan.model.species.index(species)
        with writing(folder / species):
            array[index] = np.asarray(result.snapshots[:, position], dtype=np.float32)


def _parallel(work: Any, items: list[int], workers: int) -> Iterator[Entry]:
    """Results in order of completion. On an interruption, runs in progress finish, and the others are cancelled."""
    pool = concurrent.futures.ThreadPoolExecutor(workers, thread_name_prefix="run")
    with contextlib.ExitStack() as stack:
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        futures = [pool.submit(work, item) for item in items]
        for future in concurrent.futures.as_completed(futures):
            yield future.result()
