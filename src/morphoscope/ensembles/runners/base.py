"""What a runner does, and what every worker does with a run and with a shard."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.provenance import __version__
from morphoscope.engines import Engine, get_engine
from morphoscope.engines.processor import processor_kind
from morphoscope.ensembles.jobs import run_job
from morphoscope.ensembles.ledger import Entry
from morphoscope.ensembles.places import place_of
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.shards import Shards, Values
from morphoscope.ensembles.store import PLAN_FILE, Stored, open_shards


@dataclasses.dataclass(frozen=True)
class Batch:
    """A shard with the runs in it that are to be simulated, and those that it keeps.

    For a :class:`Computation`, which writes no shard, ``shard`` is only the number of the batch.
    """

    shard: int
    runs: tuple[int, ...]
    kept: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A simulated run: its entry for the ledger, and its snapshots by species, (time, y, x)."""

    entry: Entry
    snapshots: dict[str, NDArray[Any]]


class AbandonedError(Exception):
    """The run was given up because its ensemble is to end."""


class Worker:
    """Simulates runs of a plan and writes its shards. It never touches the ledger.

    Parameters
    ----------
    plan
        The plan.
    engine
        The engine.
    shards
        The files to write.
    stop
        When it is set, runs end between two steps.
    """

    def __init__(self, plan: Plan, engine: Engine, shards: Shards, stop: threading.Event | None = None) -> None:
        self.plan, self.engine, self.shards = plan, engine, shards
        self.stop = stop or threading.Event()

    @classmethod
    def of(cls, folder: str | Path, engine: str, stop: threading.Event | None = None) -> Worker:
        """A worker in another process, which knows the folder and the name of the engine."""
        plan, data = Plan.load(Path(folder) / PLAN_FILE), place_of(Path(folder))
        return cls(plan, get_engine(engine), open_shards(plan, data, writable=True), stop)

    def simulate(self, run: int) -> Outcome | None:
        """Simulate a run; None if it was given up."""
        begin = time.perf_counter()
        try:
            result = self.engine.run(run_job(self.plan, self.plan.runs[run]), self._watch)
        except AbandonedError:
            return None
        status = "done" if result.failed_at is None else "failed"
        species = self.plan.model.species
        snapshots = {name: np.asarray(result.snapshots[:, species.index(name)]) for name in self.plan.record}
        seconds = time.perf_counter() - begin
        return Outcome(Entry(run, status, result.failed_at, result.computed_steps, seconds), snapshots)

    def _watch(self, step: int, read: Callable[[], NDArray[Any]]) -> None:
        if self.stop.is_set():
            raise AbandonedError

    def begin(self, batch: Batch) -> tuple[Batch, Values]:
        """The values of a shard with the runs that it keeps; those of them that are damaged are simulated again."""
        if not batch.kept:
            return batch, self.shards.empty(batch.shard)
        values, damaged = self.shards.read(batch.shard, batch.kept)
        runs = tuple(sorted({*batch.runs, *damaged}))
        return dataclasses.replace(batch, runs=runs, kept=tuple(r for r in batch.kept if r not in damaged)), values

    def insert(self, batch: Batch, values: Values, outcome: Outcome) -> None:
        """Put the snapshots of a run among the values of its shard."""
        position = outcome.entry.run - self.shards.runs(batch.shard)[0]
        with np.errstate(over="ignore"):  # too large for float16: infinite
            for species, snapshots in outcome.snapshots.items():
                values[species][position] = snapshots

    def write(self, shard: int, values: Values, entries: Iterable[Entry]) -> Stored:
        """Write a shard whole; its bytes are on the disk afterwards."""
        self.shards.write(shard, values)
        return Stored(shard, self.shards.sizes(shard) or 0, tuple(entries), processor_kind())

    def carry_out(self, batch: Batch) -> Stored:
        """Simulate and write a whole batch, one run after the other: for runners whose workers are processes."""
        batch, values = self.begin(batch)
        entries = []
        for run in batch.runs:
            if (outcome := self.simulate(run)) is None:
                break
            self.insert(batch, values, outcome)
            entries.append(outcome.entry)
        return self.write(batch.shard, values, entries)


class Runner(Protocol):
    """Has workers simulate batches and write their shards. Only the caller commits what is yielded to the ledger."""

    def run(self, worker: Worker, batches: Iterable[Batch], advance: Callable[[int], None]) -> Iterator[Stored]:
        """Yield shards when they are on the disk, also a shard that is not complete yet, in any order.

        ``batches`` may be a million: they are taken when they are needed. ``advance`` counts finished runs. Ends early
        when ``worker.stop`` is set.
        """
        ...

    def stop(self) -> tuple[list[Stored], Exception | None]:
        """End all work now, and write the runs that are finished.

        Returns
        -------
        tuple
            What :meth:`run` has not yielded, and the first error, if not all of it could be written.
        """
        ...


@dataclasses.dataclass(frozen=True)
class Computation:
    """What is computed from the stored runs of a folder, without writing anything.

    Parameters
    ----------
    folder
        The folder, an absolute path, with a plan.json.
    plan
        SHA-256 of that file, by which workers know the folder.
    open, settings
        ``open(folder, *settings)`` is called once a process. Workers import it; the settings are hashable and small.
    compute
        ``compute(opened, runs)`` returns something small; called with what ``open`` returned.
    call
        Names this call, so that nothing is kept from one call to the next.
    version
        The version of the package.
    """

    folder: str
    plan: str
    open: Callable[..., Any]
    settings: tuple[Any, ...]
    compute: Callable[[Any, tuple[int, ...]], Any]
    call: str
    version: str = __version__


class Cluster(Protocol):
    """Has workers compute from stored runs; only the caller writes what it makes of the results."""

    def compute(
        self,
        folder: Path,
        open: Callable[..., Any],
        settings: tuple[Any, ...],
        compute: Callable[[Any, tuple[int, ...]], Any],
        batches: Iterable[Batch],
    ) -> Iterator[tuple[Batch, Any]]:
        """Yield batches of runs with what ``compute`` returned for them, in any order; see :class:`Computation`."""
        ...


def batches_of(runs: Sequence[int], size: int) -> Iterator[Batch]:
    """Runs in batches of a size, in their order, for a :class:`Computation`."""
    for number, start in enumerate(range(0, len(runs), size)):
        yield Batch(number, tuple(runs[start : start + size]))
