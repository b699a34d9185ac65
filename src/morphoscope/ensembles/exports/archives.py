"""Runs as a NumPy archive: species (run, time, y, x), t, and one array for each parameter, seed and label."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.progress import Reporter
from morphoscope.core.storage import staged_file
from morphoscope.ensembles.exports.runs import columns_of, frames_of
from morphoscope.ensembles.store import Ensemble


def write_npz(ensemble: Ensemble, runs: NDArray[np.intp], out: Path, overwrite: bool, progress: Reporter) -> None:
    """Write one file, which ``numpy.load`` reads; each array goes into it run by run."""
    plan = ensemble.plan
    with staged_file(out) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, (_, values, _) in columns_of(ensemble, runs).items():
            with archive.open(f"{'t' if name == 'time' else name}.npy", "w") as entry:
                np.lib.format.write_array(entry, np.asarray(values), allow_pickle=False)
        shape = (len(runs), len(plan.times), *plan.grid.shape)
        header: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": shape}
        for species in plan.record:
            with archive.open(f"{species}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array_header_1_0(entry, header)
                for frames in frames_of(ensemble, runs, species, progress, f"export {species}"):
                    entry.write(np.ascontiguousarray(frames, dtype="<f4").tobytes())
