"""Runs as films and as TIFF stacks: a folder with one file for each run and species."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import Reporter
from morphoscope.core.storage import staged_folder, write_json
from morphoscope.ensembles.exports.runs import frames_of
from morphoscope.ensembles.store import Ensemble
from morphoscope.rendering.video import save_video

MARKER = "export.json"
MAX_FILES = 10_000
Write = Callable[[NDArray[np.float32], Path, str], None]


def write_films(ensemble: Ensemble, runs: NDArray[np.intp], out: Path, overwrite: bool, progress: Reporter) -> None:
    """Write a film of each run with axes, time and a colour bar, ``run-0-u.mp4`` and so on."""
    plan = ensemble.plan

    def write(frames: NDArray[np.float32], path: Path, species: str) -> None:
        shown = plan.shown if species == plan.record[0] else None
        save_video(frames, path, spacing=plan.grid.spacing, times=plan.times, shown=shown, species=species)

    _write_files(ensemble, runs, out, ".mp4", write, overwrite, progress)


def write_stacks(ensemble: Ensemble, runs: NDArray[np.intp], out: Path, overwrite: bool, progress: Reporter) -> None:
    """Write a TIFF stack of float32 for each run, a page a frame, ``run-0-u.tif`` and so on."""
    import tifffile

    def write(frames: NDArray[np.float32], path: Path, species: str) -> None:
        tifffile.imwrite(path, frames, photometric="minisblack", metadata={"axes": "TYX"})

    _write_files(ensemble, runs, out, ".tif", write, overwrite, progress)


def _write_files(
    ensemble: Ensemble,
    runs: NDArray[np.intp],
    out: Path,
    suffix: str,
    write: Write,
    overwrite: bool,
    progress: Reporter,
) -> None:
    plan = ensemble.plan
    if len(runs) * len(plan.record) > MAX_FILES:
        raise UsageError(f"{len(runs)} runs are too many files; choose at most {MAX_FILES:,}", parameter="run")
    with staged_folder(out, MARKER, overwrite=overwrite) as part:
        for species in plan.record:
            every = frames_of(ensemble, runs, species, progress, f"export {species}")
            for run, frames in zip(runs.tolist(), every, strict=True):
                write(frames, part / f"run-{run}-{species}{suffix}", species)
        write_json(part / MARKER, {"plan_hash": plan.hash, "times": list(plan.times), "spacing": plan.grid.spacing})
