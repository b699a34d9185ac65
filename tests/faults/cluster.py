"""The campaign ``workers``: workers killed, schedulers killed and restarted, pauses of the network, during scans."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults.progress import Progress
from tests.faults.tally import Tally

WORKERS = 2
PAUSE = 2.0  # seconds of a pause
A_SCAN = 5  # disturbances of one scan, at most
#: Disturbs a cluster, with random numbers; False if nothing was hit.
Disturb = Callable[["Cluster", random.Random], bool]


def workers(folder: Path, trials: int, progress: Progress) -> Iterator[Tally]:
    """``trials`` killed workers, and a tenth as many of the other disturbances; each scan must end with equal bits."""
    import morphoscope

    points = {"f": (0.02, 0.06, 20), "k": (0.05, 0.065, 10)}
    plan = morphoscope.scan_plan("gray-scott", grid=points, size=128, until=20_000, dt=1)
    expected = _content(morphoscope.ensemble(plan, folder / "expected").folder)
    few = max(1, trials // 10)
    kinds: list[tuple[str, int, Disturb]] = [
        ("worker killed", trials, lambda cluster, chance: cluster.kill_worker(chance)),
        ("worker paused", few, lambda cluster, chance: cluster.pause_worker(chance)),
        ("scheduler paused", few, lambda cluster, _: cluster.pause(cluster.scheduler.pid)),
        ("scheduler restarted", few, lambda cluster, _: cluster.restart()),
        ("scheduler killed", few, lambda cluster, _: cluster.kill_scheduler()),
    ]
    kinds = [kind for kind in kinds if progress.wants(kind[0])]
    progress.start(sum(count for _, count, _ in kinds))
    for kind, count, disturb in kinds:
        tally = Tally(kind, "ensemble on a cluster")
        for scan in itertools.count():
            if (left := count - tally.trials) <= 0:
                break
            scanned = _Scan(plan, folder / f"{kind}-{scan}", expected, disturb, min(left, A_SCAN))
            progress.trial(tally, f"scan {scan}", scanned.carry_out)
        progress.row(tally)
        yield tally


@dataclasses.dataclass
class _Scan:
    """One scan that is disturbed until it ends, at most ``most`` times; what hit nothing is no trial."""

    plan: Any
    folder: Path
    expected: dict[str, bytes]
    disturb: Disturb
    most: int

    def carry_out(self, tally: Tally) -> None:
        with Cluster() as cluster:
            over = threading.Event()
            disturber = threading.Thread(target=self._keep_disturbing, args=(cluster, tally, over), daemon=True)
            disturber.start()
            try:
                ended = self._end(tally, cluster)
            finally:
                over.set()
                disturber.join()
        if ended:
            tally.as_before += tally.trials
        else:
            tally.refused += tally.trials
        if _content(self.folder) == self.expected:
            tally.redone += tally.trials
        else:
            tally.fail(self.folder.name, "other data")

    def _end(self, tally: Tally, cluster: Cluster) -> bool:
        """Whether the scan ended well; if not, it is continued by threads."""
        import morphoscope
        from morphoscope.core.errors import UsageError

        try:
            morphoscope.ensemble(self.plan, self.folder, cluster=cluster.address)
        except UsageError as error:
            if cluster.scheduler.poll() is None or "the same call continues" not in str(error):
                tally.fail(self.folder.name, str(error))
            morphoscope.ensemble(self.plan, self.folder)
            return False
        return True

    def _keep_disturbing(self, cluster: Cluster, tally: Tally, over: threading.Event) -> None:
        while not (self.folder / "data.zarr").is_dir() and not over.wait(0.05):
            pass
        chance = random.Random(self.folder.name)
        while not over.wait(chance.uniform(0.2, 2.0)) and tally.trials < self.most:
            tally.trials += self.disturb(cluster, chance)
            if cluster.scheduler.poll() is not None:
                return


def _content(folder: Path) -> dict[str, bytes]:
    """The bytes of plan and data; nothing else may be there."""
    found = (path for path in folder.rglob("*") if path.is_file())
    kept = (path for path in found if not path.name.startswith(("ledger", "provenance")))
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


class Cluster:
    """A scheduler and workers in processes of their own."""

    def __enter__(self) -> Cluster:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._all: list[subprocess.Popen[bytes]] = []
        self._start()
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._all:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGCONT)
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(self) -> None:
        place = ["--port", str(self.port), "--host", "127.0.0.1"]
        self.scheduler = self._process("dask_scheduler", *place, "--no-dashboard", "--no-show")
        self.nannies = [self._nanny() for _ in range(WORKERS)]

    def _nanny(self) -> subprocess.Popen[bytes]:
        return self._process("dask_worker", self.address, "--nthreads", "1")

    def _process(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self._all.append(process)
        return process

    def worker_processes(self) -> list[int]:
        """The processes below the nannies that simulate."""
        import psutil

        # A nanny whose worker is killed while it starts ends, too; a supervisor starts another.
        self.nannies = [nanny if nanny.poll() is None else self._nanny() for nanny in self.nannies]
        found = []
        for nanny in self.nannies:
            with contextlib.suppress(psutil.Error):
                children = psutil.Process(nanny.pid).children(recursive=True)
                found += [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]
        return found

    def simulating(self) -> list[int]:
        """The workers that hold runs now, according to the scheduler."""
        from distributed import Client

        with Client(self.address, timeout=5) as client:
            addresses = [address for address, tasks in client.processing().items() if tasks]
            return list(client.run(os.getpid, workers=addresses).values()) if addresses else []

    def kill_worker(self, chance: random.Random) -> bool:
        """Kill a worker that simulates; its nanny starts another. False if none does."""
        try:
            os.kill(chance.choice(self.simulating()), signal.SIGKILL)
        except (IndexError, OSError, RuntimeError):
            self.worker_processes()  # a supervisor starts what has ended
            return False
        return True

    def pause_worker(self, chance: random.Random) -> bool:
        """Stop a worker for a while."""
        found = self.worker_processes()
        return bool(found) and self.pause(chance.choice(found))

    def pause(self, process: int) -> bool:
        """Stop a process for a while, as if its network were interrupted. False if it has ended."""
        try:
            os.kill(process, signal.SIGSTOP)
            time.sleep(PAUSE)
            os.kill(process, signal.SIGCONT)
        except ProcessLookupError:
            return False
        return True

    def kill_scheduler(self) -> bool:
        """End the scheduler; it does not come back."""
        self.scheduler.kill()
        self.scheduler.wait()
        return True

    def restart(self) -> bool:
        """End the scheduler, and start it and workers again, as a supervisor does."""
        self.kill_scheduler()
        time.sleep(1.0)
        self._start()
        return True
