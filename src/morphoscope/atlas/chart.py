"""Chart an ensemble: find groups of patterns without labels or a classifier, and write them as an atlas."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.annotations import FILE as ANNOTATIONS_FILE
from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.chart_words import median_of, words_of
from morphoscope.atlas.charting import Charted, GroupReader
from morphoscope.atlas.descriptors import Columns, describe_frames, save
from morphoscope.atlas.files import ATLAS_FILE, FORMAT
from morphoscope.atlas.inferred import write_inferred
from morphoscope.atlas.scan import earlier_annotations
from morphoscope.atlas.thumbnails import write_sheets
from morphoscope.atlas.writing import people_classes, write_atlas
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.provenance import versions
from morphoscope.core.storage import reserved, staged_folder
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.ledger import PENDING
from morphoscope.ensembles.magnitude import initial_magnitude
from morphoscope.learning.groups import PARTITIONS, SIMILARITY
from morphoscope.learning.patterns import finished_runs
from morphoscope.learning.prediction import CHART, THEORY, VARIANCE, Prediction
from morphoscope.rendering.scale import range_of_runs

DIRECTIONS_FILE = "directions.npz"  # of the runs with a pattern, to divide groups further


def chart_ensemble(
    ensemble: Ensemble,
    folder: str | Path,
    reader: GroupReader,
    *,
    fill: bool = False,
    overwrite: bool = False,
    progress: Reporter = SILENT,
) -> Atlas:
    """Find groups of patterns in the finished runs of an ensemble, and write and return them as an atlas.

    ``fill``: infer the groups of the runs that are not simulated. Raises UsageError if no run is done or too few have a
    pattern.
    """
    folder = Path(folder)
    with reserved(folder, ATLAS_FILE, "charting an ensemble", overwrite=overwrite):
        kept = earlier_annotations(folder, ensemble.plan)
        runs, unfinished = finished_runs(ensemble)
        if unfinished and not fill:
            progress.message(unfinished.replace("read", "charted"))
        frames, plan = ensemble.frames(runs), ensemble.plan
        charted = reader.read(ensemble, runs, frames)
        ends = range_of_runs(frames, shown=plan.shown, magnitude=initial_magnitude(plan))
        with contextlib.ExitStack() as after, staged_folder(folder, ATLAS_FILE, overwrite=overwrite) as part:
            columns = describe_frames(ensemble, runs, frames, progress)
            save(part, columns)
            write_sheets(frames, part, ends)
            directions = charted.groups.directions.astype(np.float32)
            np.savez(part / DIRECTIONS_FILE, positions=charted.patterned, directions=directions)
            metadata = {
                **_metadata(ensemble, runs, charted, folder),
                "chart": _about(reader, charted, columns, plan.times),
                "colour_range": list(ends),
            }
            if fill:
                pending = np.flatnonzero(ensemble.states() == PENDING)
                metadata |= write_inferred(part, plan, pending, runs, charted.reading)
            made = write_atlas(part, plan, charted.reading, metadata)
            if kept is not None:  # until the new folder is in place nobody writes to the old file
                after.enter_context(kept.copied_to(part / ANNOTATIONS_FILE, people_classes(kept, made.classes)))
    done = Atlas(folder)
    done.__dict__["ensemble"] = ensemble  # is open already
    return done


def _metadata(ensemble: Ensemble, runs: NDArray[np.intp], charted: Charted, folder: Path) -> dict[str, Any]:
    reading = charted.reading
    return {
        "format": FORMAT,
        "plan_hash": ensemble.plan.hash,
        "ensemble": os.path.relpath(ensemble.folder.resolve(), folder.resolve()),
        "classes": list(reading.classes),
        "runs": runs.tolist(),
        "read_by": {by: runs[reading.read_by == by].tolist() for by in (CHART, THEORY, VARIANCE)},
        "notes": [],
        "classifier": None,
        "training_rows": [],
        "versions": versions(),
    }


def _about(reader: GroupReader, charted: Charted, columns: Columns, times: tuple[float, ...]) -> dict[str, Any]:
    """How the groups were found, and what they are."""
    found = charted.groups
    return {
        "seed": reader.seed,
        "partitions": PARTITIONS,
        "similarity": SIMILARITY,
        "number": "found" if reader.count is None else "given",
        "agreement": round(found.agreement, 4),
        "encoder": None if reader.encoder is None else reader.encoder.hash,
        "groups": group_rows(charted.reading, columns, times, dict(enumerate(found.stability.tolist()))),
        "confirmed": None,
    }


def group_rows(
    reading: Prediction, columns: Columns, times: tuple[float, ...], stability: dict[int, float]
) -> list[dict[str, Any]]:
    """One row for each class: name, number of runs, stability (None if not measured), and what it is in words."""
    rows = []
    for index, name in enumerate(reading.classes):
        members = reading.index == index
        rows.append(
            {
                "name": name,
                "runs": int(members.sum()),
                "stability": round(stability[index], 3) if index in stability else None,
                "words": words_of(columns, members, times),
                "wavelength": median_of(columns, "wavelength", members),
            }
        )
    return rows
