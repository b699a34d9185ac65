"""The formats that runs are exported to, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError, nearest
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import check_writable
from morphoscope.ensembles.exports.archives import write_npz
from morphoscope.ensembles.exports.netcdf import write_netcdf
from morphoscope.ensembles.exports.sequences import write_films, write_stacks
from morphoscope.ensembles.exports.well import write_well
from morphoscope.ensembles.store import Ensemble

Writer = Callable[[Ensemble, "NDArray[np.intp]", Path, bool, Reporter], None]
#: Format → the suffix of its file, empty for a folder, and what writes it.
FORMATS: dict[str, tuple[str, Writer]] = {
    "netcdf": (".nc", write_netcdf),
    "npz": (".npz", write_npz),
    "well": ("", write_well),
    "mp4": ("", write_films),
    "tiff": ("", write_stacks),
}


def export_runs(
    ensemble: Ensemble,
    out: Path,
    format: str,
    *,
    runs: Sequence[int] | None = None,
    overwrite: bool = False,
    progress: Reporter = SILENT,
) -> Path:
    """Write the finished runs of an ensemble, or some of them, in one of :data:`FORMATS`; memory holds one run.

    Raises UsageError for an unknown format, runs that are not done, and a file or folder that exists.
    """
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}; {nearest(format, FORMATS)}", parameter="format")
    suffix, write = FORMATS[format]
    if suffix and out.suffix.lower() != suffix:
        raise UsageError(f"{out}: the format {format} needs a file name that ends with {suffix}", parameter="out")
    if suffix and out.exists() and (out.is_dir() or not overwrite):
        remedy = "choose another name" if out.is_dir() else "choose another name, or overwrite it"
        raise UsageError(f"{out} exists already; {remedy}", parameter=None if out.is_dir() else "overwrite")
    done = ensemble.usable()
    chosen = done if runs is None else np.array(sorted(set(runs)), dtype=np.intp)
    if missing := sorted(set(chosen.tolist()) - set(done.tolist())):
        raise UsageError(f"run {missing[0]} of {ensemble.folder} is not done; {len(done)} runs are", parameter="run")
    if not len(chosen):
        raise UsageError(f"no run of {ensemble.folder} is done; simulate it first")
    check_writable(out)
    write(ensemble, chosen, out, overwrite, progress)
    return out
