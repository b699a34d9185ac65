"""How long work reports its progress.

Internal functions are silent unless they are given a reporter. Public functions show a bar in a notebook (``AUTO``);
the command line passes a reporter that prints.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from typing import Protocol


class Task(Protocol):
    """One piece of long work."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """``count`` more units are done; ``note`` is a short remark on the progress."""
        ...


class Reporter(Protocol):
    """Shows tasks and stage messages to a person."""

    def task(self, title: str, total: int, unit: str, done: int = 0) -> contextlib.AbstractContextManager[Task]:
        """A task of ``total`` units, of which ``done`` were done before."""
        ...

    def say(self, text: str) -> None:
        """One line about a stage."""
        ...


class _SilentTask:
    def advance(self, count: int = 1, note: str = "") -> None:
        """Nothing to show."""


class Silent:
    """Shows nothing."""

    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
        """A task that shows nothing."""
        yield _SilentTask()

    def say(self, text: str) -> None:
        """Nothing to show."""

    def __repr__(self) -> str:
        """Short, since it stands in signatures."""
        return "SILENT"


SILENT = Silent()


class Automatic:
    """Shows bars in a notebook and nothing in a script."""

    def task(self, title: str, total: int, unit: str, done: int = 0) -> contextlib.AbstractContextManager[Task]:
        """A task of the reporter that fits."""
        return _fitting().task(title, total, unit, done)

    def say(self, text: str) -> None:
        """One line, in a notebook."""
        _fitting().say(text)

    def __repr__(self) -> str:
        """Short, since it stands in signatures."""
        return "AUTO"


AUTO = Automatic()


def _fitting() -> Reporter:
    """Decided at each use: one process can be asked both from a notebook's cell and otherwise."""
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
    """Say that a result is doubtful: by the reporter that was given, or as a Python warning if none was."""
    if progress is AUTO:
        warnings.warn(text, UserWarning, stacklevel=3)
    else:
        progress.say(text)
