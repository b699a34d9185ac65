"""Runs on a cluster: two worker processes against two threads, the overhead of a run, 64 simulated workers.

python -m benchmarks.cluster [--runs 2000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import morphoscope
from morphoscope.engines import Job, Result, get_engine
from morphoscope.ensembles import Plan
from morphoscope.ensembles.arrays import runs_per_shard
from morphoscope.ensembles.execution import pending_batches
from morphoscope.ensembles.runners import Runner, ThreadRunner, Worker
from morphoscope.ensembles.runners.clusters import connected
from morphoscope.ensembles.runners.dask import DaskRunner
from morphoscope.ensembles.store import Ensemble

WORKERS, RUN_SECONDS = 64, 0.05


class Sleeping:
    """An engine that computes nothing for a while and returns the initial state."""

    name = "sleeping"

    def run(self, job: Job, watch: Any = None) -> Result:
        """Sleep, without holding the interpreter's lock."""
        time.sleep(RUN_SECONDS)
        states = np.repeat(np.asarray(job.initial, np.float32)[None], len(job.steps), axis=0)
        return Result(states, None, job.steps[-1])


def real_plan(runs: int) -> Plan:
    """Gray–Scott runs that take some tens of milliseconds each."""
    points = {"f": (0.02, 0.06, runs // 20), "k": (0.05, 0.065, 20)}
    return morphoscope.scan_plan("gray-scott", grid=points, size=128, until=2000, dt=1)


def simulate(plan: Plan, runner: Runner, engine: str = "cpu") -> float:
    """Seconds in which a runner simulates and stores a plan. The start of a cluster does not count."""
    with tempfile.TemporaryDirectory() as name:
        ensemble = Ensemble.create(plan, Path(name) / "ensemble")
        shards = ensemble.shards(writable=True)
        worker = Worker(plan, get_engine(engine), shards, threading.Event())
        begin = time.perf_counter()
        for stored in runner.run(worker, pending_batches(shards, ensemble.states()), lambda count: None):
            ensemble.commit([stored])
        ensemble.commit(runner.stop()[0])
        seconds = time.perf_counter() - begin
        done = ensemble.status().count("done")
    if done != len(plan.runs):
        raise RuntimeError(f"{done} of {len(plan.runs)} runs are done")
    return seconds


def processes_against_threads(runs: int, rounds: int) -> tuple[float, float]:
    """Median seconds of two threads and of two worker processes with one thread each, in turns."""
    plan = real_plan(runs)
    threads, processes = [], []
    with connected("local:2") as client:
        simulate(plan.limited(42), DaskRunner(client))  # compiles the kernel
        simulate(plan.limited(42), ThreadRunner(2))
        for _ in range(rounds):
            threads.append(simulate(plan, ThreadRunner(2)))
            processes.append(simulate(plan, DaskRunner(client)))
    return statistics.median(threads), statistics.median(processes)


def overhead(runs: int) -> float:
    """Seconds of a run that is over at once: all that is not simulation, with one thread in one worker process."""
    plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.06, runs)}, size=64, until=1, dt=1)
    with connected("local:1") as client:
        simulate(plan.limited(10), DaskRunner(client))
        return simulate(plan, DaskRunner(client)) / runs


def add_engine() -> None:
    """Register the sleeping engine, here or in a worker process, which has a registry of its own."""
    from morphoscope.engines import ENGINES

    if "sleeping" not in ENGINES.names():
        ENGINES.add("sleeping", Sleeping)


@contextlib.contextmanager
def simulated_cluster(processes: int) -> Iterator[Any]:
    """A cluster with 64 threads: 64 workers in this process, or some worker processes that share the threads."""
    from distributed import Client, LocalCluster

    settings = {
        "n_workers": processes or WORKERS,
        "threads_per_worker": WORKERS // processes if processes else 1,
        "processes": bool(processes),
        "dashboard_address": None,
        "memory_limit": 0,
    }
    with LocalCluster(**settings) as cluster, Client(cluster, set_as_default=False) as client:
        client.run(add_engine)
        yield client


def efficiency(processes: int = 0, batches_per_worker: int = 2) -> float:
    """The share of the ideal rate that 64 sleeping threads reach with runs of 50 ms; all else is real."""
    add_engine()
    small: dict[str, Any] = {"size": 64, "until": 3, "dt": 1}
    runs = WORKERS * runs_per_shard(morphoscope.scan_plan("gray-scott", replicates=10_000, **small))
    plan = morphoscope.scan_plan("gray-scott", replicates=runs * batches_per_worker, **small)
    with simulated_cluster(processes) as client:
        simulate(plan.limited(WORKERS), DaskRunner(client), "sleeping")
        seconds = simulate(plan, DaskRunner(client), "sleeping")
    return len(plan.runs) * RUN_SECONDS / WORKERS / seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for row in _rows(options.runs, options.rounds):
        print("| {:32} | {:22} | {:22} |".format(*row), flush=True)


def _rows(runs: int, rounds: int) -> Iterator[tuple[str, str, str]]:
    """What is measured, the figure, and the target, one after the other."""
    threads, processes = processes_against_threads(runs, rounds)
    yield "two threads", f"{runs / threads:.1f} runs/s", ""
    yield "two worker processes", f"{runs / processes:.1f} runs/s", f"{threads / processes:.2f} of the threads"
    yield "overhead of a run", f"{1e3 * overhead(2000):.2f} ms", "at most 2 ms"
    yield f"{WORKERS} workers in a process", f"{efficiency():.2f} of the ideal rate", "at least 0.9"
    yield f"{WORKERS} threads in 2 processes", f"{efficiency(2):.2f} of the ideal rate", "at least 0.9"


if __name__ == "__main__":
    main()
