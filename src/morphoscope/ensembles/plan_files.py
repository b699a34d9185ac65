"""Plans as files: JSON, and for large plans a NumPy archive beside it with the rows as columns."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import read_json, staged_file, write_json
from morphoscope.engines.initial import InitialCondition
from morphoscope.ensembles.identity import ROWS_AS_JSON
from morphoscope.ensembles.table import Column, RunTable
from morphoscope.models import Model

TABLE_FORMAT = 3  # of a plan whose rows are in a file of their own
OWN_INITIALS = 4  # of a plan with rows, in the plan or in a file, that have initial conditions of their own
IMPORTED = 5  # of a plan of imported runs, which earlier versions would take for runs that can be simulated
_SEEDS, _CODES, _INITIALS, _PARAMETER = "seed", "label", "initial", "parameter."


def write_plan(path: Path, values: dict[str, Any], table: RunTable, plan_hash: str) -> None:
    """Write a plan with its rows beside it. The JSON is first, because it identifies its folder; see `write_table`."""
    content = _table_bytes(table)
    described = {
        "file": table_path(path).name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "count": len(table),
        "parameters": list(table.columns),
        "labels": list(table.names),
        **({"initials": [initial.to_json() for initial in table.initials]} if table.initials else {}),
    }
    file_format = IMPORTED if "imported" in values else OWN_INITIALS if table.initials else TABLE_FORMAT
    write_json(path, {**values, "format": file_format, "hash": plan_hash, "runs": described})
    _write_bytes(content, table_path(path))


def write_table(path: Path, table: RunTable) -> None:
    """Write the file with the rows of a plan if it is missing, since writing was interrupted before."""
    if is_large(table) and not table_path(path).is_file():
        _write_bytes(_table_bytes(table), table_path(path))


def read_plan(path: Path) -> dict[str, Any]:
    """The values of a plan file, with the table in the place of rows that are in another file.

    Raises DataError if one of the two is damaged.
    """
    values = read_json(path, "a plan (JSON)")
    if not _has_table(values):
        return values
    try:
        described = values["runs"]
        file = path.with_name(Path(described["file"]).name)
        archive = _arrays(file, described["sha256"])
        initials = [InitialCondition.from_json(initial) for initial in described.get("initials", [])]
        model = Model.from_dict(values["model"])
        table = _table(model, archive, described["parameters"], described["labels"], initials)
        if len(table) != described["count"]:
            raise DataError(f"{file} has {len(table)} runs; expected {described['count']}; restore it from a copy")
        return {**values, "hash": str(values["hash"]), "runs": table}
    except (KeyError, TypeError, IndexError) as error:
        formats = f"{TABLE_FORMAT} to {IMPORTED}"
        raise DataError(f"{path} is damaged ({error}); expected a plan of format {formats}") from error


def table_path(path: Path) -> Path:
    """The file with the rows of the plan in ``path``, where it is large."""
    return path.with_suffix(".runs.npz")


def recorded_hash(path: Path) -> str | None:
    """The hash that a plan file of format 3 states, without reading the rows; None for other formats."""
    values = read_json(path, "a plan (JSON)")
    return str(values.get("hash")) if _has_table(values) else None


def _has_table(values: Any) -> bool:
    """Whether the rows of a plan file are in a file of their own."""
    formats = (TABLE_FORMAT, OWN_INITIALS, IMPORTED)
    return isinstance(values, dict) and values.get("format") in formats and not isinstance(values.get("runs"), list)


def is_large(table: RunTable) -> bool:
    """Whether the rows of a plan are stored in a file of their own."""
    return len(table) > ROWS_AS_JSON and table.plain


def _table_bytes(table: RunTable) -> bytes:
    arrays: dict[str, NDArray[Any]] = {_SEEDS: table.seeds}
    arrays |= {_PARAMETER + name: column.values for name, column in table.columns.items()}
    if table.codes is not None:
        arrays[_CODES] = table.codes
    if table.initial_codes is not None:
        arrays[_INITIALS] = table.initial_codes
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _write_bytes(content: bytes, path: Path) -> None:
    with staged_file(path) as part:
        part.write_bytes(content)


def _arrays(path: Path, checksum: str) -> dict[str, NDArray[Any]]:
    """The arrays in a table's file. Raises DataError if it is missing or not the one that the plan describes."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != checksum:
            raise DataError(f"{path} is damaged (its SHA-256 is not the one in the plan); restore it from a copy")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing, the rows of the plan beside it; simulate the same plan into the folder again, which "
            "writes it, or restore it from a copy"
        ) from None
    except UsageError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} can't be read ({error}); restore it from a copy") from error


def _table(
    model: Model,
    arrays: dict[str, NDArray[Any]],
    names: list[str],
    labels: list[str],
    initials: list[InitialCondition],
) -> RunTable:
    """The table of stored columns. Raises UsageError for values that are not those of the model's parameters."""
    columns = {name: Column(arrays[_PARAMETER + name]) for name in names}
    rows = len(arrays[_SEEDS])
    for name, column in columns.items():
        if column.values.ndim != 1 or len(column.values) not in (1, rows):
            raise DataError(f"the table of a plan has {column.values.shape} values of {name}; expected {rows}")
    ends = [model.complete({name: end(c.values) for name, c in columns.items()}) for end in (np.min, np.max)]
    own = arrays.get(_INITIALS)
    return RunTable(ends[0].defaults, columns, arrays[_SEEDS], labels, arrays.get(_CODES), initials, own)
