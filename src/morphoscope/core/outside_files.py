"""Files that come from outside: only regular files of bounded size are read.

A pipe or a device, such as ``/dev/zero``, would block or never end.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from morphoscope.core.errors import DataError

MIB = 2**20
#: A table with a million rows of 250 characters.
MAX_TABLE_BYTES = 256 * MIB
#: A JSON document of that size needs about 10 GiB of memory when it is read.
MAX_JSON_BYTES = 1024 * MIB

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
}


def check_file(path: Path, expected: str, max_bytes: int | None = None) -> int:
    """The size of a file. Raises DataError, which names what was ``expected``, unless it is regular and not too large.

    Parameters
    ----------
    path
        The file.
    expected
        What the file should be, with its article.
    max_bytes
        The largest size that is read.

    Returns
    -------
    int
        Bytes.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{path} does not exist; expected {expected}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{str(path)[:300]!r} can't be read ({_reason(error)}); expected {expected}") from error
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "a special file")
        raise DataError(f"{path} is {kind}; expected {expected} in a regular file")
    if max_bytes is not None and found.st_size > max_bytes:
        raise DataError(f"{path} has {found.st_size:,} bytes; at most {max_bytes:,} are read; expected {expected}")
    return found.st_size


def read_bytes(path: Path, expected: str, max_bytes: int) -> bytes:
    """The content of a file. Raises DataError unless it is regular, not too large, and can be read."""
    check_file(path, expected, max_bytes)
    try:
        # O_NONBLOCK: a pipe that has taken the file's place since does not block.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise DataError(f"{path} can't be read ({_reason(error)}); expected {expected}") from error
    if len(content) > max_bytes:
        raise DataError(f"{path} has more than {max_bytes:,} bytes; expected {expected}")
    return content


def read_text(path: Path, expected: str, max_bytes: int) -> str:
    """The text of a UTF-8 file, with or without a byte order mark. Raises DataError if it is something else."""
    try:
        return read_bytes(path, expected, max_bytes).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
