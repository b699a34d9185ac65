"""Making what was written survive a power failure: files, folders, whole trees.

``fsync`` of a file stores its contents; the name of a new or renamed file is stored by ``fsync`` of its folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

#: What systems answer that can't open or synchronise a folder. The names are then as durable as they can be there.
_NOT_FOR_FOLDERS = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES}


def sync_file(path: Path) -> None:
    """Store the contents of a file on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Store the names in a folder on the disk: of files that were created in it, renamed or removed. Raises OSError."""
    try:
        sync_file(folder)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS:
            raise


def sync_tree(folder: Path) -> None:
    """Store a folder with everything in it on the disk; the name of the folder itself belongs to its parent."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                sync_file(Path(place, name))
        sync_folder(Path(place))


def replace(source: Path, target: Path) -> None:
    """Give a file or folder another name, durably; a file that is at ``target`` is replaced. Raises OSError."""
    source.replace(target)
    sync_folder(target.parent)
    if source.parent != target.parent:
        sync_folder(source.parent)
