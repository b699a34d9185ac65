"""Read an ensemble with a classifier and write the atlas."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.coexistence import occupancy_rows
from morphoscope.atlas.descriptors import describe_frames, save
from morphoscope.atlas.files import (
    ATLAS_FILE,
    FORMAT,
    OCCUPANCY_FILE,
    PLAN_FILE,
    POINTS_FILE,
    PROBABILITIES_FILE,
    write_rows,
)
from morphoscope.atlas.reader import identity
from morphoscope.atlas.thumbnails import write_sheets
from morphoscope.core.progress import SILENT, Reporter, warn
from morphoscope.core.storage import check_output, staged_folder, write_json
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.magnitude import initial_magnitude
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.patterns import Patterns, finished_runs, of_ensemble
from morphoscope.learning.prediction import THEORY, VARIANCE, Prediction
from morphoscope.learning.reading import read
from morphoscope.rendering.scale import range_of_runs


def read_ensemble(
    classifier: Classifier,
    ensemble: Ensemble,
    folder: str | Path,
    *,
    overwrite: bool = False,
    progress: Reporter = SILENT,
) -> Atlas:
    """Read every finished run of an ensemble, compute its descriptors, and write and return the atlas.

    Raises UsageError if no run is done or the classifier can't read them.
    """
    folder = Path(folder)
    check_output(folder, ATLAS_FILE, overwrite=overwrite)
    runs, unfinished = finished_runs(ensemble)
    patterns = of_ensemble(classifier, ensemble, runs)
    for doubt in patterns.doubts:
        warn(progress, doubt)
    for note in (unfinished, *patterns.notes):
        if note:
            progress.message(note)
    with staged_folder(folder, ATLAS_FILE, overwrite=overwrite) as part:
        with progress.task("classify", len(runs), "patterns") as task:
            reading = read(classifier, patterns, task.advance)
        frames = _recorded_frames(ensemble, classifier, patterns)
        save(part, describe_frames(ensemble, runs, frames, progress))
        ends = range_of_runs(frames, shown=ensemble.plan.shown, magnitude=initial_magnitude(ensemble.plan))
        write_sheets(frames, part, ends)
        np.save(part / PROBABILITIES_FILE, reading.probabilities)
        ensemble.plan.save(part / PLAN_FILE)
        metadata = _metadata(classifier, ensemble, runs, reading, folder)
        write_json(part / ATLAS_FILE, {**metadata, "colour_range": list(ends)})
        made = Atlas(part)
        write_rows(made.points(), part / POINTS_FILE)
        columns = {name: made.values(name) for name in made.plan.parameter_names}
        write_rows(occupancy_rows(made.occupancy, columns), part / OCCUPANCY_FILE)
    return Atlas(folder)


def _recorded_frames(ensemble: Ensemble, classifier: Classifier, patterns: Patterns) -> NDArray[np.float32]:
    """All frames of the first recorded species, without loading twice those that were read."""
    same = classifier.input.species == ensemble.plan.record[0] and classifier.input.frames == len(ensemble.plan.times)
    return patterns.frames if same else ensemble.frames(patterns.runs)


def _metadata(
    classifier: Classifier, ensemble: Ensemble, runs: NDArray[np.intp], reading: Prediction, folder: Path
) -> dict[str, Any]:
    """The content of atlas.json: the ensemble, the classifier, the classes, and what determined each class."""
    return {
        "format": FORMAT,
        "plan_hash": ensemble.plan.hash,
        "ensemble": os.path.relpath(ensemble.folder.resolve(), folder.resolve()),
        "classes": list(reading.classes),
        "runs": runs.tolist(),
        "read_by": {
            by: runs[reading.read_by == by].tolist() for by in (THEORY, VARIANCE) if np.any(reading.read_by == by)
        },
        "notes": list(reading.notes),
        "classifier": {"network": classifier.network, **identity(classifier, folder), **classifier.summary()},
        "training_rows": classifier.provenance.get("training_rows", []),
    }
