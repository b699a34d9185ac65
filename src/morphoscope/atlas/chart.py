"""Chart an ensemble: find groups of patterns without labels or a classifier, and write them as an atlas."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.annotations import FILE as ANNOTATIONS_FILE
from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.chart_words import median_of, words_of
from morphoscope.atlas.descriptors import Columns, describe_frames, save
from morphoscope.atlas.files import ATLAS_FILE, FORMAT
from morphoscope.atlas.scan import earlier_annotations
from morphoscope.atlas.thumbnails import write_sheets
from morphoscope.atlas.writing import people_classes, write_atlas
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.core.provenance import versions
from morphoscope.core.storage import reserved, staged_folder
from morphoscope.descriptors.texture import texture
from morphoscope.ensembles import Ensemble
from morphoscope.ensembles.magnitude import homogeneity_scale, initial_magnitude
from morphoscope.learning.branches import branch_names
from morphoscope.learning.encoder import Encoder
from morphoscope.learning.groups import PARTITIONS, SIMILARITY, Groups, find_groups
from morphoscope.learning.homogeneous import homogeneous_runs
from morphoscope.learning.lattice import Lattice
from morphoscope.learning.patterns import finished_runs
from morphoscope.learning.prediction import CHART, THEORY, VARIANCE, Prediction
from morphoscope.rendering.scale import range_of_runs

DIRECTIONS_FILE = "directions.npz"  # of the runs with a pattern, to divide groups further
_COMPONENTS = 32  # of an encoder's features

Floats = NDArray[np.float64]
Frames = NDArray[np.float32]


def chart_ensemble(
    ensemble: Ensemble,
    folder: str | Path,
    *,
    groups: int | None = None,
    seed: int = 0,
    encoder: Encoder | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Reporter = SILENT,
) -> Atlas:
    """Find groups of patterns in the finished runs of an ensemble, and write and return them as an atlas.

    ``groups``: their number; by default it is found. ``encoder``: its features are compared beside the textures. Raises
    UsageError if no run is done or too few have a pattern.
    """
    folder = Path(folder)
    with reserved(folder, ATLAS_FILE, "charting an ensemble", overwrite=overwrite):
        kept = earlier_annotations(folder, ensemble.plan)
        runs, unfinished = finished_runs(ensemble)
        if unfinished:
            progress.message(unfinished.replace("read", "charted"))
        frames, plan = ensemble.frames(runs), ensemble.plan
        uniform = homogeneous_runs(frames, homogeneity_scale(plan))
        patterned = np.flatnonzero(~uniform)
        found = _groups(ensemble, runs, frames, patterned, groups, seed, encoder, workers, progress)
        names, by_theory = branch_names(plan, runs[uniform], frames[uniform], homogeneity_scale(plan))
        reading = _reading(found, patterned, np.flatnonzero(uniform), names, by_theory)
        ends = range_of_runs(frames, shown=plan.shown, magnitude=initial_magnitude(plan))
        with contextlib.ExitStack() as after, staged_folder(folder, ATLAS_FILE, overwrite=overwrite) as part:
            columns = describe_frames(ensemble, runs, frames, progress)
            save(part, columns)
            write_sheets(frames, part, ends)
            np.savez(part / DIRECTIONS_FILE, positions=patterned, directions=found.directions.astype(np.float32))
            about = {
                "seed": seed,
                "partitions": PARTITIONS,
                "similarity": SIMILARITY,
                "number": "found" if groups is None else "given",
                "agreement": round(found.agreement, 4),
                "encoder": None if encoder is None else encoder.hash,
                "groups": group_rows(reading, columns, plan.times, dict(enumerate(found.stability.tolist()))),
                "confirmed": None,
            }
            metadata = {
                "format": FORMAT,
                "plan_hash": plan.hash,
                "ensemble": os.path.relpath(ensemble.folder.resolve(), folder.resolve()),
                "classes": list(reading.classes),
                "runs": runs.tolist(),
                "read_by": {by: runs[reading.read_by == by].tolist() for by in (CHART, THEORY, VARIANCE)},
                "notes": [],
                "classifier": None,
                "chart": about,
                "training_rows": [],
                "colour_range": list(ends),
                "versions": versions(),
            }
            made = write_atlas(part, plan, reading, metadata)
            if kept is not None:  # until the new folder is in place nobody writes to the old file
                after.enter_context(kept.copied_to(part / ANNOTATIONS_FILE, people_classes(kept, made.classes)))
    return Atlas(folder)


def _groups(
    ensemble: Ensemble,
    runs: NDArray[np.intp],
    frames: Frames,
    patterned: NDArray[np.intp],
    groups: int | None,
    seed: int,
    encoder: Encoder | None,
    workers: int | None,
    progress: Reporter,
) -> Groups:
    features = textures(frames, patterned, workers, progress)
    if encoder is not None:
        features = np.hstack([features, components(encoder.features(frames[patterned]))])
    columns = [np.array(ensemble.plan.values(name))[runs] for name in ensemble.plan.parameter_names]
    numbers = [column for column in columns if np.isfinite(column).all()]
    points = np.stack([np.zeros(len(runs)), *numbers], axis=1)
    with progress.task("group", PARTITIONS, "partitions") as task:
        return find_groups(
            features, points[patterned], Lattice.of(points), count=groups, seed=seed, advance=lambda: task.advance(1)
        )


def textures(frames: Frames, patterned: NDArray[np.intp], workers: int | None, progress: Reporter) -> Floats:
    """The textures of some runs, (runs, numbers); threads compute them."""
    rows = []
    count = workers or os.cpu_count() or 1
    with (
        progress.task("compare", len(patterned), "patterns") as task,
        concurrent.futures.ThreadPoolExecutor(count, thread_name_prefix="texture") as pool,
    ):
        for found in pool.map(lambda position: texture(frames[position]), patterned.tolist()):
            rows.append(list(found.values()))
            task.advance(1)
    return np.array(rows).reshape(len(rows), -1)


def components(features: Frames) -> Floats:
    """The first principal components of an encoder's features."""
    centred = features - features.mean(axis=0)
    u, s, _ = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    return np.asarray((u * s)[:, :_COMPONENTS])


def _reading(
    found: Groups, patterned: NDArray[np.intp], uniform: NDArray[np.intp], names: list[str], by_theory: bool
) -> Prediction:
    """The groups and the homogeneous classes as a reading."""
    groups = [f"g{number}" for number in range(1, found.count + 1)]
    classes = (*groups, *sorted(set(names)))
    probabilities = np.zeros((len(patterned) + len(uniform), len(classes)), dtype=np.float32)
    probabilities[patterned, : len(groups)] = found.membership
    probabilities[uniform, [classes.index(name) for name in names]] = 1.0
    by = np.full(len(probabilities), CHART, dtype="<U8")
    by[uniform] = THEORY if by_theory else VARIANCE
    return Prediction(classes, probabilities, by)


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
