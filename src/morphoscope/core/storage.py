"""Files and folders: written completely or not at all, durably, and never over files of another kind."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morphoscope.core.checksums import ENTRY, document_hash
from morphoscope.core.durability import replace, sync_file, sync_tree
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.file_locks import open_locked, remove_unlocked
from morphoscope.core.locking import LockedError, folder_lock, is_lock, remove_free_lock
from morphoscope.core.outside_files import MAX_JSON_BYTES, check_file

_SWAP_SECONDS = 5.0  # to wait for another process that exchanges a folder, which takes milliseconds


def write_json(path: Path, values: Any) -> None:
    """Write JSON atomically: a reader sees the old file or the new one.

    An object gets the entry ``sha256``, by which :func:`read_json` tells whether the rest of it was changed.
    """
    if isinstance(values, dict):
        values = {**values, ENTRY: document_hash(json.dumps(values, allow_nan=False))}
    text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with staged_file(path) as part:
        part.write_text(text, encoding="utf-8")


def read_json(path: Path, expected: str) -> Any:
    """Read a JSON file, without the entry ``sha256``, which is verified if the file has one.

    Raises DataError, which names what was ``expected``.
    """
    check_file(path, expected, MAX_JSON_BYTES)
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged ({error}); expected {expected}") from error
    if isinstance(values, dict) and values.pop(ENTRY, None) not in (None, document_hash(text)):
        raise DataError(
            f"{path} was changed or damaged since it was written (its SHA-256 differs); if you have changed it "
            f'yourself, remove its entry "{ENTRY}"; otherwise restore it or make it again'
        )
    return values


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a file system error into a UsageError that names ``path``, which the body writes, and a remedy.

    An error that names an unrelated file, such as one that the body reads, is passed on unchanged.
    """
    try:
        yield
    except OSError as error:
        name = error.filename
        if name is not None and not (_concerns(str(name), path) or _concerns(str(name), path.resolve())):
            raise
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> UsageError:
    """The line for an error of the file system at ``path``."""
    return UsageError(f"can't write {path}: {_reason(error)}; {_REMEDIES.get(error.errno or 0, _OTHER)}")


_OTHER = "choose another location"
_REMEDIES = {
    errno.ENOSPC: "free some space, or choose another disk",
    errno.EDQUOT: "free some space, or choose another disk",
    errno.EROFS: "choose a writable folder",
    errno.EACCES: "choose a folder that you have permission to write to",
    errno.EPERM: "choose a folder that you have permission to write to",
}


def _reason(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()


def _concerns(name: str, path: Path) -> bool:
    """Whether a file is ``path`` itself, is inside it, is its folder, or is a temporary file next to it."""
    file, folder = Path(name).absolute(), path.absolute().parent
    if not file.is_relative_to(folder):
        return False
    first = "".join(file.relative_to(folder).parts[:1])
    return first in ("", path.name) or first.startswith(f".{path.name}.")


@contextlib.contextmanager
def staged_file(path: Path) -> Iterator[Path]:
    """A temporary file next to ``path`` that replaces it, durably, when the body ends without an error.

    Temporary files that killed processes left for the same path are removed.
    """
    make_parent(path)
    with writing(path):
        for left in _left_over(path, path.suffix):
            remove_unlocked(left)
        part, handle = _claimed(path)
        try:
            yield part
            sync_file(part)
            replace(part, path)
        finally:
            os.close(handle)
            part.unlink(missing_ok=True)


def _claimed(path: Path) -> tuple[Path, int]:
    """A new temporary file next to ``path``, locked, so that other processes see that it is in use."""
    while True:
        part = path.with_name(_temporary_name(path, path.suffix))
        if claimed := open_locked(part):
            return part, claimed[0]


@contextlib.contextmanager
def staged_folder(folder: Path, marker: str, *, overwrite: bool) -> Iterator[Path]:
    """A temporary folder that replaces ``folder``, durably, when the body ends without an error.

    ``marker`` is the file that identifies folders of this kind. An earlier result is set aside and removed only
    after the new one is in its place. Meanwhile the folder is locked. Raises UsageError if ``folder`` contains
    other files or, unless ``overwrite``, an earlier result.
    """
    _check_unlocked(folder, marker, overwrite=overwrite)
    make_parent(folder)
    with writing(folder), folder_lock(folder, "writing") as certain:
        folder = folder.resolve()
        _put_back(folder)
        check_output(folder, marker, overwrite=overwrite)
        if certain:
            for left in _left_over(folder):
                shutil.rmtree(left, ignore_errors=True)
        part = folder.with_name(_temporary_name(folder))
        part.mkdir()
        try:
            yield part
            sync_tree(part)
            _swap(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _check_unlocked(folder: Path, marker: str, *, overwrite: bool) -> None:
    """Check a folder before it is locked; one that is refused keeps no lock's file of a killed process."""
    try:
        check_output(folder, marker, overwrite=overwrite)
    except UsageError:
        remove_free_lock(folder)
        raise


@contextlib.contextmanager
def reserved(folder: Path | None, marker: str, purpose: str, *, overwrite: bool) -> Iterator[None]:
    """Lock a folder that long work will write, from the beginning, so that a second process learns it at once.

    ``marker`` and ``overwrite`` are as in :func:`staged_folder`, which the body may enter for the same folder; without
    a folder nothing happens. Raises UsageError.
    """
    if folder is None:
        yield
        return
    _check_unlocked(folder, marker, overwrite=overwrite)
    check_writable(folder)
    make_parent(folder)
    with contextlib.ExitStack() as stack:
        with writing(folder):
            stack.enter_context(folder_lock(folder, purpose))
            _put_back(folder.resolve())
        check_output(folder, marker, overwrite=overwrite)
        yield


def _swap(part: Path, folder: Path) -> None:
    """Put a folder in the place of another one. If that fails, the other one stays or goes back."""
    aside = _aside(folder)
    if not folder.exists():
        replace(part, folder)
        return
    shutil.rmtree(aside, ignore_errors=True)  # of an overwriting that was interrupted at the end; see _put_back
    folder.rename(aside)
    try:
        replace(part, folder)
    except BaseException:
        if not folder.exists():
            aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def recover(folder: Path) -> None:
    """Put back what a process that was killed while it overwrote ``folder`` had set aside; else do nothing.

    Functions that open a folder call this first. Raises DataError, naming where the folder is, if it can't be put back.
    """
    aside = _aside(folder.resolve())
    if not is_vacant(folder) or not aside.is_dir():
        return
    try:
        with folder_lock(folder, "restoring", wait=_SWAP_SECONDS):
            _put_back(folder.resolve())
    except (OSError, LockedError) as error:
        raise DataError(
            f"overwriting {folder} was interrupted; what was in it is in {aside}; rename that folder ({error})"
        ) from error


def _put_back(folder: Path) -> None:
    """Under the lock: end an exchange of folders that was interrupted."""
    aside = _aside(folder)
    if aside.is_dir() and is_vacant(folder):
        if folder.exists():
            shutil.rmtree(folder)  # vacant: somebody has made it since
        replace(aside, folder)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.previous")


def _temporary_name(path: Path, suffix: str = "") -> str:
    return f".{path.name}.{secrets.token_hex(4)}.partial{suffix}"


def _left_over(path: Path, suffix: str = "") -> list[Path]:
    """Temporary files or folders of the same path, which this or another process uses or has left."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.partial{re.escape(suffix)}")
    try:
        with os.scandir(path.parent) as entries:
            return [path.with_name(entry.name) for entry in entries if pattern.fullmatch(entry.name)]
    except OSError:  # a folder that may be written but not read
        return []


def check_output(folder: Path, marker: str, *, overwrite: bool) -> None:
    """Raise UsageError unless ``folder`` is new, empty, or (with ``overwrite``) contains the file ``marker``."""
    if folder.is_file():
        raise UsageError(f"{folder} is a file; expected a new folder; choose another location", parameter="out")
    if is_vacant(folder):
        return
    if not (folder / marker).exists():
        raise UsageError(f"{folder} contains other files (no {marker} in it); choose a new or empty folder")
    if not overwrite:
        raise UsageError(
            f"{folder} contains an earlier result; choose another folder or overwrite it", parameter="overwrite"
        )


def is_vacant(folder: Path) -> bool:
    """Whether a folder does not exist or contains nothing but its lock and temporary files.

    A process that is killed while it writes the first file of a folder leaves a temporary one.
    """
    return not folder.exists() or (folder.is_dir() and all(is_lock(p) or _is_temporary(p) for p in folder.iterdir()))


def _is_temporary(path: Path) -> bool:
    return re.fullmatch(r"\..+\.[0-9a-f]{8}\.partial(\..+)?", path.name) is not None


def make_parent(path: Path) -> None:
    """Create the folders above ``path``. Raises UsageError if that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, _OTHER)
        raise UsageError(f"can't create {path.parent}: {_reason(error)}; {remedy}") from error


def check_writable(path: Path) -> None:
    """Raise UsageError if no file or folder can be made at ``path``; to be asked before long work that ends there."""
    existing = next(folder for folder in path.absolute().parents if folder.exists())
    code = 0
    if not existing.is_dir():
        code = errno.ENOTDIR
    elif os.statvfs(existing).f_flag & os.ST_RDONLY:
        code = errno.EROFS
    elif not os.access(existing, os.W_OK | os.X_OK):
        read_only = hasattr(os, "statvfs") and os.statvfs(existing).f_flag & os.ST_RDONLY
        code = errno.EROFS if read_only else errno.EACCES
    if code:
        raise cannot_write(path, OSError(code, os.strerror(code)))
