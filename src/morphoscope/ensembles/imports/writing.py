"""Write imported runs as an ensemble, one shard after the other; an interrupted import is continued."""

from __future__ import annotations

import bisect
import contextlib
import itertools
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.interruption import Request, ending_on_request
from morphoscope.core.locking import folder_lock
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.provenance import versions
from morphoscope.core.storage import is_vacant, make_parent, writing
from morphoscope.ensembles.imports.source import Source, foreign
from morphoscope.ensembles.ledger import PENDING, Entry
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.store import LEDGER_FILE, PLAN_FILE, Ensemble, Stored
from morphoscope.ensembles.verification import damaged_runs

ENGINE = "import"  # in the provenance of an ensemble
_COMMIT_SECONDS = 2.0  # the longest time for which imported runs are not yet in the ledger


def write_runs(plan: Plan, sources: Sequence[Source], folder: Path, progress: Reporter = SILENT) -> Ensemble:
    """Write the runs of the sources, in their order, to the ensemble of a plan.

    Runs that the folder has already, from an import that was interrupted, are kept; damaged ones are written again. If
    a source can't be read, a folder that was new is removed. Raises UsageError, and Interrupted after a signal.
    """
    new = is_vacant(folder)
    make_parent(folder)
    with ending_on_request() as request:
        try:
            with writing(folder), folder_lock(folder, "importing"):
                ensemble = Ensemble.create(plan, folder)
                ensemble.check_engine(ENGINE)
                ensemble.discard(damaged_runs(ensemble), progress)
                ensemble.save_provenance({"engine": ENGINE, "plan_hash": plan.hash, **versions()})
                _write_pending(ensemble, sources, request, progress)
        except UsageError:
            if new:
                _remove(folder)
            raise
        done = int(np.count_nonzero(ensemble.states()))
        request.raise_if_set(f"{folder}: {done} of {len(plan.runs)} runs are imported")
    return ensemble


def _remove(folder: Path) -> None:
    """Remove a folder in which an ensemble was begun."""
    ours = {PLAN_FILE, LEDGER_FILE, "provenance.json"}
    if folder.is_dir() and (is_vacant(folder) or any((folder / name).exists() for name in ours)):
        shutil.rmtree(folder, ignore_errors=True)


def _write_pending(ensemble: Ensemble, sources: Sequence[Source], request: Request, progress: Reporter) -> None:
    """Read and write the runs that are not done, until the end is requested."""
    states = ensemble.states()
    shards, starts = ensemble.shards(writable=True), list(itertools.accumulate((s.runs for s in sources), initial=0))
    pending: list[Stored] = []
    last = time.monotonic()
    with (
        progress.task("import", len(states), "runs", int(np.count_nonzero(states))) as task,
        _committing(ensemble, pending),
    ):
        for shard, members in shards.of_runs(np.flatnonzero(states == PENDING)):
            kept = [run for run in shards.runs(shard) if states[run] != PENDING]
            values, _ = shards.read(shard, kept) if kept else (shards.empty(shard), [])
            entries = []
            for run in members:
                if request.event.is_set():
                    break
                begin = time.perf_counter()
                _fill(ensemble.plan, sources, starts, run, values, run - shards.runs(shard)[0])
                entries.append(Entry(run, "done", None, 0, time.perf_counter() - begin))
                task.advance(1)
            if entries:
                shards.write(shard, values)
                pending.append(Stored(shard, shards.sizes(shard) or 0, tuple(entries)))
            del values
            if request.event.is_set():
                return
            if time.monotonic() - last > _COMMIT_SECONDS:
                ensemble.commit(pending)
                pending.clear()
                last = time.monotonic()


@contextlib.contextmanager
def _committing(ensemble: Ensemble, pending: list[Stored]) -> Iterator[None]:
    """Commit what is written at the end, whatever ends it."""
    try:
        yield
    finally:
        ensemble.commit(pending)


def _fill(
    plan: Plan,
    sources: Sequence[Source],
    starts: Sequence[int],
    run: int,
    values: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]],
    position: int,
) -> None:
    """Read a run into its place among the values of its shard."""
    number = bisect.bisect_right(starts, run) - 1
    source = sources[number]
    with foreign(source.name, "the runs that its header describes"):
        fields = source.read(run - starts[number])
        for species, field in zip(plan.record, source.fields, strict=True):
            if fields[field].shape != (len(plan.times), *plan.grid.shape):
                raise DataError(f"{source.name} was changed while it was read; import it again")
            values[species][position] = fields[field]
