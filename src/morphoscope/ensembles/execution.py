"""Carry out a plan: a runner simulates runs and writes shards; only the calling thread writes the ledger."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.interruption import Request, ending_on_request
from morphoscope.core.locking import folder_lock
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.provenance import versions
from morphoscope.core.storage import make_parent, writing
from morphoscope.engines import get_engine
from morphoscope.ensembles.jobs import check_noise, run_job
from morphoscope.ensembles.ledger import DONE, PENDING
from morphoscope.ensembles.places import NO_CLUSTER
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.runners import Batch, Runner, Stored, ThreadRunner, Worker
from morphoscope.ensembles.shards import Shards
from morphoscope.ensembles.store import LEDGER_FILE, Ensemble
from morphoscope.ensembles.verification import damaged_runs

COMMIT_SECONDS = 1.0  # the longest time for which stored runs are not yet in the ledger


def carry_out(
    plan: Plan,
    folder: str | Path,
    *,
    workers: int | None = None,
    engine: str = "cpu",
    storage: str | None = None,
    store: str | None = None,
    runner: Runner | None = None,
    only: Sequence[int] | None = None,
    progress: Reporter = SILENT,
) -> Ensemble:
    """Simulate the pending runs of a plan in ``folder`` and return the ensemble.

    An interruption loses no finished run. Another call continues, and the arrays end with the same bytes. Runs whose
    data is damaged are simulated again.

    Parameters
    ----------
    plan
        The plan.
    folder
        A new folder, or one that holds a part of the same plan.
    workers
        Threads over runs; by default one per core.
    engine
        Name of the engine.
    storage
        How the arrays are stored, one of :data:`.STORAGES`; by default as they are already, or as ``float32``.
    store
        ``s3://BUCKET/PREFIX``, where a new ensemble's arrays are to be; by default in the folder.
    runner
        Simulates the runs; by default threads.
    only
        Runs to which this call is limited; all others stay pending. By default all.
    progress
        Shows how far the ensemble is.

    Returns
    -------
    Ensemble
        The ensemble.

    Raises
    ------
    UsageError
        For a folder that contains other files or another plan, or that another process writes.
    Interrupted
        After a signal, when all finished runs are stored and in the ledger.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"workers={workers}; use 1 or more")
    check_noise(plan)
    made_by = get_engine(engine)
    run_job(plan, plan.runs[0])  # a plan that can't start must not leave a folder
    folder = Path(folder)
    if runner is not None and store is not None:
        raise UsageError(NO_CLUSTER, parameter="store")
    make_parent(folder)
    with ending_on_request() as request, writing(folder), folder_lock(folder, "simulating"):
        new_ledger = not (folder / LEDGER_FILE).exists()
        ensemble = Ensemble.create(plan, folder, storage, store)
        if new_ledger and ensemble.shards().any_stored():  # a ledger is made before any run: somebody removed it
            progress.message(f"{ensemble.ledger.path} was missing, so no run counts as done; all are simulated again")
        if runner is not None and ensemble.place.remote:
            raise UsageError(NO_CLUSTER)
        provenance = {"engine": made_by.name, "plan_hash": plan.hash, **versions()}
        ensemble.check_engine(made_by.name)
        ensemble.discard(damaged_runs(ensemble, within=FULLY_VERIFIED), progress)
        wanted = np.ones(len(plan.runs), dtype=bool)
        if only is not None:
            wanted[:] = False
            wanted[list(only)] = True
        if np.any(wanted & (ensemble.states() == PENDING)):
            ensemble.save_provenance(provenance)
            shards = ensemble.shards(writable=True)
            worker = Worker(plan, made_by, shards, request.event)
            _continue(ensemble, runner or ThreadRunner(workers), worker, request, progress, wanted)
    return ensemble


#: Bytes up to which every chunk is verified when an ensemble is continued; of larger ones existence and size.
FULLY_VERIFIED = 1 << 30


def _continue(
    ensemble: Ensemble,
    runner: Runner,
    worker: Worker,
    request: Request,
    progress: Reporter,
    wanted: NDArray[np.bool_],
) -> None:
    plan, states = ensemble.plan, ensemble.states()
    total, before = int(wanted.sum()), int(np.count_nonzero(states[wanted]))
    if before and wanted.all():
        progress.message(f"{ensemble.folder}: {before} of {total} runs are done; continuing plan {plan.hash[:12]}")
    finished = before
    with progress.task(f"simulate {plan.name}", total, "runs", before) as task:

        def advance(count: int) -> None:
            nonlocal finished
            finished += count
            task.advance(count)

        try:
            _commit_all(ensemble, runner.run(worker, pending_batches(worker.shards, states, wanted), advance))
        except BaseException:
            with contextlib.suppress(UsageError):  # the first error is the one to be told
                ensemble.commit(runner.stop()[0])
            raise
        rest, failed = runner.stop()
        ensemble.commit(rest)
        if failed is not None:
            raise failed
    request.raise_if_set(f"{ensemble.folder}: {finished} of {total} runs are done")


def _commit_all(ensemble: Ensemble, stored: Iterator[Stored]) -> None:
    """Commit shards as they are stored, several at once."""
    waiting: list[Stored] = []
    last = time.monotonic()
    try:
        for shard in stored:
            waiting.append(shard)
            if time.monotonic() - last > COMMIT_SECONDS:
                taken, waiting, last = waiting, [], time.monotonic()
                ensemble.commit(taken)
    finally:
        ensemble.commit(waiting)


def pending_batches(
    shards: Shards, states: NDArray[np.uint8], wanted: NDArray[np.bool_] | None = None
) -> Iterator[Batch]:
    """The shards with pending runs, each made when it is needed; of those that are ``wanted``, by default all."""
    pending_runs = states == PENDING if wanted is None else wanted & (states == PENDING)
    for shard, pending in shards.of_runs(np.flatnonzero(pending_runs)):
        runs = shards.runs(shard)
        here = states[runs.start : runs.stop]
        kept = runs.start + np.flatnonzero(here == DONE)  # failed runs are simulated again: NaN tells nothing
        again = runs.start + np.flatnonzero((here != PENDING) & (here != DONE))
        yield Batch(shard, tuple(sorted([*pending, *again.tolist()])), tuple(kept.tolist()))


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
