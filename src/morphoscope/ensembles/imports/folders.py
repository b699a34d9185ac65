"""Folders of files of one kind, with a table of what is known about each, or with one subfolder a class."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError
from morphoscope.core.outside_files import MIB, read_text
from morphoscope.ensembles.imports.source import Source

MAX_TABLE_BYTES = 16 * MIB
MAX_FILES = 100_000
_FILE_COLUMNS = ("file", "filename", "name", "path", "image")
_CLASS_COLUMNS = ("class", "label")


@dataclasses.dataclass(frozen=True)
class Known:
    """What a table or a folder says about a file: numbers by name, and its class."""

    numbers: Mapping[str, float] = dataclasses.field(default_factory=dict)
    label: str | None = None


def files_in(folder: Path, suffixes: Sequence[str], table: Path | None) -> list[tuple[Path, Known]]:
    """The files of a folder that can be imported, in order of their names.

    Parameters
    ----------
    folder
        The folder.
    suffixes
        Of files that can be imported.
    table
        A CSV file with a column ``file`` and others: ``class`` or ``label``, and numbers. By default the only CSV file
        in the folder that has such a column; without one, files in subfolders have the subfolder's name as their class.

    Raises
    ------
    DataError
        If there are no files, too many, or the table is malformed.
    """
    found = table or _table_in(folder)
    if found is not None:
        return _of_table(found, folder)
    wanted = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in suffixes and path.is_file()]
    wanted = [path for path in wanted if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    if not wanted or len(wanted) > MAX_FILES:
        raise DataError(f"{folder} has {len(wanted)} files that can be imported; expected 1 to {MAX_FILES:,}")
    nested = any(path.parent != folder for path in wanted)
    classes = [path.relative_to(folder).parts[0] if path.parent != folder else None for path in wanted]
    return [(path, Known(label=label if nested else None)) for path, label in zip(wanted, classes, strict=True)]


def _table_in(folder: Path) -> Path | None:
    """The only CSV file of a folder whose first line has a column for files; None without one."""
    tables = []
    for path in sorted(folder.glob("*.csv")):
        first = read_text(path, "a table", MAX_TABLE_BYTES).partition("\n")[0]
        if any(name.strip().strip('"').lower() in _FILE_COLUMNS for name in first.replace(";", ",").split(",")):
            tables.append(path)
    if len(tables) > 1:
        raise DataError(f"{folder} has tables {', '.join(t.name for t in tables)}; name one", parameter="table")
    return tables[0] if tables else None


def _of_table(path: Path, folder: Path) -> list[tuple[Path, Known]]:
    text = read_text(path, "a table with a column 'file'", MAX_TABLE_BYTES)
    separator = ";" if ";" in text.partition("\n")[0] else ","
    try:
        rows = list(csv.DictReader(io.StringIO(text), delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise DataError(f"{path} is no table ({error}); expected CSV with a column 'file'") from None
    if not rows or len(rows) > MAX_FILES:
        raise DataError(f"{path} has {len(rows)} rows; expected 1 to {MAX_FILES:,}")
    columns = {str(name).strip().lower(): name for name in rows[0] if name}
    named = next((columns[name] for name in _FILE_COLUMNS if name in columns), None)
    if named is None:
        raise DataError(f"{path} has the columns {', '.join(columns)[:200]}; expected one named 'file'")
    labelled = next((columns[name] for name in _CLASS_COLUMNS if name in columns), None)
    numeric = [name for name in columns.values() if name not in (named, labelled) and _is_numeric(rows, name)]
    found = []
    for number, row in enumerate(rows, 2):
        file = folder / (row[named] or "").strip()
        if not (row[named] or "").strip() or not file.resolve().is_relative_to(folder.resolve()):
            raise DataError(f"{path}, line {number}: {str(row[named])[:80]!r} is no file in {folder}")
        numbers = {name.strip(): float(row[name]) for name in numeric}
        label = (row[labelled] or "").strip() if labelled else ""
        found.append((file, Known(numbers, label or None)))
    return found


def _is_numeric(rows: Sequence[Mapping[str, str]], name: str) -> bool:
    """Whether a column is a number in every row; columns of other text, such as remarks, are left out."""
    try:
        return bool(np.isfinite([float(row[name]) for row in rows]).all())
    except (TypeError, ValueError):
        return False


def with_known(source: Source, known: Known) -> Source:
    """A source with what is known about its file; this takes precedence over what the file itself says."""
    numbers: dict[str, NDArray[np.float64]] = {n: np.full(source.runs, v) for n, v in known.numbers.items()}
    labels = (known.label,) * source.runs if known.label else source.labels
    return dataclasses.replace(source, parameters={**source.parameters, **numbers}, labels=labels)
