"""How long work reports where it is. The library is silent; the command line passes a reporter that prints."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol


class Task(Protocol):
    """One piece of long work."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """``count`` more units are done; ``note`` is a word on how it goes."""
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
    """The reporter of library calls."""

    @contextlib.contextmanager
    def task(self, title: str, total: int, unit: str, done: int = 0) -> Iterator[Task]:
        """A task that shows nothing."""
        yield _SilentTask()

    def say(self, text: str) -> None:
        """Nothing to show."""


SILENT = Silent()


def in_notebook() -> bool:
    """Whether this code runs in the kernel of a notebook, which shows objects as HTML."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")
