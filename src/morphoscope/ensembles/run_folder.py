"""The folder of one simulated run: picture.png, u.png, initial.npz, snapshots.npz, run.json.

picture.png is for people: axes, times, a colour bar. u.png, named after the first species, has one pixel a cell, and
values can be read back from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from morphoscope.core.storage import check_output, staged_folder, write_json
from morphoscope.ensembles.pictures import simulation_figure
from morphoscope.ensembles.simulation import Simulation
from morphoscope.rendering.pictures import save_composite, save_space_time
from morphoscope.rendering.style import save

MARKER = "run.json"
RUN_FILE = "snapshots.npz"
PICTURE_FILE = "picture.png"


def check_run_folder(folder: Path, *, overwrite: bool) -> None:
    """Raise UsageError when the folder holds something else, or an earlier run unless ``overwrite``."""
    check_output(folder, MARKER, overwrite=overwrite)


def save_run(simulation: Simulation, folder: Path, *, overwrite: bool = False) -> None:
    """Write a run; the arrays are named after the species, (y, x) at the start and (time, y, x) after it."""
    species = simulation.plan.model.species
    with staged_folder(folder, MARKER, overwrite=overwrite) as part:
        start: dict[str, Any] = dict(zip(species, simulation.initial, strict=True))
        np.savez_compressed(part / "initial.npz", **start)
        states: dict[str, Any] = {name: simulation.species(name) for name in species}
        np.savez_compressed(part / RUN_FILE, t=simulation.t, **states)
        save(simulation_figure(simulation), part / PICTURE_FILE)
        picture, shown = part / f"{species[0]}.png", simulation.plan.model.shown
        magnitude = float(np.abs(simulation.initial[0]).max())
        if simulation.plan.grid.dimensions == 1 and simulation.video is not None:
            save_space_time(simulation.video, picture, shown, magnitude)
        else:
            save_composite(simulation.states[:, 0], picture, shown, simulation.t, magnitude)
        write_json(part / MARKER, simulation.description())
