"""The default runner: threads of this process simulate runs, and the runs of a shard are written together."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from morphoscope.core.errors import UsageError
from morphoscope.ensembles.ledger import Entry
from morphoscope.ensembles.runners.base import Batch, Outcome, Worker
from morphoscope.ensembles.shards import Values
from morphoscope.ensembles.store import Stored

FLUSH_SECONDS = 5.0  # the longest time for which finished runs wait for the others of their shard
_POLL_SECONDS = 0.2  # after which a request to stop is seen
_WRITES = 4  # that may wait, so that memory stays bounded
_PIECE_SECONDS = 0.02  # of runs that a thread simulates at a time; handing one over takes about 0.2 ms
_PIECE_RUNS = 100  # at most, so that memory stays bounded


class _Open:
    """A shard that is being filled."""

    def __init__(self, batch: Batch, values: Values) -> None:
        self.batch, self.values = batch, values
        self.remaining = len(batch.runs)
        self.unwritten: list[Entry] = []
        self.since = 0.0  # when the first of them finished
        self.writing = False

    def add(self, entry: Entry) -> None:
        if not self.unwritten:
            self.since = time.monotonic()
        self.unwritten.append(entry)

    def due(self) -> bool:
        """Whether it should be written now: complete, or for long not written."""
        waited = time.monotonic() - self.since > FLUSH_SECONDS
        return bool(self.unwritten) and not self.writing and (not self.remaining or waited)


@dataclasses.dataclass
class _Piece:
    """What came of some runs of a shard. An error ends it; the runs before are kept."""

    outcomes: list[Outcome] = dataclasses.field(default_factory=list)
    failed: Exception | None = None


def _simulate(worker: Worker, runs: Sequence[int]) -> _Piece:
    piece = _Piece()
    try:
        for run in runs:
            if worker.stop.is_set() or (outcome := worker.simulate(run)) is None:
                break
            piece.outcomes.append(outcome)
    except Exception as error:
        piece.failed = error
    return piece


class ThreadRunner:
    """Threads over runs, as many as ``workers``; by default one per core."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._simulating: dict[Future[_Piece], _Open] = {}
        self._writing: dict[Future[Stored], _Open] = {}
        self._open: list[_Open] = []
        self._ready: list[Stored] = []
        self._worker: Worker | None = None
        self._pools = contextlib.ExitStack()
        self._runs = 1  # in a piece, adapted to how long they take

    def run(self, worker: Worker, batches: Iterable[Batch], advance: Callable[[int], None]) -> Iterator[Stored]:
        """See :meth:`.Runner.run`."""
        self._worker = worker
        simulators = self._pool(self.workers, "run")
        writers = self._pool(max(self.workers // 4, 1), "write")
        items = self._items(worker, batches)
        while not worker.stop.is_set():
            room = 2 * self.workers - len(self._simulating) if len(self._writing) < _WRITES else 0
            for opened, runs in itertools.islice(items, max(room, 0)):
                self._simulating[simulators.submit(_simulate, worker, runs)] = opened
            if not self._simulating and not self._writing:
                break
            self._take(concurrent.futures.wait(
                self._under_way(), _POLL_SECONDS, concurrent.futures.FIRST_COMPLETED
            ).done, advance)  # fmt: skip
            self._write(worker, writers)
            while self._ready:
                yield self._ready.pop()

    def stop(self) -> tuple[list[Stored], Exception | None]:
        """See :meth:`.Runner.stop`."""
        worker = self._worker
        failed: Exception | None = None
        if worker is None:
            return [], None
        worker.stop.set()
        self._simulating = {future: opened for future, opened in self._simulating.items() if not future.cancel()}
        under_way = self._under_way()
        concurrent.futures.wait(under_way)
        self._pools.close()
        for future in under_way:
            try:
                self._absorb(future)
            except Exception as error:  # of a run too: what the others have finished is stored first
                failed = failed or error
        for opened in self._open:
            try:
                if opened.unwritten:
                    self._ready.append(worker.write(opened.batch.shard, opened.values, opened.unwritten))
            except UsageError as error:
                failed = failed or error
        ready, self._ready, self._open = self._ready, [], []
        return ready, failed

    def _under_way(self) -> list[Future[Any]]:
        return [*self._writing, *self._simulating]

    def _pool(self, threads: int, name: str) -> ThreadPoolExecutor:
        pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._pools.callback(pool.shutdown, wait=True, cancel_futures=True)
        return pool

    def _items(self, worker: Worker, batches: Iterable[Batch]) -> Iterator[tuple[_Open, Sequence[int]]]:
        """Pieces of runs with their shard, which is opened when its first run is needed."""
        for batch in batches:
            opened = _Open(*worker.begin(batch))
            self._open.append(opened)
            first, runs = 0, opened.batch.runs
            while first < len(runs):
                piece = runs[first : first + self._runs]
                first += len(piece)
                yield opened, piece

    def _take(self, done: Iterable[Future[Any]], advance: Callable[[int], None]) -> None:
        """Take over what has finished; the count comes last, because it may raise."""
        runs = sum(self._absorb(future) for future in done)
        for _ in range(runs):
            advance(1)

    def _absorb(self, future: Future[Any]) -> int:
        """Take over one result; returns the number of runs that it finished."""
        assert self._worker is not None
        if (opened := self._writing.pop(future, None)) is not None:
            opened.writing = False
            self._ready.append(future.result())
            if not opened.remaining and not opened.unwritten:
                self._open.remove(opened)
            return 0
        opened = self._simulating.pop(future)
        piece: _Piece = future.result()
        for outcome in piece.outcomes:
            self._worker.insert(opened.batch, opened.values, outcome)
            opened.remaining -= 1
            opened.add(outcome.entry)
        if piece.failed is not None:
            raise piece.failed
        if count := len(piece.outcomes):
            seconds = sum(outcome.entry.seconds for outcome in piece.outcomes) / count
            self._runs = min(max(int(_PIECE_SECONDS / max(seconds, 1e-9)), 1), _PIECE_RUNS)
        return len(piece.outcomes)

    def _write(self, worker: Worker, writers: ThreadPoolExecutor) -> None:
        """Have the shards written that are complete, or that hold runs which finished long ago."""
        for opened in self._open:
            if opened.due():
                entries, opened.unwritten, opened.writing = opened.unwritten, [], True
                self._writing[writers.submit(worker.write, opened.batch.shard, opened.values, entries)] = opened
