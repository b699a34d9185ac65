"""The operating system's lock on an open file: it ends when the file is closed, so also when the process dies."""

from __future__ import annotations

import errno
import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # on systems other than Unix, which are treated as file systems without locks
    fcntl = None  # type: ignore[assignment]

_UNSUPPORTED = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}


def try_lock(handle: int) -> bool | None:
    """Lock an open file; False if another open file has the lock, None where the file system has no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        if error.errno in _UNSUPPORTED:
            return None
        raise
    return True


def open_locked(path: Path) -> tuple[int, bool] | None:
    """Create or open a file and lock it; None if another process or thread has the lock.

    Returns
    -------
    tuple
        The handle, and whether the lock is real: false where the file system has no locks.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            locked = try_lock(handle)
            if locked is not False and _is_at(handle, path):
                return handle, locked is True
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
        if locked is False:
            return None


def remove_unlocked(path: Path) -> bool:
    """Remove a file unless a process has a lock on it, or the file system has no locks; returns whether it is gone."""
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if try_lock(handle) is not True:
            return False
        path.unlink(missing_ok=True)  # while it is locked: nobody who has just locked it loses it
        return True
    finally:
        os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    """Whether the open file is still the one of that name: its last holder may have removed it in between."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False
