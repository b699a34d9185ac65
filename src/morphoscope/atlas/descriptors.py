"""The descriptors of an atlas. They are stored in its folder, so that it does not need its ensemble."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import staged_file
from morphoscope.descriptors import NAMES
from morphoscope.descriptors.table import METHOD
from morphoscope.ensembles import Plan
from morphoscope.ensembles.describing import Measured, Opened, measure_on, measure_runs
from morphoscope.ensembles.execution import repeat_runs
from morphoscope.ensembles.runners.base import Cluster
from morphoscope.ensembles.store import PLAN_FILE
from morphoscope.ensembles.stored_descriptors import names_for

if TYPE_CHECKING:
    from morphoscope.ensembles import Ensemble

DESCRIPTORS_FILE = "descriptors.npz"
METHOD_ENTRY = "method"  # entry of that file; files without it have method 1
_WAVENUMBERS = ("wavenumber", "spectral_width")
Columns = dict[str, NDArray[np.float64]]
Pairs = Iterator[tuple[int, Measured]]  # the position of a run among the readings, and its descriptors


def load(folder: Path, readings: int) -> Columns:
    """The descriptors in the folder of an atlas, one number per reading; empty if there is no file.

    Wavenumbers of method 1 were 1/λ; they are returned as 2π/λ. Raises DataError for a damaged file.
    """
    path = folder / DESCRIPTORS_FILE
    if not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as kept:
            columns = {name: kept[name].astype(np.float64) for name in NAMES if name in kept.files}
            cycles = 1.0 if METHOD_ENTRY in kept.files else 2 * np.pi
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is damaged ({error}); remove it and compute it again", operation="describe") from error
    if any(column.shape != (readings,) for column in columns.values()):
        raise DataError(
            f"{path} is damaged: expected {readings} numbers each; remove it and compute it again", operation="describe"
        )
    return {name: cycles * column if name in _WAVENUMBERS else column for name, column in columns.items()}


def is_current(folder: Path) -> bool:
    """Whether the file in an atlas's folder has the present definitions of all descriptors."""
    with np.load(folder / DESCRIPTORS_FILE, allow_pickle=False) as kept:
        return METHOD_ENTRY in kept.files


def save(folder: Path, columns: Columns) -> None:
    """Write the descriptors as float32. Raises DataError if the folder can't be written."""
    try:
        with staged_file(folder / DESCRIPTORS_FILE) as part:
            stored: dict[str, Any] = {name: c.astype(np.float32) for name, c in columns.items()}
            stored[METHOD_ENTRY] = np.array(METHOD)
            np.savez_compressed(part, **stored)
    except OSError as error:
        raise DataError(f"{folder} can't be written ({error}); copy the atlas to a folder of your own") from error


def describe_frames(
    ensemble: Ensemble, runs: NDArray[np.intp], frames: NDArray[np.float32], progress: Reporter
) -> Columns:
    """The descriptors of some runs: stored ones if the ensemble has them, else computed from their ``frames``."""

    def measured(missing: list[int]) -> Pairs:
        return zip(missing, measure_runs(ensemble.plan, missing, frames.__getitem__), strict=True)

    return _completed(ensemble.plan, runs, ensemble, measured, progress)


def describe_on(
    cluster: Cluster, folder: Path, plan: Plan, runs: NDArray[np.intp], ensemble: Ensemble | None, progress: Reporter
) -> Columns:
    """The same by the workers of a cluster, which read the ensemble or simulate runs of the atlas in ``folder``."""
    positions = {run: position for position, run in enumerate(runs.tolist())}

    def measured(missing: list[int]) -> Pairs:
        chosen = runs[missing].tolist()
        if ensemble is None:
            found = measure_on(cluster, folder, chosen, _open_repeated)
        else:
            found = measure_on(cluster, ensemble.folder, chosen)
        return ((positions[run], values) for run, values in found)

    return _completed(plan, runs, ensemble, measured, progress)


def _open_repeated(folder: str) -> Opened:
    """The plan of an atlas without its ensemble, and what simulates one of its runs again."""
    plan = Plan.load(Path(folder) / PLAN_FILE)
    return plan, lambda run: repeat_runs(plan, [run])[0]


def describe_readings(
    folder: Path,
    plan: Plan,
    runs: NDArray[np.intp],
    ensemble: Ensemble | None,
    *,
    workers: int | None = None,
    cluster: Cluster | None = None,
    progress: Reporter = SILENT,
) -> Columns:
    """Compute the descriptors of an atlas and store them; without an ensemble, the runs are simulated again."""
    if cluster is None:
        columns = compute_readings(plan, runs, ensemble, workers=workers, progress=progress)
    else:
        columns = describe_on(cluster, folder, plan, runs, ensemble, progress)
    save(folder, columns)
    return columns


def compute_readings(
    plan: Plan,
    runs: NDArray[np.intp],
    ensemble: Ensemble | None,
    *,
    workers: int | None = None,
    progress: Reporter = SILENT,
) -> Columns:
    """The descriptors of some runs, computed by threads; without an ensemble, the runs are simulated again."""
    array = None if ensemble is None else ensemble.arrays()[plan.record[0]]

    def read(position: int) -> NDArray[np.floating]:
        run = int(runs[position])
        return repeat_runs(plan, [run])[0] if array is None else np.asarray(array[run])

    def measured(missing: list[int]) -> Pairs:
        return zip(missing, measure_runs(plan, missing, read, workers), strict=True)

    return _completed(plan, runs, ensemble, measured, progress)


def _completed(
    plan: Plan,
    runs: NDArray[np.intp],
    ensemble: Ensemble | None,
    measured: Callable[[list[int]], Pairs],
    progress: Reporter,
) -> Columns:
    """Stored descriptors of some runs if the ensemble has them, else ``measured(positions)``: pairs in any order."""
    stored = {} if ensemble is None else ensemble.descriptors()
    columns = {name: stored[name][runs] if stored else np.full(len(runs), np.nan) for name in names_for(plan)}
    missing = [i for i in range(len(runs)) if not any(np.isfinite(column[i]) for column in columns.values())]
    with progress.task("describe", len(runs), "runs", len(runs) - len(missing)) as task:
        for position, values in measured(missing):
            for name, column in columns.items():
                column[position] = values[name]
            task.advance(1)
    return columns
