"""The descriptors of an ensemble or an atlas as one table."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.files import atlas_folder
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import staged_file
from morphoscope.descriptors import BY_NAME
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.ensembles.describing import describe_ensemble
from morphoscope.ensembles.runners.base import Cluster
from morphoscope.ensembles.store import LEDGER_FILE


@dataclasses.dataclass(frozen=True)
class DescriptorTable:
    """Descriptors of the finished ``runs`` of a plan: ``columns`` by name, one number per run, NaN if undefined."""

    plan: Plan
    runs: NDArray[np.intp]
    columns: dict[str, NDArray[np.float64]]

    def rows(self) -> list[dict[str, Any]]:
        """One row per run: its number, parameters, seed, descriptors (None if undefined)."""
        named = {name: self.plan.values(name) for name in self.plan.parameter_names}
        rows = []
        for position, run in enumerate(self.runs.tolist()):
            row = {
                "run": run,
                **{name: values[run] for name, values in named.items()},
                "seed": self.plan.runs[run].seed,
            }
            for name, column in self.columns.items():
                row[name] = float(f"{column[position]:.6g}") if np.isfinite(column[position]) else None
            rows.append(row)
        return rows

    def summary(self) -> list[tuple[str, str, int, float, float, float]]:
        """For each descriptor: name, unit, number of runs that have it, and its minimum, median and maximum."""
        found = []
        length = (self.plan.imported.unit if self.plan.imported else "") or "length"
        for name, column in self.columns.items():
            known = column[np.isfinite(column)]
            low, middle, high = np.quantile(known, (0, 0.5, 1)).tolist() if len(known) else (np.nan,) * 3
            found.append((name, BY_NAME[name].unit.replace("length", length), len(known), low, middle, high))
        return found

    def save(self, path: Path) -> None:
        """Write :meth:`rows` as CSV."""
        rows = self.rows()
        header = list(rows[0]) if rows else ["run", *self.columns]
        with staged_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def check_table_path(path: Path) -> None:
    """Raise UsageError unless the path is that of a CSV file."""
    if path.suffix.lower() != ".csv" or path.is_dir():
        raise UsageError(f"{path}: a table needs a file name that ends with .csv")


def describe_any(
    data: str | Path | Ensemble | Atlas,
    *,
    workers: int | None = None,
    cluster: Cluster | None = None,
    progress: Reporter = SILENT,
) -> DescriptorTable:
    """Compute and store the missing descriptors of an ensemble or an atlas (object, folder, shipped name); return all.

    Raises DataError if ``data`` is neither an ensemble nor an atlas.
    """
    if not isinstance(data, Ensemble | Atlas):
        data = _opened(data)
    if isinstance(data, Atlas):
        columns = data.describe(workers=workers, cluster=cluster, progress=progress)
        return DescriptorTable(data.plan, data.runs, columns)
    columns = describe_ensemble(data, workers=workers, cluster=cluster, progress=progress)
    runs = data.usable()
    return DescriptorTable(data.plan, runs, {name: column[runs] for name, column in columns.items()})


def _opened(source: str | Path) -> Ensemble | Atlas:
    if (Path(source) / LEDGER_FILE).is_file():
        return Ensemble(source)
    try:
        folder = atlas_folder(source)
    except DataError as error:
        raise DataError(f"{source} is neither an ensemble nor an atlas; simulate one", operation="ensemble") from error
    return Atlas(folder)
