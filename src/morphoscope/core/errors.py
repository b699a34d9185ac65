"""Errors that a user can correct: one line each, exit code 2 on the command line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """Invalid input. The message states what was given, what was expected, and what to do.

    Parameters
    ----------
    message
        One line for the user. It names no command-line option.
    parameter
        The Python argument that solves the problem, such as ``overwrite``. The command line adds the option of that
        name.
    operation
        The public function that solves the problem, such as ``scan``. The command line adds the command.
    """

    def __init__(self, message: str, *, parameter: str | None = None, operation: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.operation = operation


class DataError(UsageError):
    """A file or folder is damaged, of another kind, or in a newer format than this version reads.

    Parameters
    ----------
    message
        One line for the user.
    parameter
        The Python argument that solves the problem.
    operation
        The public function that solves the problem.
    """


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an 'unknown …' message: the nearest known name, or all known names."""
    names = {k.casefold(): k for k in sorted(known)}
    close = difflib.get_close_matches(name.casefold(), names, n=1)
    return f"did you mean {names[close[0]]!r}?" if close else f"known: {', '.join(names.values())}"
