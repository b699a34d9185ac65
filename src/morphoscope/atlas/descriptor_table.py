"""The descriptors of an ensemble or an atlas as one table."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
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
from morphoscope.descriptors.patterns import MEASURES_BY_NAME
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.ensembles.describing import describe_ensemble, meter
from morphoscope.ensembles.imports.folders import Known
from morphoscope.ensembles.pattern_measures import has_patterns, pattern_columns
from morphoscope.ensembles.photographs.sources import Pictures
from morphoscope.ensembles.runners.base import Cluster
from morphoscope.ensembles.simulation import Simulation
from morphoscope.ensembles.store import LEDGER_FILE
from morphoscope.ensembles.stored_descriptors import names_for


@dataclasses.dataclass(frozen=True)
class DescriptorTable:
    """Descriptors of the finished ``runs`` of a plan: ``columns`` by name, one number per run, NaN if undefined.

    ``kinds``: what each pattern is, in words, if patterns were measured.
    """

    plan: Plan
    runs: NDArray[np.intp]
    columns: dict[str, NDArray[np.float64]]
    kinds: tuple[str, ...] = ()

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
            if self.kinds:
                row["pattern"] = self.kinds[position]
            for name, column in self.columns.items():
                row[name] = float(f"{column[position]:.6g}") if np.isfinite(column[position]) else None
            rows.append(row)
        return rows

    def summary(self) -> list[tuple[str, str, int, float, float, float]]:
        """For each descriptor: name, unit, number of runs that have it, and its minimum, median and maximum."""
        found = []
        for name, column in self.columns.items():
            known = column[np.isfinite(column)]
            low, middle, high = np.quantile(known, (0, 0.5, 1)).tolist() if len(known) else (np.nan,) * 3
            found.append((name, self.unit(name), len(known), low, middle, high))
        return found

    def unit(self, name: str) -> str:
        """The unit of a column, with the unit of the cell size if it is known."""
        length = (self.plan.imported.unit if self.plan.imported else "") or "length"
        return (BY_NAME | MEASURES_BY_NAME)[name].unit.replace("length", length)

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
    patterns: bool | None = None,
    progress: Reporter = SILENT,
) -> DescriptorTable:
    """Compute and store the missing descriptors of an ensemble or an atlas (object, folder, shipped name); return all.

    ``patterns``: also measure patterns, which are not stored; by default those of imported runs. Raises DataError if
    ``data`` is neither an ensemble nor an atlas.
    """
    if not isinstance(data, Ensemble | Atlas):
        data = _opened(data)
    if isinstance(data, Atlas):
        columns = data.describe(workers=workers, cluster=cluster, progress=progress)
        table = DescriptorTable(data.plan, data.runs, columns)
        return (
            _with_patterns(table, lambda i: data.frames(np.array([i]))[0, -1], workers, progress) if patterns else table
        )
    columns = describe_ensemble(data, workers=workers, cluster=cluster, progress=progress)
    runs = data.usable()
    table = DescriptorTable(data.plan, runs, {name: column[runs] for name, column in columns.items()})
    if patterns is None:
        patterns = data.plan.imported is not None and has_patterns(data.plan)
    read = lambda i: data.frames(runs[i : i + 1])[0, -1]  # noqa: E731
    return _with_patterns(table, read, workers, progress) if patterns else table


def _with_patterns(
    table: DescriptorTable, read: Callable[[int], NDArray[np.floating]], workers: int | None, progress: Reporter
) -> DescriptorTable:
    """A table with the measures of patterns as well; ``read(i)``: the last frame of the table's i-th run."""
    kinds, measured = pattern_columns(table.plan, range(len(table.runs)), read, workers, progress)
    return dataclasses.replace(table, columns={**table.columns, **measured}, kinds=kinds)


def describe_run(simulation: Simulation, *, patterns: bool | None = None) -> DescriptorTable:
    """The descriptors of a single run, and the measures of its pattern unless these are not wanted."""
    plan = simulation.plan
    frames = simulation.species(plan.record[0])
    columns = {name: np.array([value]) for name, value in meter(plan)(frames).items() if name in names_for(plan)}
    table = DescriptorTable(plan, np.array([0]), columns)
    if patterns is False or not has_patterns(plan):
        return table
    return _with_patterns(table, lambda _: frames[-1], 1, SILENT)


def describe_pictures(pictures: Pictures, progress: Reporter = SILENT) -> DescriptorTable:
    """The measures of the patterns in pictures, after their preparation."""
    plan, sources = pictures.plan("pictures", [Known()] * len(pictures.pictures))
    table = DescriptorTable(plan, np.arange(len(sources)), {})
    return _with_patterns(table, lambda i: sources[i].read(0)["u"][-1], None, progress)


def _opened(source: str | Path) -> Ensemble | Atlas:
    if (Path(source) / LEDGER_FILE).is_file():
        return Ensemble(source)
    try:
        folder = atlas_folder(source)
    except DataError as error:
        raise DataError(f"{source} is neither an ensemble nor an atlas; simulate one", operation="ensemble") from error
    return Atlas(folder)
