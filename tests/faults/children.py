"""Forked children that run a piece of work: quick, because everything is imported and compiled once, in the parent."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import select
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults import shim

LIMIT = 60.0  # seconds that a child may take
Work = Callable[[], Any]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a child ended: exit code (minus a signal's number), what it printed, the value that it returned."""

    code: int
    text: str = ""
    value: Any = None
    calls: dict[str, int] = dataclasses.field(default_factory=dict)

    @property
    def in_one_line(self) -> bool:
        """Whether it refused as commands do: exit code 2 and one line."""
        errors = [line for line in self.text.splitlines() if line.startswith("error: ")]
        return self.code == 2 and len(errors) == 1 and "Traceback" not in self.text


def command(*arguments: str) -> Work:
    """The work of one command."""

    def work() -> None:
        from morphoscope.cli import main

        main(list(arguments))

    return work


class Child:
    """A forked process that works; :meth:`wait` returns how it ended."""

    def __init__(self, work: Work, report: Path, *, below: Path | None = None, fault: shim.Fault | None = None) -> None:
        self.report = report
        report.unlink(missing_ok=True)
        # Until the child is ready, a signal would raise in its copy of the campaign, which then removes the folders.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        self.pid = os.fork()
        if self.pid == 0:
            _work(work, report, below, fault)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def send(self, number: int) -> None:
        """Send a signal; a process that has ended is left alone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self) -> Outcome:
        """Wait for its end; one that hangs is killed and reported as code -SIGALRM."""
        try:
            status = self._status()
        except KeyboardInterrupt:
            self._kill()
            raise
        if status is None:
            self._kill()
            return Outcome(-signal.SIGALRM, "hangs")
        code = os.waitstatus_to_exitcode(status)
        if not self.report.is_file():
            return Outcome(code)
        values = json.loads(self.report.read_text())
        return Outcome(code, values["text"], values["value"], values["calls"])

    def _status(self) -> int | None:
        """The status of the ended process; None if it takes too long."""
        ended = os.pidfd_open(self.pid)
        try:
            if not select.select([ended], [], [], LIMIT)[0]:
                return None
        finally:
            os.close(ended)
        return os.waitpid(self.pid, 0)[1]

    def _kill(self) -> None:
        self.send(signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def run(work: Work, report: Path, **settings: Any) -> Outcome:
    """Do a piece of work in a child and wait for it."""
    return Child(work, report, **settings).wait()


def _work(work: Work, report: Path, below: Path | None, fault: shim.Fault | None) -> None:
    """The child's life; ends the process."""
    code, value, printed = 0, None, io.StringIO()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):  # a campaign in the background may ignore them
        signal.signal(number, signal.SIG_DFL)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            if below is not None:
                shim.arm(below, fault)
            try:
                if _may_begin():
                    value = work()
                else:
                    code = 130
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            except BaseException:
                code = 1
                traceback.print_exc()
        calls = shim.counts() if below is not None else {}
        report.write_text(json.dumps({"text": printed.getvalue(), "value": value, "calls": calls}))
    finally:
        os._exit(code)


def _may_begin() -> bool:
    """Let interruptions in; False if one has come already."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    except KeyboardInterrupt:
        return False
    return True
