"""Read an ensemble with a classifier and write the atlas."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import annotation_database
from morphoscope.atlas.annotations import FILE as ANNOTATIONS_FILE
from morphoscope.atlas.annotations import Annotations
from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.cluster_scan import read_by_workers
from morphoscope.atlas.descriptors import describe_frames, save
from morphoscope.atlas.files import (
    ATLAS_FILE,
    FORMAT,
    PLAN_FILE,
    REMEDY,
)
from morphoscope.atlas.inferred import write_inferred
from morphoscope.atlas.reader import identity
from morphoscope.atlas.settled import OVER_TIME, check_readable_over_time, settled_runs
from morphoscope.atlas.thumbnails import write_sheets
from morphoscope.atlas.writing import people_classes, write_atlas
from morphoscope.core.checksums import Finding
from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter, warn
from morphoscope.core.recorded_files import inspect_folder
from morphoscope.core.storage import read_json, reserved, staged_folder
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.ensembles.ledger import PENDING
from morphoscope.ensembles.magnitude import initial_magnitude
from morphoscope.ensembles.runners.base import Cluster
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.patterns import Patterns, finished_runs, of_ensemble, unread
from morphoscope.learning.prediction import THEORY, VARIANCE, Prediction
from morphoscope.learning.reading import read
from morphoscope.rendering.scale import Range, range_of_runs


def read_ensemble(
    classifier: Classifier,
    ensemble: Ensemble,
    folder: str | Path,
    *,
    over_time: bool = False,
    overwrite: bool = False,
    cluster: Cluster | None = None,
    fill: bool = False,
    progress: Reporter = SILENT,
) -> Atlas:
    """Read every finished run of an ensemble, compute its descriptors, and write and return the atlas.

    ``over_time``: also find out since when the readings have not changed. ``fill``: infer the classes of the runs that
    are not simulated. ``cluster``: workers that read the runs and compute; by default this process does. Raises
    UsageError if no run is done or the classifier can't read them.
    """
    if over_time:
        check_readable_over_time(classifier, ensemble)
    folder = Path(folder)
    with reserved(folder, ATLAS_FILE, "reading an ensemble", overwrite=overwrite):
        kept = earlier_annotations(folder, ensemble.plan)
        return _read_into(folder, classifier, ensemble, kept, over_time, overwrite, cluster, fill, progress)


def _read_into(
    folder: Path,
    classifier: Classifier,
    ensemble: Ensemble,
    kept: Annotations | None,
    over_time: bool,
    overwrite: bool,
    cluster: Cluster | None,
    fill: bool,
    progress: Reporter,
) -> Atlas:
    """Write the atlas, with the annotations ``kept`` of the one that it replaces."""
    runs, unfinished = finished_runs(ensemble)
    patterns = (of_ensemble if cluster is None else unread)(classifier, ensemble, runs)
    for doubt in patterns.doubts:
        warn(progress, doubt)
    for note in (None if fill else unfinished, *patterns.notes):
        if note:
            progress.message(note)
    with contextlib.ExitStack() as after, staged_folder(folder, ATLAS_FILE, overwrite=overwrite) as part:
        if cluster is None:
            reading, ends = _read_here(part, classifier, ensemble, patterns, progress)
        else:
            reading, ends = read_by_workers(cluster, part, classifier, ensemble, patterns, progress)
        metadata = {**_metadata(classifier, ensemble, runs, reading, folder), "colour_range": list(ends)}
        if over_time:
            metadata[OVER_TIME] = settled_runs(classifier, ensemble, runs, progress)
        if fill:
            pending = np.flatnonzero(ensemble.states() == PENDING)
            metadata |= write_inferred(part, ensemble.plan, pending, runs, reading)
        made = write_atlas(part, ensemble.plan, reading, metadata)
        if kept is not None:  # until the new folder is in place nobody writes to the old file
            after.enter_context(kept.copied_to(part / ANNOTATIONS_FILE, people_classes(kept, made.classes)))
    return Atlas(folder)


def _read_here(
    part: Path, classifier: Classifier, ensemble: Ensemble, patterns: Patterns, progress: Reporter
) -> tuple[Prediction, Range]:
    """Write descriptors and thumbnails; return the reading, and the values drawn as the first and the last colour."""
    with progress.task("classify", len(patterns.runs), "patterns") as task:
        reading = read(classifier, patterns, task.advance)
    frames = _recorded_frames(ensemble, classifier, patterns)
    save(part, describe_frames(ensemble, patterns.runs, frames, progress))
    ends = range_of_runs(frames, shown=ensemble.plan.shown, magnitude=initial_magnitude(ensemble.plan))
    write_sheets(frames, part, ends)
    return reading, ends


def earlier_annotations(folder: Path, plan: Plan) -> Annotations | None:
    """The annotations of the atlas in ``folder`` that will be overwritten by one of ``plan``; None without any.

    Raises UsageError if they are about other runs: they would be lost.
    """
    path = folder / ANNOTATIONS_FILE
    if not path.exists():
        return None
    former = read_json(folder / ATLAS_FILE, "an atlas").get("plan_hash")
    there = Plan.load(folder / PLAN_FILE).hash
    found = Annotations(path, there, former_hash=former)
    if not found.log() and not found.classes():
        return None
    if there != plan.hash:
        raise UsageError(
            f"{folder} has {len(found.log())} annotations of other runs, which would be lost; choose another folder, "
            f"or export them and remove {path}",
            operation="export_annotations",
        )
    return found


def inspect_atlas(folder: Path) -> list[Finding]:
    """What is wrong with the files of an atlas's folder, its annotations included; empty if nothing is."""
    found = inspect_folder(folder, ATLAS_FILE, "an atlas", REMEDY)
    path = folder / ANNOTATIONS_FILE
    if path.exists():
        try:
            annotation_database.check(path, None)
        except UsageError as error:
            found.append(Finding(ANNOTATIONS_FILE, str(error), "restore it from a copy, or from an export"))
    return found


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
        "known": _recognition(classifier, reading),
        "notes": list(reading.notes),
        "classifier": {"network": classifier.network, **identity(classifier, folder), **classifier.summary()},
        "training_rows": classifier.provenance.get("training_rows", []),
    }


def _recognition(classifier: Classifier, reading: Prediction) -> dict[str, Any]:
    """Whether there are known scores, and what the conformal sets follow from."""
    found: dict[str, Any] = {"score": reading.known is not None}
    if classifier.conformal is not None and reading.coverage is not None:
        least = classifier.conformal.least_probability(reading.coverage)
        found |= {"coverage": reading.coverage, "least_probability": least}
    return found
