"""Computations from stored runs by workers of a Dask cluster: they only read, and return small results."""

from __future__ import annotations

import functools
import hashlib
import socket
import threading
import time
from pathlib import Path
from typing import Any

from morphoscope.core.errors import UsageError
from morphoscope.ensembles.runners import workers
from morphoscope.ensembles.runners.base import Batch, Computation
from morphoscope.ensembles.store import PLAN_FILE


def plan_digest(folder: str | Path) -> str:
    """SHA-256 of the bytes of a folder's plan.json, by which workers know the folder. Empty if it can't be read."""
    try:
        return hashlib.sha256((Path(folder) / PLAN_FILE).read_bytes()).hexdigest()
    except OSError:
        return ""


def check_reader(computation: Computation) -> None:
    """Raise UsageError if this worker has another version, or does not see the folder of the calling process."""
    workers.check_version(computation.version)
    end = time.monotonic() + workers.VISIBLE_SECONDS
    while (found := plan_digest(computation.folder)) != computation.plan:
        # Where not even the folder is, waiting does not help.
        if time.monotonic() > end or not Path(computation.folder).is_dir():
            raise UsageError(
                f"the worker on {socket.gethostname()} "
                + (f"has another plan in {computation.folder}" if found else f"does not see {computation.folder}")
                + "; choose a folder on a file system that all computers of the cluster share"
            )
        time.sleep(0.2)


def compute_batch(computation: Computation, batch: Batch, careful: bool) -> Any:
    """Compute from a batch of runs; the task that the scheduler hands out. It has one thread of its worker.

    ``careful`` changes nothing: what is computed from stored runs is not expected to end its process.
    """
    with _opening:
        opened = _opened(computation)
    return computation.compute(opened, batch.runs)


_opening = threading.Lock()


@functools.lru_cache(maxsize=4)
def _opened(computation: Computation) -> Any:
    """What a computation opens; once a process."""
    check_reader(computation)
    return computation.open(computation.folder, *computation.settings)
