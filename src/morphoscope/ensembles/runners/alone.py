"""Simulate runs that may end their process in one of their own: ``python -m … FOLDER ENGINE OUT PARENT RUN …``."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.ensembles.ledger import Entry
from morphoscope.ensembles.runners.base import Outcome, Worker

#: A run whose own process has ended so often before the run did is recorded as failed.
ATTEMPTS = 3
_ENTRY = "entry"
_POLL_SECONDS = 0.2


def simulate_alone(folder: str, engine: str, runs: Sequence[int], stop: threading.Event) -> list[Outcome]:
    """Simulate runs one after another in a process; after its death, the rest in a new one.

    A run during which the process ends :data:`ATTEMPTS` times is failed, without snapshots. Runs that are given up
    because ``stop`` is set are left out.
    """
    outcomes: list[Outcome] = []
    attempts = 0
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        while len(outcomes) < len(runs) and not stop.is_set():
            before = len(outcomes)
            _work_through(folder, engine, place, runs[before:], stop)
            for run in runs[before:]:
                if (found := _read(place, run)) is None:
                    break
                outcomes.append(found)
            attempts = 1 if len(outcomes) > before else attempts + 1
            if attempts >= ATTEMPTS and len(outcomes) < len(runs) and not stop.is_set():
                outcomes.append(Outcome(Entry(runs[len(outcomes)], "failed", None, 0, 0.0), {}))
                attempts = 0
    return outcomes


def _work_through(folder: str, engine: str, place: Path, runs: Sequence[int], stop: threading.Event) -> None:
    """A process that simulates runs until it has done all, has died, or is to stop."""
    command = [sys.executable, "-m", __name__, folder, engine, str(place), str(os.getpid()), *map(str, runs)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        while process.poll() is None:
            try:
                process.wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if stop.is_set():
                    process.kill()


def _read(place: Path, run: int) -> Outcome | None:
    path = place / f"{run}.npz"
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as stored:
        snapshots: dict[str, NDArray[Any]] = {name: stored[name] for name in stored.files if name != _ENTRY}
        return Outcome(Entry(**json.loads(str(stored[_ENTRY]))), snapshots)


def _main(folder: str, engine: str, place: str, parent: str, *runs: str) -> None:
    with contextlib.suppress(OSError):  # where memory runs out, Linux ends this process before the worker
        Path("/proc/self/oom_score_adj").write_text("1000")
    worker = Worker.of(folder, engine)
    for run in runs:
        if os.getppid() != int(parent):
            return  # nobody waits for it any more
        outcome = worker.simulate(int(run))
        assert outcome is not None
        part = Path(place) / f"{run}.part.npz"
        entry = np.array(json.dumps(dataclasses.asdict(outcome.entry)))
        np.savez(part, allow_pickle=False, **outcome.snapshots, **{_ENTRY: entry})
        part.replace(Path(place) / f"{run}.npz")


if __name__ == "__main__":
    _main(*sys.argv[1:])
