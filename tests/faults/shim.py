"""The preloaded library ``shim.c`` as seen from Python: compile it, start a program under it, arm one fault."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

CALLS = ("write", "fsync", "rename", "open")
#: What a faulty call does: an error number, or minus the number of a signal.
ACTIONS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "kill": -signal.SIGKILL}
_SOURCE = Path(__file__).with_name("shim.c")
_VARIABLE = "MORPHOSCOPE_FAULT_SHIM"


@dataclasses.dataclass(frozen=True)
class Fault:
    """The ``at``-th call of a kind below a folder fails; a sticky one, and every later call of the kind, too."""

    call: str
    at: int
    action: str
    sticky: bool = False

    def __str__(self) -> str:
        return f"{self.action} at {self.call} {self.at}{' and later' if self.sticky else ''}"


def compile_shim(folder: Path) -> Path:
    """The compiled library; raises CalledProcessError or FileNotFoundError where there is no C compiler."""
    library = folder / "shim.so"
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


def environment(library: Path) -> dict[str, str]:
    """The environment of a program that can be armed."""
    threads = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # a forked child can't use its parent's threads
    return {**os.environ, **threads, "LD_PRELOAD": str(library), _VARIABLE: str(library), "PYTHONHASHSEED": "0"}


def run_below(library: Path, *arguments: str) -> int:
    """Run ``python -m tests.faults`` again below the library; an interruption ends it first."""
    process = subprocess.Popen([sys.executable, "-m", "tests.faults", *arguments], env=environment(library))
    try:
        return process.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired):  # a terminal interrupts both
            return process.wait(timeout=10)
        process.send_signal(signal.SIGINT)
        return process.wait()


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(os.environ[_VARIABLE])
    library.fault_count.restype = ctypes.c_long
    return library


def is_preloaded() -> bool:
    """Whether this process was started below the library."""
    return _VARIABLE in os.environ


def arm(folder: Path, fault: Fault | None) -> None:
    """Count calls below a folder from now on, and let one of them fail."""
    fault = fault or Fault("write", -1, "EIO")
    kind, action = CALLS.index(fault.call), ACTIONS[fault.action]
    _library().fault_arm(str(folder).encode(), kind, ctypes.c_long(fault.at), action, int(fault.sticky))


def counts() -> dict[str, int]:
    """Calls of each kind since :func:`arm`."""
    library = _library()
    return {call: library.fault_count(kind) for kind, call in enumerate(CALLS)}


def shift_clock(calls: int, seconds: int) -> None:
    """Let the time of day jump by some seconds after some readings of it."""
    _library().fault_clock(ctypes.c_long(calls), ctypes.c_long(seconds))
