"""An ensemble on disk: plan.json, one Zarr v3 array per recorded species, and a ledger of the finished runs."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.core.locking import folder_lock, remove_free_lock
from morphoscope.core.progress import Reporter
from morphoscope.core.storage import is_vacant, make_parent, read_json, staged_folder, write_json, writing
from morphoscope.ensembles.arrays import STORAGES, attributes, coordinates, create_arrays, group_objects
from morphoscope.ensembles.ledger import DONE, STATUS, Entry, Ledger
from morphoscope.ensembles.local_files import remove_partial_files
from morphoscope.ensembles.objects import UnreachableError
from morphoscope.ensembles.places import DATA_FOLDER, STORE_FILE, ObjectPlace, Place, check_address, claim, place_of
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.plan_files import recorded_hash, table_path, write_table
from morphoscope.ensembles.shards import Shards
from morphoscope.ensembles.stored_descriptors import read_descriptors

if TYPE_CHECKING:
    import xarray

PLAN_FILE = "plan.json"
LEDGER_FILE = "ledger.sqlite"
PROVENANCE_FILE = "provenance.json"
_ATLAS_FILE = "atlas.json"  # of an atlas, which has a plan, too


@dataclasses.dataclass(frozen=True)
class Stored:
    """A shard that was written: its size in bytes, the runs in it that were simulated, and on which processor."""

    shard: int
    size: int
    entries: tuple[Entry, ...]
    processor: str = ""


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
        self.place = place_of(self.folder)
        for name in (LEDGER_FILE,) if self.place.remote else (DATA_FOLDER, LEDGER_FILE):
            if not (self.folder / name).exists():
                if (self.folder / _ATLAS_FILE).exists():
                    raise DataError(f"{folder} is an atlas, not an ensemble; give the ensemble whose runs it shows")
                raise DataError(f"{folder} is damaged: {name} is missing", operation="ensemble")
        self.ledger = Ledger(self.folder / LEDGER_FILE, self.plan.hash)
        self._processors: set[str] = set()  # those that are known to be recorded

    @classmethod
    def create(cls, plan: Plan, folder: str | Path, storage: str | None = None, store: str | None = None) -> Ensemble:
        """A new ensemble, or the one in ``folder`` if its plan has the same numerics; locked meanwhile.

        The plan is written first and only once; then arrays and ledger, each complete or not at all, so that a folder
        whose creation was interrupted is completed. Raises UsageError if the folder contains other files or an
        ensemble with another plan.
        """
        folder = Path(folder)
        if storage is not None and storage not in STORAGES:
            raise UsageError(f"unknown storage {storage!r}; {nearest(storage, STORAGES)}")
        if folder.is_file():
            raise UsageError(f"{folder} is a file; expected a new folder; choose another location", parameter="out")
        store = None if store is None else check_address(store)
        make_parent(folder)
        with writing(folder), folder_lock(folder, "creating"):
            new = is_vacant(folder)
            if new:
                plan.save(folder / PLAN_FILE)  # first, because it identifies the folder as an ensemble
            else:
                _check_same(plan, folder)
            try:
                _claim(plan, folder, store)
            except UsageError:
                if new:  # nothing is in the store
                    _remove_new(folder)
                raise
            place = place_of(folder)
            with place.errors():
                _create_data(plan, place, storage or "float32")
            if not (folder / LEDGER_FILE).exists():
                Ledger.create(folder / LEDGER_FILE, plan.hash)
        made = cls(folder)
        if storage is not None and made.storage() != storage:
            raise UsageError(
                f"{folder} is stored as {made.storage()}, but {storage} was requested; choose another folder"
            )
        return made

    def __repr__(self) -> str:
        status = self.status()
        done, failed = status.count("done"), status.count("failed")
        also = f", {failed} failed" if failed else ""
        return f"Ensemble({self.folder.name!r}, {done} of {len(status)} runs of {self.plan.model.name} done{also})"

    @property
    def data_folder(self) -> Path:
        """The Zarr group with snapshots, coordinates and descriptors, where it is not in an object store."""
        return self.place.folder

    def arrays(self, *, writable: bool = False) -> dict[str, Any]:
        """The Zarr arrays by species, (run, time, y, x). Raises DataError if they are damaged."""
        return open_arrays(self.plan, self.place, writable=writable)

    def shards(self, *, writable: bool = False) -> Shards:
        """The files of the arrays."""
        return open_shards(self.plan, self.place, writable=writable)

    def storage(self) -> str:
        """How the arrays are stored, one of :data:`.STORAGES`."""
        array = next(iter(self.arrays().values()))
        if array.dtype == np.float16:
            return "float16"
        return "float32" if any(hasattr(c, "cname") for c in array.compressors) else "uncompressed"

    def commit(self, stored: Sequence[Stored]) -> None:
        """Make the names of written files durable, then add their runs to the ledger."""
        if stored:
            shards = self.shards()
            shards.sync()
            entries = [entry for shard in stored for entry in shard.entries]
            self._add_processors({shard.processor for shard in stored})
            self.ledger.commit(entries, {s.shard: s.size for s in stored} if shards.checked else {})

    def _add_processors(self, kinds: set[str]) -> None:
        """Record on which kinds of processors runs were simulated; workers of a cluster may have several."""
        new = kinds - self._processors - {""}
        if not new or not (self.folder / PROVENANCE_FILE).is_file():
            return
        values = self.provenance()
        self._processors = {*values.get("processors", []), *new}
        write_json(self.folder / PROVENANCE_FILE, {**values, "processors": sorted(self._processors)})

    def discard(self, damaged: Mapping[int, str], progress: Reporter) -> None:
        """Let damaged runs be pending again, and say so."""
        if damaged:
            run, reason = next(iter(damaged.items()))
            more = f" and {len(damaged) - 1} more runs" if len(damaged) > 1 else ""
            progress.message(f"{self.folder}: run {run} ({reason}){more} damaged; simulated again")
            self.ledger.remove(damaged)

    def states(self) -> NDArray[np.uint8]:
        """``PENDING``, ``DONE`` or ``FAILED`` (see :mod:`.ledger`) for every run."""
        return self.ledger.states(len(self.plan.runs))

    def status(self) -> list[str]:
        """``done``, ``failed`` or ``pending`` for every run."""
        return [STATUS[state] for state in self.states().tolist()]

    def usable(self) -> NDArray[np.intp]:
        """Numbers of the runs that are done."""
        return np.flatnonzero(self.states() == DONE)

    def frames(self, runs: NDArray[np.intp], species: str | None = None) -> NDArray[np.float32]:
        """Snapshots of some runs, (run, time, y, x), of one species; by default the first recorded species.

        NaN for runs that are not done. Raises DataError, which names the run, if the data of a run is damaged.
        """
        states: list[NDArray[np.uint8]] = []  # read when a run seems to be missing

        def is_done(run: int) -> bool:
            states[:] = states or [self.states()]
            return bool(states[0][run] == DONE)

        return read_frames(self.folder, self.arrays()[species or self.plan.record[0]], runs, is_done)

    def labels(self) -> list[str | None]:
        """The class of every run; None if it is not known."""
        return self.plan.table.labels()

    def descriptors(self) -> dict[str, NDArray[np.float64]]:
        """The descriptors that :func:`.describe_ensemble` has stored, by name, one number per run."""
        return read_descriptors(self.place, self.plan)

    def dataset(self) -> xarray.Dataset:
        """All arrays as one lazily loaded Dataset with dimensions run, time, y, x, with the descriptors if stored."""
        import xarray

        data = xarray.open_zarr(self.place.zarr_store(), consolidated=False, chunks=None)
        found = {
            **coordinates(self.plan),
            "status": ("run", np.array(STATUS)[self.states()], {"long_name": "done, failed or pending"}),
        }
        return data.assign_coords(found).assign_attrs(attributes(self.plan))

    def provenance(self) -> dict[str, Any]:
        """The engine and the package versions that simulated the runs."""
        return dict(read_json(self.folder / PROVENANCE_FILE, "an ensemble's provenance"))

    def check_engine(self, engine: str) -> None:
        """Raise UsageError if another engine simulated the earlier runs."""
        if (self.folder / PROVENANCE_FILE).is_file():
            before = self.provenance().get("engine")
            if before != engine:
                raise UsageError(
                    f"{self.folder} was simulated with engine {before!r}, but {engine!r} was requested; use the same "
                    "engine or another folder"
                )

    def save_provenance(self, values: dict[str, Any]) -> None:
        """Record the engine and the versions that simulate the next runs.

        If earlier runs have other versions, those are kept, and the new ones are added to ``continued``.
        """
        path = self.folder / PROVENANCE_FILE
        if not path.is_file():
            write_json(path, values)
            return
        before = self.provenance()
        continued = before.pop("continued", [])
        known = [before, *continued]
        changed = {name: value for name, value in values.items() if name != "plan_hash"}
        if not any(changed.items() <= recorded.items() for recorded in known):
            write_json(path, {**before, "continued": [*continued, values]})


def open_arrays(plan: Plan, data: Place, *, writable: bool = False) -> dict[str, Any]:
    """The Zarr arrays of a plan by species, (run, time, y, x), without the ledger; raises DataError if damaged."""
    import zarr

    with data.errors() if writable else contextlib.nullcontext():
        try:
            group = zarr.open_group(data.zarr_store(writable=writable), mode="r+" if writable else "r")
            arrays = {species: group[species] for species in plan.record}
            expected = (len(plan.runs), len(plan.times), *plan.grid.shape)
            if any(array.shape != expected for array in arrays.values()):
                raise ValueError(f"the shape is not {expected}")
        except OSError:
            if writable:
                raise
            raise DataError(f"{data} can't be read; restore it from a copy") from None
        except UsageError:  # a package or the object store is missing
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"{data} is damaged ({error}); restore it from a copy") from error
    return {name: array.with_config({"write_empty_chunks": True}) for name, array in arrays.items()}


def read_frames(
    folder: Path, array: Any, runs: Iterable[int] | NDArray[np.intp], is_done: Callable[[int], bool]
) -> NDArray[np.float32]:
    """Some runs of an array; raises DataError, which names the run, if the data of a run that is done is damaged."""
    numbers = [int(run) for run in runs]
    frames = np.empty((len(numbers), *array.shape[1:]), dtype=np.float32)
    for index, run in enumerate(numbers):
        try:
            frames[index] = array[run]
            missing = bool(np.isnan(frames[index, 0, 0, 0]))
        except UnreachableError:
            raise
        except Exception as error:  # whatever a codec raises for bytes that are not its own
            raise _damaged(folder, run, str(error)) from error
        if missing and is_done(run):
            raise _damaged(folder, run, "its data is missing")
    return frames


def _damaged(folder: Path, run: int, reason: str) -> DataError:
    return DataError(
        f"{folder}: run {run} is damaged ({' '.join(reason.split())}); repair the folder, then simulate the "
        "ensemble again",
        operation="check",
    )


def open_shards(plan: Plan, data: Place, *, writable: bool = False) -> Shards:
    """The files of the arrays of a plan, without the ledger."""
    return Shards(data, open_arrays(plan, data), open_arrays(plan, data, writable=True) if writable else None)


def _check_same(plan: Plan, folder: Path) -> None:
    """Raise UsageError unless a folder holds an ensemble of the same plan; a missing file with its rows is written."""
    path = folder / PLAN_FILE
    if not path.is_file():
        raise UsageError(f"{folder} contains other files (no {PLAN_FILE} in it); choose a new folder")
    if recorded_hash(path) == plan.hash:
        write_table(path, plan.table)
    difference = plan.difference(Plan.load(path))
    if difference:
        raise UsageError(f"{folder} contains an ensemble with another plan: {difference}; choose another folder")


def _claim(plan: Plan, folder: Path, store: str | None) -> None:
    """Reserve the place of the arrays in an object store, for a folder that has one or shall get one."""
    here = place_of(folder)
    if store is not None or here.remote:
        claim(folder, store or str(here), plan.hash)


def _remove_new(folder: Path) -> None:
    """Remove what identifies a folder that was new and for which no place could be reserved."""
    for path in (folder / STORE_FILE, table_path(folder / PLAN_FILE), folder / PLAN_FILE):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # the lock may be in it
        folder.rmdir()


def _create_data(plan: Plan, place: Place, storage: str) -> None:
    """Create the arrays in one move, or complete those of an earlier version."""
    if isinstance(place, ObjectPlace):
        if not place.exists():
            place.objects.put_all(group_objects(plan, storage), last="zarr.json")
        return
    data = place.folder
    if data.exists():
        remove_partial_files(data)
        remove_free_lock(data)  # of a process that was killed when it had just put the arrays in their place
        try:
            create_arrays(plan, data, storage)
        except UsageError:
            raise
        except (KeyError, TypeError, ValueError) as error:  # what Zarr raises for metadata that is not its own
            raise DataError(
                f"{data} is damaged ({error}); restore its zarr.json files from a copy, or choose another folder"
            ) from error
        return
    with staged_folder(data, "zarr.json", overwrite=False) as part:
        create_arrays(plan, part, storage)
