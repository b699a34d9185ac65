"""Files and folders: written whole or not at all, and never over something of another kind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morphoscope.core.errors import DataError, UsageError


def write_json(path: Path, values: Any) -> None:
    """Write JSON in one step: a reader sees the old file or the new one."""
    text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with staged_file(path) as part:
        part.write_text(text, encoding="utf-8")


def read_json(path: Path, what: str) -> Any:
    """Read a JSON file; raises DataError naming ``what`` was expected."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} is not there; expected {what}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is damaged ({error}); expected {what}") from error


@contextlib.contextmanager
def staged_file(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the body ends without an error."""
    make_parent(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise UsageError(f"can't write {path}: {error.strerror}; choose another place") from error
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
    """A temporary folder that takes the place of ``folder`` when the body ends without an error.

    ``marker`` is the file by which a folder of this kind is known. Raises UsageError when ``folder`` holds
    something else, or, unless ``overwrite``, an earlier result.
    """
    check_output(folder, marker, overwrite=overwrite)
    make_parent(folder)
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
    """Raise UsageError unless ``folder`` is new, empty, or (with ``overwrite``) of the kind of ``marker``."""
    if folder.is_file():
        raise UsageError(f"{folder} is a file; expected a new folder; choose another place", parameter="out")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / marker).exists():
        raise UsageError(f"{folder} holds something else (no {marker} in it); choose a new or empty folder")
    if not overwrite:
        raise UsageError(
            f"{folder} holds an earlier result; choose another folder or overwrite it", parameter="overwrite"
        )


def make_parent(path: Path) -> None:
    """Create the folders above ``path``; raises UsageError where that can't be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"can't create {path.parent}: {error.strerror}") from error
