"""What many runs cost: opening a plan of a million runs, overhead, memory and open files of an ensemble of tiny runs.

python benchmarks/scale.py [RUNS]     # of the ensemble, by default 100,000
"""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import morphoscope
from morphoscope.ensembles import Ensemble, Plan, carry_out
from morphoscope.models import Model

MILLION = 1_000_000
NAMES = tuple(f"p{number}" for number in range(10))


def model() -> Model:
    """Ten parameters, and a reaction that costs nothing."""
    terms = " + ".join(f"{name}*u" for name in NAMES)
    defaults = dict.fromkeys(NAMES, 0.1)
    return Model(name="tiny", reaction={"u": f"-({terms})"}, defaults=defaults, initial="noise", dt=0.1, shown=None)


def tiny_plan(runs: int) -> Plan:
    """Runs of 8 × 8 cells and two steps."""
    ranges = dict.fromkeys(NAMES, (0.0, 0.2))
    return morphoscope.scan_plan(model(), sample=f"lhs:{runs}", ranges=ranges, size=8, until=0.2, times=[0.2])


def peak() -> float:
    """The largest memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def now() -> float:
    """The memory of this process at present, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Watching:
    """A reporter that notes memory and open files at a tenth and at the end."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.seen: dict[int, tuple[float, int]] = {}

    def task(self, *_: object, **__: object) -> Watching:
        return self

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def message(self, text: str) -> None:
        print(text)

    def advance(self, count: int = 1, note: str = "") -> None:
        self.done += count
        if self.done in (self.total // 10, self.total):
            self.seen[self.done] = (now(), len(list(Path("/proc/self/fd").iterdir())))


def opening(folder: Path) -> None:
    """In a fresh process: open, states, hash."""
    begin = time.process_time()
    ensemble = Ensemble(folder)
    states = ensemble.states()
    seconds = time.process_time() - begin
    print(f"open: {len(states)} runs, {seconds:.2f} s CPU, peak {peak():.0f} MiB; {ensemble.plan.hash[:8]}")


def plan_of_a_million(folder: Path) -> None:
    """Build, hash and save a plan; fill its ledger; open it in a process of its own."""
    begin = time.process_time()
    plan = tiny_plan(MILLION)
    built = time.process_time()
    _ = plan.hash
    hashed = time.process_time()
    ensemble = Ensemble.create(plan, folder)
    made = time.process_time()
    print(f"build {built - begin:.2f} s, hash {hashed - built:.2f} s, create {made - hashed:.2f} s CPU")
    with sqlite3.connect(ensemble.ledger.path) as connection:
        connection.executemany("INSERT INTO runs VALUES (?, 'done', NULL, 2, 0.001)", ((i,) for i in range(MILLION)))
    subprocess.run([sys.executable, __file__, "--open", str(folder)], check=True)


def ensemble_of_tiny_runs(folder: Path, runs: int) -> None:
    """Simulate; overhead, memory, files."""
    watching = Watching(runs)
    plan = tiny_plan(runs)
    begin, wall = time.process_time(), time.perf_counter()
    carry_out(plan, folder, progress=watching)
    print(f"{runs} runs: {(time.process_time() - begin) / runs * 1e3:.2f} ms CPU, "
          f"{(time.perf_counter() - wall) / runs * 1e3:.2f} ms a run")  # fmt: skip
    for done, (memory, files) in watching.seen.items():
        print(f"after {done} runs: {memory:.0f} MiB, {files} open files")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--open"]:
        opening(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["--tiny"]:
        ensemble_of_tiny_runs(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        with tempfile.TemporaryDirectory() as place:
            plan_of_a_million(Path(place) / "million")
            count = sys.argv[1] if sys.argv[1:] else "100000"
            subprocess.run([sys.executable, __file__, "--tiny", f"{place}/tiny", count], check=True)
