"""The errors that a user can mend: one line each, exit code 2 on the command line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """Something that came from the user can't be used: says what came, what was expected, what to do.

    Parameters
    ----------
    message
        One line for the user. It names no command-line option.
    parameter
        The Python argument that mends it, such as ``overwrite``. The command line adds the option of that name.
    operation
        The public function that mends it, such as ``scan``. The command line adds the command.
    """

    def __init__(self, message: str, *, parameter: str | None = None, operation: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.operation = operation


class DataError(UsageError):
    """A file or folder is damaged, of another kind, or of a newer format than this version reads.

    Parameters
    ----------
    message
        One line for the user.
    parameter
        The Python argument that mends it.
    operation
        The public function that mends it.
    """


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an 'unknown …' line: the nearest known name, or all of them."""
    names = {k.casefold(): k for k in sorted(known)}
    close = difflib.get_close_matches(name.casefold(), names, n=1)
    return f"did you mean {names[close[0]]!r}?" if close else f"known: {', '.join(names.values())}"
