"""An ensemble on disk: plan.json, one Zarr v3 array per recorded species with one chunk per run, and a ledger."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import read_json, write_json, writing
from morphoscope.ensembles.arrays import attributes, coordinates, create_arrays
from morphoscope.ensembles.ledger import Entry, Ledger
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.stored_descriptors import read_descriptors

if TYPE_CHECKING:
    import xarray

PLAN_FILE = "plan.json"
DATA_FOLDER = "data.zarr"
LEDGER_FILE = "ledger.sqlite"
PROVENANCE_FILE = "provenance.json"


class Ensemble:
    """The simulated runs of a plan, in one folder.

    :func:`morphoscope.ensemble` creates or continues an ensemble; ``Ensemble(folder)`` opens one.

    Parameters
    ----------
    folder : str or Path
        The folder of an ensemble.

    Raises
    ------
    DataError
        If the folder is not an ensemble, or is damaged.

    Examples
    --------
    >>> import morphoscope
    >>> plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 2)}, size=48, until=10)
    >>> made = morphoscope.ensemble(plan, "scan")
    >>> morphoscope.Ensemble("scan").status()
    ['done', 'done']
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / PLAN_FILE).is_file():
            raise DataError(f"{folder} is not an ensemble (no {PLAN_FILE} in it)")
        self.plan = Plan.load(self.folder / PLAN_FILE)
        if not (self.folder / DATA_FOLDER).is_dir() or not (self.folder / LEDGER_FILE).is_file():
            raise DataError(f"{folder} is damaged: {DATA_FOLDER} or {LEDGER_FILE} is missing")
        self.ledger = Ledger(self.folder / LEDGER_FILE)

    @classmethod
    def create(cls, plan: Plan, folder: str | Path) -> Ensemble:
        """A new ensemble, or the one in ``folder`` if its plan has the same numerics.

        The plan.json of an ensemble is written only once. Raises UsageError if the folder contains other files or
        an ensemble with another plan.
        """
        folder = Path(folder)
        if folder.is_file():
            raise UsageError(f"{folder} is a file; expected a new folder; choose another location", parameter="out")
        if folder.exists() and any(folder.iterdir()):
            if not (folder / PLAN_FILE).is_file():
                raise UsageError(f"{folder} contains other files (no {PLAN_FILE} in it); choose a new folder")
            difference = plan.difference(Plan.load(folder / PLAN_FILE))
            if difference:
                raise UsageError(
                    f"{folder} contains an ensemble with another plan: {difference}; choose another folder"
                )
        else:
            plan.save(folder / PLAN_FILE)  # first, because it identifies the folder as an ensemble
        with writing(folder / DATA_FOLDER):
            create_arrays(plan, folder / DATA_FOLDER)
        Ledger(folder / LEDGER_FILE)
        return cls(folder)

    @property
    def data_folder(self) -> Path:
        """The Zarr group with snapshots, coordinates and descriptors."""
        return self.folder / DATA_FOLDER

    def arrays(self, *, writable: bool = False) -> dict[str, Any]:
        """The Zarr arrays by species, (run, time, y, x) float32."""
        import zarr

        with writing(self.data_folder) if writable else contextlib.nullcontext():
            group = zarr.open_group(self.data_folder, mode="r+" if writable else "r")
        return {species: group[species] for species in self.plan.record}

    def chunk_paths(self, run: int) -> list[Path]:
        """The files that contain a run's data."""
        return [self.folder / DATA_FOLDER / s / "c" / f"{run}/0/0/0" for s in self.plan.record]

    def commit(self, entries: list[Entry]) -> None:
        """Flush the runs' chunks to disk, then add the runs to the ledger."""
        for entry in entries:
            for path in self.chunk_paths(entry.run):
                with writing(path):
                    _flush(path)
        self.ledger.commit(entries)

    def status(self) -> list[str]:
        """``done``, ``failed`` or ``pending`` for every run."""
        entries = self.ledger.entries()
        return [entries[i].status if i in entries else "pending" for i in range(len(self.plan.runs))]

    def usable(self) -> NDArray[np.intp]:
        """Numbers of the runs that are done."""
        return np.flatnonzero(np.array(self.status()) == "done")

    def frames(self, runs: NDArray[np.intp], species: str | None = None) -> NDArray[np.float32]:
        """Snapshots of some runs, (run, time, y, x), of one species; by default the first recorded species."""
        array = self.arrays()[species or self.plan.record[0]]
        shape = (len(runs), *array.shape[1:])
        frames = np.empty(shape, dtype=np.float32)
        for index, run in enumerate(runs):
            frames[index] = array[int(run)]
        return frames

    def labels(self) -> list[str | None]:
        """The class of every run; None if it is not known."""
        return self.plan.table.labels()

    def descriptors(self) -> dict[str, NDArray[np.float64]]:
        """The descriptors that :func:`.describe_ensemble` has stored, by name, one number per run."""
        return read_descriptors(self.data_folder, self.plan)

    def dataset(self) -> xarray.Dataset:
        """All arrays as one lazily loaded Dataset with dimensions run, time, y, x, with the descriptors if stored."""
        import xarray

        data = xarray.open_zarr(self.data_folder, consolidated=False, chunks=None)
        found = {**coordinates(self.plan), "status": ("run", self.status(), {"long_name": "done, failed or pending"})}
        return data.assign_coords(found).assign_attrs(attributes(self.plan))

    def provenance(self) -> dict[str, Any]:
        """The engine and the package versions that simulated the runs."""
        return dict(read_json(self.folder / PROVENANCE_FILE, "an ensemble's provenance"))

    def save_provenance(self, values: dict[str, Any]) -> None:
        """Record the engine and the versions that simulate the next runs.

        If earlier runs have other versions, those are kept, and the new ones are added to ``continued``. Raises
        UsageError if another engine simulated the earlier runs.
        """
        path = self.folder / PROVENANCE_FILE
        if not path.is_file():
            write_json(path, values)
            return
        before = self.provenance()
        if before.get("engine") != values["engine"]:
            raise UsageError(
                f"{self.folder} was simulated with engine {before.get('engine')!r}, but {values['engine']!r} was "
                "requested; use the same engine or another folder"
            )
        continued = before.pop("continued", [])
        known = [before, *continued]
        changed = {name: value for name, value in values.items() if name != "plan_hash"}
        if not any(changed.items() <= recorded.items() for recorded in known):
            write_json(path, {**before, "continued": [*continued, values]})


def _flush(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return  # Zarr does not write a chunk that contains only fill values
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
