"""SHA-256 of JSON documents and of files, by which a changed or damaged one is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from morphoscope.core.errors import DataError

ENTRY = "sha256"  # of a JSON document that carries its own checksum
FILES = "files"  # of a folder's description: the checksums of the other files in it
_EXACT = 2**53  # up to here a whole number and the float of that value are one number
_BLOCK = 1 << 20


class Finding(NamedTuple):
    """What is wrong with a file of a folder, and what to do about it."""

    file: str
    problem: str
    remedy: str


def document_hash(text: str) -> str:
    """SHA-256 of a JSON document without its own checksum.

    Neither order and spacing nor the notation of numbers and of characters matters: 1, 1.0 and 1e0 are one number.
    """
    values = json.loads(text, parse_int=_number, parse_float=_float)
    values.pop(ENTRY, None)
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _number(digits: str) -> int | float:
    value = int(digits)
    return float(value) if abs(value) <= _EXACT else value


def _float(digits: str) -> float:
    return float(digits) + 0.0  # -0.0 becomes 0.0


def file_checksum(path: Path) -> str:
    """SHA-256 of a file, hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def record_files(folder: Path, names: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
    """Checksum and size of files in a folder, by name, for its description; of all files there unless named."""
    if names is None:
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    return {
        name: {ENTRY: file_checksum(folder / name), "bytes": (folder / name).stat().st_size} for name in sorted(names)
    }


def verify_file(folder: Path, name: str, description: Mapping[str, Any], remedy: str) -> None:
    """Raise DataError unless a file is the one that the folder's description recorded.

    Nothing is checked if the description, of an earlier version, records no such file.
    """
    if finding := inspect_file(folder, name, description, remedy):
        raise DataError(f"{folder / finding.file} is damaged ({finding.problem}); {finding.remedy}")


def inspect_file(folder: Path, name: str, description: Mapping[str, Any], remedy: str) -> Finding | None:
    """What is wrong with a file by the folder's description; None if nothing is, or nothing was recorded."""
    recorded = (description.get(FILES) or {}).get(name)
    if recorded is None:
        return None
    if Path(name).is_absolute() or ".." in Path(name).parts:
        return Finding(name, "it lies outside the folder", remedy)
    try:
        size = (folder / name).stat().st_size
        if size != recorded["bytes"]:
            return Finding(name, f"{size} bytes instead of {recorded['bytes']}", remedy)
        if file_checksum(folder / name) != recorded[ENTRY]:
            return Finding(name, "its SHA-256 is not the recorded one", remedy)
    except FileNotFoundError:
        return Finding(name, "it does not exist", remedy)
    except OSError as error:
        return Finding(name, error.strerror or str(error), remedy)
    except (KeyError, TypeError) as error:
        raise DataError(f"{folder} is damaged: its description records files without {error}; {remedy}") from None
    return None


def inspect_files(folder: Path, description: Mapping[str, Any], remedy: str) -> list[Finding]:
    """What is wrong with the files that a folder's description recorded."""
    found = (inspect_file(folder, name, description, remedy) for name in sorted(description.get(FILES) or {}))
    return [finding for finding in found if finding is not None]
