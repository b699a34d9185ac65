"""What workers of a Dask cluster do: open the ensemble once, simulate batches on all cores, write whole shards."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from morphoscope.core.errors import UsageError
from morphoscope.core.provenance import __version__
from morphoscope.engines.processor import processor_kind
from morphoscope.ensembles.places import DATA_FOLDER
from morphoscope.ensembles.runners.alone import simulate_alone
from morphoscope.ensembles.runners.base import Batch, Outcome, Worker
from morphoscope.ensembles.shards import Values
from morphoscope.ensembles.store import Stored

#: How long a new file may take to appear on another computer: file systems such as NFS remember that it was not there.
VISIBLE_SECONDS = 10.0
_REPORT_SECONDS = 1.0  # the shortest time between two reports of progress by a worker


@dataclasses.dataclass(frozen=True)
class Source:
    """Where workers find the ensemble, and what they must agree with. It is all that is sent, once a batch.

    Parameters
    ----------
    folder
        The ensemble's folder, an absolute path.
    plan_hash
        The plan's hash.
    engine
        Name of the engine.
    call
        Names this call; the content of a file that shows that the folder is the same one.
    version
        The version of the package.
    """

    folder: str
    plan_hash: str
    engine: str
    call: str
    version: str = __version__

    @property
    def mark(self) -> Path:
        """The file whose content is ``call``. It goes like what an interrupted write leaves."""
        return Path(self.folder) / DATA_FOLDER / f".cluster-{self.call}.partial"

    @property
    def topic(self) -> str:
        """Of the events with which workers report progress."""
        return f"morphoscope-{self.call}"


@dataclasses.dataclass(frozen=True)
class Delivery:
    """What a worker returns for a batch.

    Parameters
    ----------
    stored
        The shard and its runs.
    values
        The values of a shard that is not complete because the end was requested. It is not written yet: a worker that
        was cut off might write it when others have completed it. So the coordinating process does.
    """

    stored: Stored
    values: Values | None


def probe(source: Any, check: Callable[[Any], None]) -> dict[str, Any]:
    """Whether this worker can do the work: host, and ``problem``, the line that ``check(source)`` raises, or None."""
    found: dict[str, Any] = {"host": socket.gethostname(), "problem": None}
    try:
        check(source)
    except UsageError as error:
        found["problem"] = str(error)
    return found


def check_version(version: str) -> None:
    """Raise UsageError if this worker has another version than the coordinating process."""
    if __version__ != version:
        raise UsageError(
            f"the worker on {socket.gethostname()} has morphoscope {__version__}, and this process {version}; install "
            "the same version everywhere"
        )


def check_worker(source: Source) -> None:
    """Raise UsageError if this worker has another version or does not see the folder of the coordinating process."""
    host = socket.gethostname()
    check_version(source.version)
    if not _appears(source):
        raise UsageError(
            f"the worker on {host} does not see {source.folder}; choose a folder on a file system that all computers "
            "of the cluster share"
        )
    test = source.mark.with_name(f".cluster-{source.call}-{host}-{os.getpid()}.partial")
    try:
        test.write_bytes(b"")
        test.unlink()
    except OSError as error:
        raise UsageError(
            f"the worker on {host} can't write {source.folder} ({error.strerror or error}); allow it to, or choose "
            "another folder"
        ) from error


def _appears(source: Source) -> bool:
    end = time.monotonic() + VISIBLE_SECONDS
    while True:
        with contextlib.suppress(OSError):
            if source.mark.read_text() == source.call:
                return True
        # Where not even the folder is, waiting does not help.
        if time.monotonic() > end or not source.mark.parent.is_dir():
            return False
        time.sleep(0.2)


def carry_out_batch(source: Source, batch: Batch, careful: bool) -> Delivery:
    """Simulate a batch on all threads of this worker and write its shard; the task that the scheduler hands out.

    Parameters
    ----------
    source
        The ensemble.
    batch
        The shard and its runs.
    careful
        Whether the runs are simulated in a process of their own, because one of them may end its process.
    """
    worker = _worker(source)
    batch, values = worker.begin(batch)
    report = _reporter(source, batch.shard)
    entries = []
    for outcome in _outcomes(source, worker, batch, careful):
        worker.insert(batch, values, outcome)
        entries.append(outcome.entry)
        report(len(entries))
    if len(entries) == len(batch.runs):
        return Delivery(worker.write(batch.shard, values, entries), None)
    return Delivery(Stored(batch.shard, 0, tuple(entries), processor_kind()), values)


def _outcomes(source: Source, worker: Worker, batch: Batch, careful: bool) -> Iterator[Outcome]:
    """The runs of a batch in order of completion, without those that were given up."""
    threads, pool = _pool()
    if careful:
        parts = [batch.runs[first::threads] for first in range(threads)]
        works: list[Callable[[], Any]] = [
            functools.partial(simulate_alone, source.folder, source.engine, part, worker.stop) for part in parts if part
        ]
    else:
        works = [functools.partial(_simulate, worker, run) for run in batch.runs]
    if pool is None:
        for work in works:
            yield from work()
        return
    futures = [pool.submit(work) for work in works]
    try:
        for future in as_completed(futures):
            yield from future.result()
    finally:
        for future in futures:
            future.cancel()


def _simulate(worker: Worker, run: int) -> list[Outcome]:
    if worker.stop.is_set() or (outcome := worker.simulate(run)) is None:
        return []
    return [outcome]


_pools: weakref.WeakKeyDictionary[Any, tuple[int, ThreadPoolExecutor | None]] = weakref.WeakKeyDictionary()
_opening = threading.Lock()


def _pool() -> tuple[int, ThreadPoolExecutor | None]:
    """The number of threads of this Dask worker, and a pool of so many for the runs of all its batches.

    The runs of the batch that came first are first, so that few shards are filled at a time.
    """
    from distributed import get_worker

    here = get_worker()
    with _opening:
        if here not in _pools:
            threads = int(here.state.nthreads)
            _pools[here] = threads, ThreadPoolExecutor(threads, "run") if threads > 1 else None
        return _pools[here]


def _worker(source: Source) -> Worker:
    """The opened ensemble; once a process, so that all tasks of a plan share what is compiled and read."""
    with _opening:
        return _opened(source)


@functools.lru_cache(maxsize=4)
def _opened(source: Source) -> Worker:
    check_worker(source)
    worker = Worker.of(source.folder, source.engine, _stop_of(source.call))
    if worker.plan.hash != source.plan_hash:
        raise UsageError(f"{source.folder} has another plan on {socket.gethostname()}; choose another folder")
    return worker


_stops: dict[str, threading.Event] = {}


def _stop_of(call: str) -> threading.Event:
    return _stops.setdefault(call, threading.Event())


def stop(call: str) -> None:
    """Let this worker's batches of a call end between two steps."""
    _stop_of(call).set()


def _reporter(source: Source, shard: int) -> Callable[[int], None]:
    """Reports how many runs of a shard are finished, now and then."""
    from distributed import get_worker

    here, last = get_worker(), time.monotonic()

    def report(count: int) -> None:
        nonlocal last
        if time.monotonic() - last > _REPORT_SECONDS:
            last = time.monotonic()
            here.log_event(source.topic, [shard, count])

    return report
