"""The runner of clusters: workers of Dask simulate and write shards, or compute from stored runs.

This process alone commits shards to the ledger, and writes what is made of computed results.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import queue
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import writing
from morphoscope.ensembles.local_files import remove_partial_files
from morphoscope.ensembles.places import NO_CLUSTER, place_of
from morphoscope.ensembles.runners import workers
from morphoscope.ensembles.runners.base import Batch, Computation, Worker
from morphoscope.ensembles.runners.clusters import check_cluster, connected, has_address
from morphoscope.ensembles.runners.computations import check_reader, compute_batch, plan_digest
from morphoscope.ensembles.runners.dispatch import Dispatch, Hooks, LostClusterError, LostWorkersError, lost_cluster
from morphoscope.ensembles.runners.workers import Delivery, Source
from morphoscope.ensembles.store import Stored

if TYPE_CHECKING:
    from distributed import Client

#: How long batches may take to end when the end is requested; they end between two steps.
DRAIN_SECONDS = 30.0
_ANSWER_SECONDS = 5.0  # how long the message to workers may take


class DaskRunner:
    """Has the workers of a Dask cluster simulate batches, or compute from stored runs.

    As a context, it connects to a scheduler that runs already before anything is written.

    Parameters
    ----------
    cluster
        ``tcp://HOST:PORT``, ``local:PROCESSES``, ``slurm:PROFILE.yaml``, or a client of Dask.
    progress
        Shows the link to the dashboard and what happens to the connection.

    Raises
    ------
    UsageError
        For another text, or if a package is missing.
    """

    def __init__(self, cluster: str | Client, progress: Reporter = SILENT) -> None:
        check_cluster(cluster)
        self.cluster, self.progress = cluster, progress
        self._stack = contextlib.ExitStack()
        self._client: Client | None = None
        self._shown = False
        self._dispatch: Dispatch | None = None
        self._source: Source | None = None
        self._worker: Worker | None = None
        self._reports: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self._reported: dict[int, int] = {}  # shard → runs that were counted before it was stored
        self._stored: set[int] = set()

    def __enter__(self) -> DaskRunner:
        if has_address(self.cluster):  # nothing to be started, which would be in vain if all runs are done
            self._client = self._stack.enter_context(connected(self.cluster))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def run(self, worker: Worker, batches: Iterable[Batch], advance: Callable[[int], None]) -> Iterator[Stored]:
        """See :meth:`.Runner.run`."""
        self._worker = worker
        source = self._source = Source(
            str(worker.shards.place.home.absolute()), worker.plan.hash, worker.engine.name, secrets.token_hex(8)
        )
        client = self._connect()
        self._stack.enter_context(_marked(source))
        if not self._check_workers(client, source, worker.stop, workers.check_worker):
            return
        self._listen()
        hooks = Hooks(self.progress.message, functools.partial(self._count, advance), self._listen)
        work = functools.partial(workers.carry_out_batch, source)
        self._dispatch = Dispatch(client, source.topic, work, batches, worker.stop, hooks)
        for batch, delivery in self._dispatch.results():
            yield from self._take(batch, delivery, advance)

    def stop(self) -> tuple[list[Stored], UsageError | None]:
        """See :meth:`.Runner.stop`."""
        stored: list[Stored] = []
        failed: UsageError | None = None
        with self._stack:
            if self._dispatch is not None and self._dispatch.under_way:
                self._tell_workers()
                for batch, delivery in self._dispatch.drain(DRAIN_SECONDS):
                    try:
                        stored.extend(self._take(batch, delivery, lambda count: None))
                    except UsageError as error:
                        failed = failed or error
            self._dispatch = self._client = None
        return stored, failed

    def compute(
        self,
        folder: Path,
        open: Callable[..., Any],
        settings: tuple[Any, ...],
        compute: Callable[[Any, tuple[int, ...]], Any],
        batches: Iterable[Batch],
    ) -> Iterator[tuple[Batch, Any]]:
        """See :meth:`.Cluster.compute`. What workers have not begun is withdrawn when the caller ends early."""
        call, path = secrets.token_hex(8), folder.absolute()
        computation = Computation(str(path), plan_digest(path), open, settings, compute, call)
        never = threading.Event()  # without a ledger there is nothing to be completed: the caller just ends
        client = self._connect()
        self._check_workers(client, computation, never, check_reader)
        hooks = Hooks(self.progress.message, lambda: None, lambda: None)
        work = functools.partial(compute_batch, computation)
        dispatch = Dispatch(client, f"morphoscope-{call}", work, batches, never, hooks, single=True)
        try:
            yield from dispatch.results()
        except LostClusterError as error:
            raise LostClusterError(
                "the scheduler has gone and did not come back; start the cluster again, and repeat the call"
            ) from error
        except LostWorkersError as error:
            runs = [run for attempt in dispatch.given_up for run in attempt.batch.runs]
            raise LostWorkersError(
                f"runs {min(runs)} … {max(runs)} ({len(runs)} in all) were given up: each of "
                f"{dispatch.given_up[0].deaths} attempts lost its worker; look whether workers have too little memory "
                "or time, and repeat the call"
            ) from error
        finally:
            dispatch.cancel()

    def _connect(self) -> Client:
        """The client; at the first call the cluster is started, and the link to its dashboard is shown."""
        client = self._client or self._stack.enter_context(connected(self.cluster))
        self._client = client
        if client.dashboard_link and not self._shown:
            self._shown = True
            self.progress.message(f"dashboard of the cluster: {client.dashboard_link}")
        return client

    def _check_workers(
        self, client: Client, source: Source | Computation, stop: threading.Event, check: Callable[[Any], None]
    ) -> bool:
        """Wait for a worker, and raise UsageError if one can't do the work; False if the end was requested before."""
        waiting = False
        while not (found := _probed(client, source, check)):
            if not waiting:
                self.progress.message("waiting for the cluster's first worker")
            waiting = True
            if stop.wait(0.5):
                return False
        for address, answer in found.items():
            if isinstance(answer, OSError):
                continue  # it has gone in between
            if isinstance(answer, BaseException):
                raise UsageError(
                    f"the worker at {address} can't load morphoscope ({type(answer).__name__}: {answer}); install the "
                    "same version everywhere"
                )
            if answer["problem"]:
                raise UsageError(answer["problem"])
        return True

    def _listen(self) -> None:
        """Let the workers' reports of progress arrive; each is the number of finished runs of a shard so far."""
        assert self._client is not None
        assert self._source is not None
        self._client.subscribe_topic(self._source.topic, lambda event: self._reports.put(event[1]))

    def _count(self, advance: Callable[[int], None]) -> None:
        """Count what workers have reported."""
        with contextlib.suppress(queue.Empty):
            while True:
                shard, finished = self._reports.get_nowait()
                more = finished - self._reported.get(shard, 0)
                if more > 0 and shard not in self._stored:
                    self._reported[shard] = finished
                    advance(more)

    def _take(self, batch: Batch, delivery: Delivery, advance: Callable[[int], None]) -> Iterator[Stored]:
        """Take over what a worker returned: a stored shard, or values of one that this process writes."""
        assert self._worker is not None
        self._stored.add(batch.shard)
        stored = delivery.stored
        count = len(stored.entries) - self._reported.pop(batch.shard, 0)
        if delivery.values is None:
            yield stored
        elif stored.entries:
            written = self._worker.write(batch.shard, delivery.values, stored.entries)
            yield dataclasses.replace(written, processor=stored.processor)
        advance(max(count, 0))

    def _tell_workers(self) -> None:
        """Ask the workers to end the batches that they have begun; a scheduler that does not answer is not awaited."""
        client, source = self._client, self._source
        assert client is not None
        assert source is not None

        def tell() -> None:
            with contextlib.suppress(Exception):
                client.run(workers.stop, source.call, on_error="ignore")

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        teller.join(_ANSWER_SECONDS)


def _probed(client: Client, source: Source | Computation, check: Callable[[Any], None]) -> dict[str, Any]:
    """What each worker answers; empty if there is none, or no connection at the moment."""
    try:
        return dict(client.run(workers.probe, source, check, on_error="return"))
    except Exception as error:  # of several kinds, where the connection is lost meanwhile
        if client.status not in ("running", "connecting"):
            raise lost_cluster() from error
        if client.status == "running" and not isinstance(error, OSError):
            raise
        return {}


@contextlib.contextmanager
def _marked(source: Source) -> Iterator[None]:
    """The folder with the file by which workers know it."""
    if place_of(Path(source.folder)).remote:
        raise UsageError(NO_CLUSTER)
    with writing(source.mark):
        source.mark.write_text(source.call)
    try:
        yield
    finally:
        remove_partial_files(source.mark.parent)  # the mark, and what workers that were killed have left
