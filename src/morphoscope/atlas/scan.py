"""Read an ensemble with a classifier: the atlas is written here."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from morphoscope.atlas.atlas import (
    ATLAS_FILE,
    FORMAT,
    OCCUPANCY_FILE,
    PLAN_FILE,
    POINTS_FILE,
    PROBABILITIES_FILE,
    Atlas,
    write_rows,
)
from morphoscope.atlas.coexistence import occupancy_rows
from morphoscope.atlas.descriptors import describe_frames, save
from morphoscope.atlas.thumbnails import write_sheets
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.storage import staged_folder, write_json
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.magnitude import initial_magnitude
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.datasets import check_readable
from morphoscope.rendering.scale import range_of_runs


def read_ensemble(
    classifier: Classifier,
    ensemble: Ensemble,
    folder: str | Path,
    *,
    overwrite: bool = False,
    progress: Reporter = SILENT,
) -> Atlas:
    """Let a classifier read every finished run of an ensemble, and describe it; writes and returns the atlas."""
    check_readable(classifier, ensemble)
    folder = Path(folder)
    runs = ensemble.usable()
    with staged_folder(folder, ATLAS_FILE, overwrite=overwrite) as part:
        frames = ensemble.frames(runs)
        with progress.task("classify", len(runs), "patterns") as task:
            reading = classifier.predict(frames, task.advance)
        save(part, describe_frames(ensemble, runs, frames, progress))
        ends = range_of_runs(frames, shown=ensemble.plan.shown, magnitude=initial_magnitude(ensemble.plan))
        write_sheets(frames, part, ends)
        np.save(part / PROBABILITIES_FILE, reading.probabilities)
        ensemble.plan.save(part / PLAN_FILE)
        place = os.path.relpath(ensemble.folder.resolve(), folder.resolve())
        write_json(
            part / ATLAS_FILE,
            {
                "format": FORMAT,
                "plan_hash": ensemble.plan.hash,
                "ensemble": place,
                "classes": list(reading.classes),
                "runs": runs.tolist(),
                "colour_range": list(ends),
                "classifier": {"network": classifier.network, **classifier.summary()},
                "training_rows": classifier.provenance.get("training_rows", []),
            },
        )
        made = Atlas(part)
        write_rows(made.points(), part / POINTS_FILE)
        columns = {name: made.values(name) for name in made.plan.parameter_names}
        write_rows(occupancy_rows(made.occupancy, columns), part / OCCUPANCY_FILE)
    return Atlas(folder)
