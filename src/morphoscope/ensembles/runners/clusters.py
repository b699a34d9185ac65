"""Connect to a cluster that is named by a text, or given as a client of Dask."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.core.extras import require
from morphoscope.ensembles.runners.dispatch import each_loss_is_reported
from morphoscope.ensembles.runners.slurm import read_profile, slurm_cluster

if TYPE_CHECKING:
    from distributed import Client as Client  # the face of operations names it, too

EXPECTED = "expected tcp://HOST:PORT, local:PROCESSES or slurm:PROFILE.yaml"
_ADDRESSES = ("tcp://", "tls://", "ws://", "wss://", "ucx://", "inproc://")
CONNECT_SECONDS = 30.0  # how long a scheduler may take to answer, at first and after the connection was lost
_CLOSE_SECONDS = 10.0


@contextlib.contextmanager
def connected(cluster: str | Client) -> Iterator[Client]:
    """A client of the cluster. What was started here is closed at the end; a client that was given stays open.

    Raises UsageError for another text, for a scheduler that does not answer, and for a profile that is wrong.
    """
    check_cluster(cluster)
    if not isinstance(cluster, str):
        yield cluster
        return
    kind, _, rest = cluster.partition(":")
    with _quiet():
        if kind == "local":
            yield from _started(_local(int(rest)))
        elif kind == "slurm":
            yield from _started(slurm_cluster(Path(rest)))
        else:
            yield from _at_address(cluster)


def check_cluster(cluster: str | Client) -> None:
    """Raise UsageError for what names no cluster, before anything is started or written."""
    require("cluster")
    from distributed import Client

    if isinstance(cluster, Client):
        if cluster.asynchronous:
            raise UsageError("the client is asynchronous; expected one that waits, distributed.Client(…)")
        return
    if not isinstance(cluster, str):
        raise UsageError(f"cluster {cluster!r} is neither a text nor a distributed.Client; {EXPECTED}")
    kind, _, rest = cluster.partition(":")
    if kind == "local":
        if not rest.isdecimal() or int(rest) < 1:
            raise UsageError(f"cluster {cluster!r} names no number of processes; expected 1 or more, as in local:4")
    elif kind == "slurm":
        read_profile(Path(rest))
    elif not cluster.startswith(_ADDRESSES):
        raise UsageError(f"cluster {cluster!r} is unknown; {EXPECTED}")


def has_address(cluster: str | Client) -> bool:
    """Whether the cluster is a scheduler that runs already."""
    return not isinstance(cluster, str) or cluster.startswith(_ADDRESSES)


def _at_address(address: str) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"no scheduler answers at {address} ({' '.join(str(error).split())}); start one with `dask scheduler`, or "
            "correct the address"
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=_CLOSE_SECONDS)


def _started(cluster: Any) -> Iterator[Client]:
    from distributed import Client

    try:
        with Client(cluster, timeout=CONNECT_SECONDS, set_as_default=False) as client:
            yield client
    finally:
        cluster.close(timeout=_CLOSE_SECONDS)


def _local(number: int) -> Any:
    """Processes on this machine, which share its cores."""
    from distributed import LocalCluster

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with each_loss_is_reported():
        return LocalCluster(
            n_workers=number,
            threads_per_worker=max(1, cores // number),
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            preload="morphoscope.ensembles.runners.preload",
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the log lines of Dask, which repeat with tracebacks what is reported in one line."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
