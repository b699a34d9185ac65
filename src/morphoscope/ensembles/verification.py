"""What is damaged in the folder of an ensemble, and its repair: damaged runs become pending and are simulated again."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import Finding
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.extras import MissingPackageError
from morphoscope.core.locking import folder_lock
from morphoscope.core.storage import read_json, writing
from morphoscope.ensembles.ledger import DONE, Ledger
from morphoscope.ensembles.local_files import partial_files, remove_partial_files
from morphoscope.ensembles.objects import UnreachableError
from morphoscope.ensembles.places import DATA_FOLDER, STORE_FILE, place_of
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.runners.base import Batch, Cluster
from morphoscope.ensembles.shards import Shards
from morphoscope.ensembles.store import LEDGER_FILE, PLAN_FILE, PROVENANCE_FILE, Ensemble, open_shards

BATCH_SHARDS = 16  # shards that a worker of a cluster reads at a time
_AGAIN = "repair the folder and simulate the ensemble again"
_IMPORT_AGAIN = "repair the folder and import the same files again"
_RESTORE = "restore it from a copy, or simulate the plan into another folder"


def damaged_runs(ensemble: Ensemble, within: int | None = None, cluster: Cluster | None = None) -> dict[int, str]:
    """The runs that the ledger calls done and whose data is missing or changed, with the reason.

    Parameters
    ----------
    ensemble
        The ensemble.
    within
        If the arrays are larger than so many bytes, only shards are read whose size is not the recorded one. By default
        all are.
    """
    shards, runs = ensemble.shards(), np.flatnonzero(ensemble.states() == DONE)
    recorded = ensemble.ledger.sizes()
    if ensemble.place.remote and within is not None:
        within = -1  # the store checks what it keeps, and reading everything would cost time and money
    if within is not None and (sum(recorded.values()) if shards.checked else _bytes(ensemble)) > within:
        groups = shards.of_runs(runs)
        suspect = [
            run for shard, members in groups if _differs(shards.sizes(shard), recorded, shard) for run in members
        ]
        runs = np.array(suspect, dtype=np.intp)
    found: dict[int, str] = {}
    if cluster is None:
        pairs: Iterable[tuple[int, str]] = shards.damaged(runs)
    else:
        batches = _batches(shards, runs)
        results = list(cluster.compute(ensemble.folder, _open_shards, (), _damaged_in_batch, batches))
        pairs = [pair for _, part in sorted(results, key=lambda result: result[0].shard) for pair in part]
    for run, reason in pairs:
        found.setdefault(run, reason)
    return found


def _batches(shards: Shards, runs: NDArray[np.intp]) -> Iterator[Batch]:
    """The runs in batches of whole shards, so that each file is read once."""
    groups = shards.of_runs(runs)
    for number in itertools.count():
        members = [run for _, group in itertools.islice(groups, BATCH_SHARDS) for run in group]
        if not members:
            return
        yield Batch(number, tuple(members))


def _open_shards(folder: str) -> Shards:
    return open_shards(Plan.load(Path(folder) / PLAN_FILE), place_of(Path(folder)))


def _damaged_in_batch(shards: Shards, runs: tuple[int, ...]) -> list[tuple[int, str]]:
    return list(shards.damaged(np.array(runs, dtype=np.intp)))


def _differs(size: int | None, recorded: dict[int, int], shard: int) -> bool:
    return size is None or recorded.get(shard, size) != size


def _bytes(ensemble: Ensemble) -> int:
    """An upper bound of the size of arrays of earlier versions."""
    return 4 * len(ensemble.plan.runs) * len(ensemble.plan.times) * ensemble.plan.grid.height * ensemble.plan.grid.width


def check_ensemble(folder: str | Path, *, repair: bool = False, cluster: Cluster | None = None) -> list[Finding]:
    """Find what is damaged in the folder of an ensemble; every chunk of every finished run is read.

    Parameters
    ----------
    folder
        The folder.
    repair
        Whether to remove what killed processes left, to let damaged runs be pending, and to begin a damaged ledger
        anew. Simulating the ensemble again then repeats what is missing, with equal bits.
    cluster
        Workers that read the chunks; by default this process does.

    Returns
    -------
    list of Finding
        One for each damaged file or run; empty if all is well.

    Raises
    ------
    UsageError
        If the folder is not an ensemble, can't be written, or another process writes it.
    """
    folder = Path(folder)
    if not (folder / PLAN_FILE).is_file():
        raise DataError(f"{folder} is not an ensemble (no {PLAN_FILE} in it)")
    if not repair:
        return _findings(folder, repair=False, cluster=cluster)
    with writing(folder), folder_lock(folder, "repairing"):
        return _findings(folder, repair=True, cluster=cluster)


def _findings(folder: Path, *, repair: bool, cluster: Cluster | None) -> list[Finding]:
    try:
        plan = Plan.load(folder / PLAN_FILE)
    except UsageError as error:
        return [Finding(PLAN_FILE, str(error), _RESTORE)]
    found = _leftovers(folder, repair=repair)
    try:
        Ledger(folder / LEDGER_FILE, plan.hash).states(len(plan.runs))
    except UsageError as error:
        reason = str(error).removeprefix(f"{folder / LEDGER_FILE} ").partition("; ")[0]
        found.append(Finding(LEDGER_FILE, reason, _AGAIN))
        if repair:
            Ledger.create(folder / LEDGER_FILE, plan.hash)
    try:
        if (folder / PROVENANCE_FILE).is_file():
            read_json(folder / PROVENANCE_FILE, "an ensemble's provenance")
    except UsageError as error:
        found.append(Finding(PROVENANCE_FILE, str(error), "restore it from a copy, or delete it"))
    if not repair and any(finding.file == LEDGER_FILE for finding in found):
        return found
    try:
        ensemble = Ensemble(folder)
        ensemble.arrays()
    except (UnreachableError, MissingPackageError):
        raise
    except UsageError as error:
        return [*found, Finding(DATA_FOLDER, str(error), _RESTORE)]
    damaged = damaged_runs(ensemble, cluster=cluster)  # a lost cluster is no finding
    name = STORE_FILE if ensemble.place.remote else DATA_FOLDER
    again = _AGAIN if plan.imported is None else _IMPORT_AGAIN
    found += [Finding(name, f"run {run}: {reason}", again) for run, reason in damaged.items()]
    if repair:
        ensemble.ledger.remove(damaged)
    return found


def _leftovers(folder: Path, *, repair: bool) -> list[Finding]:
    """Files that killed processes left while they wrote."""
    data = folder / DATA_FOLDER
    if not data.is_dir():
        return []
    found = [
        Finding(str(path.relative_to(folder)), "an interrupted write", "remove it") for path in partial_files(data)
    ]
    if repair:
        remove_partial_files(data)
    return found
