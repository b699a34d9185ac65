"""Preloaded by the local workers of a cluster: the keys that interrupt a command must not end its workers first."""

from __future__ import annotations

import contextlib
import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Leave SIGINT and SIGHUP to the coordinating process, which lets the workers end when their runs are stored."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            with contextlib.suppress(ValueError):  # outside the main thread
                signal.signal(getattr(signal, name), signal.SIG_IGN)
