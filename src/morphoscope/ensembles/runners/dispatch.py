"""Send batches to the workers of a Dask cluster; the loss of workers and of the connection is survived."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.ensembles.runners.base import Batch

if TYPE_CHECKING:
    from distributed import Client, Future

#: A batch that has lost its worker this often is simulated carefully: its runs are in a process of their own.
DEATHS_UNTIL_CAREFUL = 2
#: A careful batch that has lost its worker this often is given up: the reason is the worker and not a run.
CAREFUL_DEATHS = 3
#: Batches that are at a worker or on their way, so that it need not wait for the scheduler.
BATCHES_PER_WORKER = 2
_COUNT_SECONDS = 2.0  # how often the workers are counted
_POLL_SECONDS = 0.2  # how often the connection and a request to stop are looked at
_PATIENCE_SECONDS = 15.0  # without workers until that is said


class LostClusterError(UsageError):
    """The scheduler has gone and did not come back."""


def lost_cluster() -> LostClusterError:
    """The error, with what to do."""
    return LostClusterError(
        "the scheduler has gone and did not come back; finished runs are stored; start the cluster again, and the same "
        "call continues"
    )


class LostWorkersError(UsageError):
    """Batches were given up because each attempt lost its worker."""


@dataclasses.dataclass
class Attempt:
    """A batch, and how many workers were lost while they had it."""

    batch: Batch
    deaths: int = 0

    @property
    def careful(self) -> bool:
        """Whether a run of the batch may have killed the workers."""
        return self.deaths >= DEATHS_UNTIL_CAREFUL

    @property
    def given_up(self) -> bool:
        """Whether further attempts are pointless."""
        return self.deaths >= DEATHS_UNTIL_CAREFUL + CAREFUL_DEATHS


@dataclasses.dataclass(frozen=True)
class Hooks:
    """What is called meanwhile.

    Parameters
    ----------
    say
        Shows a line.
    look
        Called some times a second.
    reconnected
        Called after the connection was lost and is there again.
    """

    say: Callable[[str], None]
    look: Callable[[], None]
    reconnected: Callable[[], None]


class Dispatch:
    """The batches of one call on their way.

    Dask's own limit of failures counts every task of a lost worker. Here a batch that was lost is sent again, and after
    the second loss *carefully*: then a run that ends its process ends no worker, and is the only one to fail.

    Parameters
    ----------
    client
        The connection to the scheduler.
    name
        Of this call; begins the keys of its tasks.
    work
        ``work(batch, careful)``, which workers can import.
    batches
        Taken when they are needed.
    stop
        When it is set, nothing more is sent.
    hooks
        What is called meanwhile.
    single
        Whether a batch has one thread of its worker; by default it has all of them.
    """

    def __init__(
        self,
        client: Client,
        name: str,
        work: Callable[[Batch, bool], Any],
        batches: Iterable[Batch],
        stop: threading.Event,
        hooks: Hooks,
        *,
        single: bool = False,
    ) -> None:
        self._single = single
        self.client, self.name, self.work, self.stop, self.hooks = client, name, work, stop, hooks
        self.given_up: list[Attempt] = []
        self._new = iter(batches)
        self._again: deque[Attempt] = deque()
        self._sent: dict[Future, Attempt] = {}
        self._ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._workers, self._counted, self._seen = 1, 0.0, time.monotonic()

    @property
    def under_way(self) -> bool:
        """Whether workers still have batches."""
        return bool(self._sent)

    def results(self) -> Iterator[tuple[Batch, Any]]:
        """Batches with what ``work`` returned, in order of completion, until all are done or the stop is requested.

        Raises LostClusterError if the scheduler does not come back, LostWorkersError at the end if batches were given
        up, and what ``work`` raised.
        """
        while not self.stop.is_set():
            self._send()
            if not self._sent:
                break
            yield from self._collect(_POLL_SECONDS)
            self.hooks.look()
        if self.given_up and not self.stop.is_set():
            runs = [run for attempt in self.given_up for run in attempt.batch.runs]
            raise LostWorkersError(
                f"runs {runs[0]} … {runs[-1]} ({len(runs)} in all) were given up: each of {self.given_up[0].deaths} "
                "attempts lost its worker; look whether workers have too little memory or time; the other runs are "
                "stored, and the same call continues"
            )

    def drain(self, seconds: float) -> Iterator[tuple[Batch, Any]]:
        """What batches that are on their way still return; what takes longer is forgotten."""
        end = time.monotonic() + seconds
        while self._sent and time.monotonic() < end and self.client.status == "running":
            yield from self._collect(_POLL_SECONDS)
        self.cancel()

    def cancel(self) -> None:
        """Withdraw all batches that no worker has begun, and forget the others."""
        with contextlib.suppress(Exception):  # also where the connection is lost
            self.client.cancel(list(self._sent))
        self._sent.clear()

    def _send(self) -> None:
        room = BATCHES_PER_WORKER * self._count_workers() - len(self._sent)
        for attempt in itertools.islice(self._next_attempts(), max(room, 0)):
            key = f"{self.name}-{next(self._numbers)}"
            future = self.client.submit(self.work, attempt.batch, attempt.careful, key=key, pure=False)
            self._sent[future] = attempt
            future.add_done_callback(self._ended.put)

    def _next_attempts(self) -> Iterator[Attempt]:
        while self._again:
            yield self._again.popleft()
        yield from map(Attempt, self._new)

    def _count_workers(self) -> int:
        now = time.monotonic()
        if now - self._counted > _COUNT_SECONDS:
            self._counted = now
            with contextlib.suppress(OSError):  # the connection is checked where a batch ends
                threads = self.client.nthreads()
                self._workers = sum(threads.values()) if self._single else len(threads)
            if self._workers:
                self._seen = now
            elif now - self._seen > _PATIENCE_SECONDS:
                self._seen = now + 1e9  # said once
                self.hooks.say("the cluster has no workers; waiting for some")
        return max(1, self._workers)

    def _collect(self, seconds: float) -> Iterator[tuple[Batch, Any]]:
        """Wait for a batch to end, not longer than so many seconds; yield all that have ended well."""
        finished = []
        for future in self._next_ended(seconds):
            attempt = self._sent.pop(future, None)
            if attempt is None:
                continue
            if future.status == "finished":
                finished.append((attempt, future))
            elif future.status == "error":
                self._failed(attempt, future.exception())
            else:  # the connection was lost, and the scheduler has forgotten the batch
                self._again.append(attempt)
        if self.client.status != "running":
            self._await_scheduler()
        yield from self._gather(finished)

    def _next_ended(self, seconds: float) -> list[Future]:
        ended = []
        with contextlib.suppress(queue.Empty):
            ended.append(self._ended.get(timeout=seconds))
            while True:
                ended.append(self._ended.get_nowait())
        return ended

    def _gather(self, finished: list[tuple[Attempt, Future]]) -> Iterator[tuple[Batch, Any]]:
        """What finished batches returned. If a worker has gone with it, the batch is done again."""
        if not finished:
            return
        try:
            values = self.client.gather([future for _, future in finished])
        except Exception:  # of any of them: look at each
            for attempt, future in finished:
                yield from self._gather_one(attempt, future)
        else:
            yield from zip((attempt.batch for attempt, _ in finished), values, strict=True)

    def _gather_one(self, attempt: Attempt, future: Future) -> Iterator[tuple[Batch, Any]]:
        from distributed import CancelledError

        try:
            value = future.result()
        except (CancelledError, OSError):
            self._again.append(attempt)
        except Exception as error:
            self._failed(attempt, error)
        else:
            yield attempt.batch, value

    def _failed(self, attempt: Attempt, error: BaseException) -> None:
        from distributed.scheduler import KilledWorker

        if not isinstance(error, KilledWorker):
            raise error
        attempt.deaths += error.allowed_failures + 1
        (self.given_up if attempt.given_up else self._again).append(attempt)

    def _await_scheduler(self) -> None:
        """Wait until Dask has connected again; raises LostClusterError if it has stopped trying."""
        self.hooks.say("the connection to the scheduler is lost; trying to connect again")
        while self.client.status == "connecting" and not self.stop.is_set():
            time.sleep(_POLL_SECONDS)
        if self.client.status == "running":
            self._counted, self._seen = 0.0, time.monotonic()
            self.hooks.reconnected()
            return
        if not self.stop.is_set():
            raise lost_cluster()


@contextlib.contextmanager
def each_loss_is_reported() -> Iterator[None]:
    """A scheduler that starts in this context reports each lost worker instead of sending its tasks to the next ones.

    Dask's own count can't tell the run that kills its worker from those that happened to be there, see
    :class:`Dispatch`.
    """
    import dask

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        yield
