"""Plans as files: JSON, and for large plans a NumPy archive beside it with the rows as columns."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import read_json, staged_file, write_json
from morphoscope.ensembles.identity import ROWS_AS_JSON
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.table import Column, RunTable
from morphoscope.models import Model

TABLE_FORMAT = 3  # of a plan whose rows are in a file of their own
_SEEDS, _CODES, _PARAMETER = "seed", "label", "parameter."


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan. The JSON file is first, because it identifies its folder; :func:`save_table` can be repeated."""
    if not _in_columns(plan):
        write_json(path, plan.to_dict())
        return
    content = _table_bytes(plan.table)
    described = {
        "file": table_path(path).name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "count": len(plan.table),
        "parameters": list(plan.table.columns),
        "labels": list(plan.table.names),
    }
    values = dataclasses.replace(plan, runs=plan.table[:1]).to_dict()
    write_json(path, {**values, "format": TABLE_FORMAT, "hash": plan.hash, "runs": described})
    _write_table(content, table_path(path))


def save_table(plan: Plan, path: Path) -> None:
    """Write the file with the rows of a plan if the plan's JSON file at ``path`` has one and it is missing."""
    if _in_columns(plan) and not table_path(path).is_file():
        _write_table(_table_bytes(plan.table), table_path(path))


def load_plan(path: Path) -> Plan:
    """Read a plan. Raises DataError if it is damaged, UsageError if no engine can run it."""
    values = read_json(path, "a plan (JSON)")
    if not isinstance(values, dict) or values.get("format") != TABLE_FORMAT:
        return Plan.from_dict(values)
    described = values.get("runs")
    try:
        file = path.with_name(Path(described["file"]).name)
        archive = _arrays(file, described["sha256"])
        model = Model.from_dict(values["model"])
        table = _table(model, archive, described["parameters"], described["labels"])
        plan = Plan.from_dict({**values, "format": 2, "runs": table})
        plan.__dict__["hash"] = str(values["hash"])  # of a file that agrees with its own checksum, and of its table
    except (KeyError, TypeError, IndexError) as error:
        raise DataError(f"{path} is damaged ({error}); expected a plan of format {TABLE_FORMAT}") from error
    if len(plan.table) != described["count"]:
        raise DataError(f"{file} has {len(plan.table)} runs; expected {described['count']}; restore it from a copy")
    return plan


def table_path(path: Path) -> Path:
    """The file with the rows of the plan in ``path``, where it is large."""
    return path.with_suffix(".runs.npz")


def recorded_hash(path: Path) -> str | None:
    """The hash that a plan file of format 3 states, without reading the rows; None for other formats."""
    values = read_json(path, "a plan (JSON)")
    return str(values.get("hash")) if isinstance(values, dict) and values.get("format") == TABLE_FORMAT else None


def _in_columns(plan: Plan) -> bool:
    return len(plan.runs) > ROWS_AS_JSON and plan.table.plain


def _table_bytes(table: RunTable) -> bytes:
    arrays: dict[str, NDArray[Any]] = {_SEEDS: table.seeds}
    arrays |= {_PARAMETER + name: column.values for name, column in table.columns.items()}
    if table.codes is not None:
        arrays[_CODES] = table.codes
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _write_table(content: bytes, path: Path) -> None:
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


def _table(model: Model, arrays: dict[str, NDArray[Any]], names: list[str], labels: list[str]) -> RunTable:
    """The table of stored columns. Raises UsageError for values that are not those of the model's parameters."""
    columns = {name: Column(arrays[_PARAMETER + name]) for name in names}
    rows = len(arrays[_SEEDS])
    for name, column in columns.items():
        if column.values.ndim != 1 or len(column.values) not in (1, rows):
            raise DataError(f"the table of a plan has {column.values.shape} values of {name}; expected {rows}")
    ends = [model.complete({name: end(c.values) for name, c in columns.items()}) for end in (np.min, np.max)]
    return RunTable(ends[0].defaults, columns, arrays[_SEEDS], labels, arrays.get(_CODES))
