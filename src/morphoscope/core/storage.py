"""Files and folders: written completely or not at all, and never over files of another kind."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morphoscope.core.errors import DataError, UsageError


def write_json(path: Path, values: Any) -> None:
    """Write JSON atomically: a reader sees the old file or the new one."""
    text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with staged_file(path) as part:
        part.write_text(text, encoding="utf-8")


def read_json(path: Path, expected: str) -> Any:
    """Read a JSON file. Raises DataError, which names what was ``expected``."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; expected {expected}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is damaged ({error}); expected {expected}") from error


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a file system error into a UsageError that names ``path``, which the body writes, and a remedy.

    An error that names an unrelated file, such as one that the body reads, is passed on unchanged.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None and not _concerns(str(error.filename), path):
            raise
        raise UsageError(f"can't write {path}: {_reason(error)}; {_REMEDIES.get(error.errno or 0, _OTHER)}") from error


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
    return first in ("", path.name) or first.startswith(f".{path.stem}-")


@contextlib.contextmanager
def staged_file(path: Path) -> Iterator[Path]:
    """A temporary file next to ``path`` that replaces it when the body ends without an error."""
    make_parent(path)
    with writing(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        part = Path(name)
        try:
            yield part
            part.chmod(0o644)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def staged_folder(folder: Path, marker: str, *, overwrite: bool) -> Iterator[Path]:
    """A temporary folder that replaces ``folder`` when the body ends without an error.

    ``marker`` is the file that identifies folders of this kind. Raises UsageError if ``folder`` contains other files
    or, unless ``overwrite``, an earlier result.
    """
    check_output(folder, marker, overwrite=overwrite)
    make_parent(folder)
    with writing(folder):
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            yield part
            part.chmod(0o755)
            if folder.exists():
                shutil.rmtree(folder)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def check_output(folder: Path, marker: str, *, overwrite: bool) -> None:
    """Raise UsageError unless ``folder`` is new, empty, or (with ``overwrite``) contains the file ``marker``."""
    if folder.is_file():
        raise UsageError(f"{folder} is a file; expected a new folder; choose another location", parameter="out")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / marker).exists():
        raise UsageError(f"{folder} contains other files (no {marker} in it); choose a new or empty folder")
    if not overwrite:
        raise UsageError(
            f"{folder} contains an earlier result; choose another folder or overwrite it", parameter="overwrite"
        )


def make_parent(path: Path) -> None:
    """Create the folders above ``path``. Raises UsageError if that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, _OTHER)
        raise UsageError(f"can't create {path.parent}: {_reason(error)}; {remedy}") from error
