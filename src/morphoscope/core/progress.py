"""Progress reports of long computations.

Internal functions report nothing unless they are given a reporter. Public functions show a bar in a notebook
(``AUTO``). The command line passes a reporter that prints.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from typing import Protocol


class Task(Protocol):
    """One long computation."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """Report that ``count`` more units are done; ``note`` is a short remark on the progress."""
        ...


class Reporter(Protocol):
    """Shows the progress of tasks, and messages, to a person."""

    def task(self, title: str, total: int, unit: str, done: int = 0) -> contextlib.AbstractContextManager[Task]:
        """A task of ``total`` units, of which ``done`` were done before."""
        ...

    def message(self, text: str) -> None:
        """Show one line."""
        ...


class _SilentTask:
    def advance(self, count: int = 1, note: str = "") -> None:
        """Show nothing."""


class Silent:
    """A reporter that shows nothing."""

    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
        """A task that shows nothing."""
        yield _SilentTask()

    def message(self, text: str) -> None:
        """Show nothing."""

    def __repr__(self) -> str:
        """Short, since signatures show it."""
        return "SILENT"


SILENT = Silent()


class Automatic:
    """A reporter that shows bars in a notebook and nothing in a script."""

    def task(self, title: str, total: int, unit: str, done: int = 0) -> contextlib.AbstractContextManager[Task]:
        """A task of the notebook's reporter, or of the silent one."""
        return _current_reporter().task(title, total, unit, done)

    def message(self, text: str) -> None:
        """Show one line in a notebook."""
        _current_reporter().message(text)

    def __repr__(self) -> str:
        """Short, since signatures show it."""
        return "AUTO"


AUTO = Automatic()


def _current_reporter() -> Reporter:
    """The reporter for this call, not for the process: it can be called from a notebook cell and from elsewhere."""
    if not in_notebook():
        return SILENT
    from morphoscope.core.reporters import NotebookReporter

    return NotebookReporter()


def in_notebook() -> bool:
    """Whether this code runs in the kernel of a notebook, which shows objects as HTML."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def warn(progress: Reporter, text: str) -> None:
    """Warn of a doubtful result: through the reporter that was given, or as a Python warning if none was given."""
    if progress is AUTO:
        warnings.warn(text, UserWarning, stacklevel=3)
    else:
        progress.message(text)
