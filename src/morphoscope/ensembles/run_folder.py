"""The folder of one simulated run: picture.png, u.png, initial.npz, snapshots.npz, run.json.

picture.png has axes, times and a colour bar. u.png, named after the first species, has one pixel per cell, and values
can be read back from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.checksums import FILES, Finding, record_files, verify_file
from morphoscope.core.errors import DataError
from morphoscope.core.outside_arrays import load_archive
from morphoscope.core.recorded_files import inspect_folder
from morphoscope.core.storage import read_json, recover, staged_folder, write_json
from morphoscope.engines.initial import ARRAY
from morphoscope.engines.state_files import state_hash
from morphoscope.ensembles.pictures import simulation_figure
from morphoscope.ensembles.plan import Plan
from morphoscope.ensembles.simulation import Simulation
from morphoscope.rendering.pictures import save_composite, save_space_time
from morphoscope.rendering.style import save

MARKER = "run.json"
REMEDY = "simulate the run again"
RUN_FILE = "snapshots.npz"
INITIAL_FILE = "initial.npz"
VIDEO_FILE = "film.npz"  # frames of a run in one dimension; its picture shows them as space and time
PICTURE_FILE = "picture.png"


def save_run(simulation: Simulation, folder: Path, *, overwrite: bool = False) -> None:
    """Write a run. The arrays are named after the species: initial state (y, x), snapshots (time, y, x)."""
    species = simulation.plan.model.species
    with staged_folder(folder, MARKER, overwrite=overwrite) as part:
        initial: dict[str, Any] = dict(zip(species, simulation.initial, strict=True))
        np.savez_compressed(part / INITIAL_FILE, **initial)
        states: dict[str, Any] = {name: simulation.species(name) for name in species}
        np.savez_compressed(part / RUN_FILE, t=simulation.t, **states)
        save(simulation_figure(simulation), part / PICTURE_FILE)
        picture, shown = part / f"{species[0]}.png", simulation.plan.model.shown
        magnitude = float(np.abs(simulation.initial[0]).max())
        if simulation.plan.grid.dimensions == 1 and simulation.video is not None:
            np.savez_compressed(part / VIDEO_FILE, film=simulation.video)
            save_space_time(simulation.video, picture, shown, magnitude)
        else:
            save_composite(simulation.states[:, 0], picture, shown, simulation.t, magnitude)
        write_json(part / MARKER, {**simulation.metadata(), FILES: record_files(part)})


def inspect_run(folder: Path) -> list[Finding]:
    """What is wrong with the files of a run's folder; empty if nothing is."""
    return inspect_folder(folder, MARKER, "the metadata of a run", REMEDY)


def is_run_folder(folder: Path) -> bool:
    """Whether a folder contains a simulated run."""
    return (folder / MARKER).is_file()


def plan_of_run(folder: Path) -> Plan | None:
    """The plan of the run in a folder; None if the folder contains no run. Raises DataError for a damaged run.json."""
    return Plan.from_dict(_metadata(folder)["plan"]) if is_run_folder(folder) else None


def load_run(folder: str | Path) -> Simulation:
    """The run in a folder, which is given itself or by one of its files. Raises DataError for a damaged run."""
    folder = _folder(folder)
    metadata = _metadata(folder)
    plan = Plan.from_dict(metadata["plan"])
    states, initial = _arrays(folder, RUN_FILE, metadata), _arrays(folder, INITIAL_FILE, metadata)
    video = _arrays(folder, VIDEO_FILE, metadata)["film"] if (folder / VIDEO_FILE).is_file() else None
    try:
        found = Simulation(
            plan=plan,
            engine=str(metadata["engine"]),
            initial=np.stack([initial[s] for s in plan.model.species]),
            t=np.asarray(states["t"], dtype=np.float64),
            states=np.stack([states[s] for s in plan.model.species], axis=1),
            video=video,
            computed_steps=int(metadata["computed_steps"]),
            seconds=float(metadata["seconds"]),
            warnings=tuple(metadata.get("warnings", ())),
            versions=dict(metadata["versions"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{folder} is damaged ({error}); simulate the run again") from None
    if found.states.shape != (len(plan.times), *found.initial.shape) or found.initial.shape[1:] != plan.grid.shape:
        raise DataError(f"{folder} is damaged: its arrays do not have the plan's shape; simulate the run again")
    return found


def stored_initial(simulation: Simulation) -> NDArray[Any] | None:
    """The initial state of a loaded run if it came from an array or a file; None if the plan can make it again."""
    initial = simulation.plan.initial
    if initial.name == ARRAY and state_hash(simulation.initial) != dict(initial.options)["sha256"]:
        raise DataError(f"{INITIAL_FILE} is no longer the initial state of the run (its SHA-256 differs)")
    return simulation.initial if initial.name == ARRAY or initial.path is not None else None


def _folder(path: str | Path) -> Path:
    path = Path(path)
    folder = path.parent if path.name in (MARKER, RUN_FILE, INITIAL_FILE) else path
    recover(folder)
    if not is_run_folder(folder):
        raise DataError(f"{path} is not a simulated run (no {MARKER} in it)")
    return folder


def _metadata(folder: Path) -> dict[str, Any]:
    metadata = read_json(folder / MARKER, "the metadata of a run")
    if not isinstance(metadata, dict) or "plan" not in metadata:
        raise DataError(f"{folder / MARKER} is damaged: it has no plan; simulate the run again")
    return metadata


def _arrays(folder: Path, name: str, metadata: dict[str, Any]) -> dict[str, NDArray[Any]]:
    path = folder / name
    verify_file(folder, name, metadata, REMEDY)
    return load_archive(path, str(path), "the arrays of a run; simulate it again")[0]
