"""Rename, merge and split the groups of a chart, and confirm them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.annotation import REJECTED, check_class, now, person
from morphoscope.atlas.annotations import FILE as ANNOTATIONS_FILE
from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.chart import DIRECTIONS_FILE, group_rows
from morphoscope.atlas.descriptors import DESCRIPTORS_FILE
from morphoscope.atlas.files import ATLAS_FILE
from morphoscope.atlas.inferred import write_inferred
from morphoscope.atlas.writing import people_classes, write_atlas
from morphoscope.core.checksums import FILES
from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.core.storage import staged_folder
from morphoscope.learning.groups import split as split_runs
from morphoscope.learning.prediction import Prediction

TRAINING_POINTS = 40  # of each class of a confirmed chart, for the next pass


def regrouped(
    atlas: Atlas,
    rename: Mapping[str, str],
    merge: Mapping[str, Sequence[str]],
    split: Mapping[str, int],
    *,
    confirm: bool,
    who: str,
) -> Atlas:
    """Write a chart again with other groups: first some are split, then merged, then renamed; return it.

    Raises UsageError for an atlas that is no chart, unknown groups and names that are taken.
    """
    chart = chart_of(atlas)
    who = person(who)
    reading, stability = atlas.reading, {row["name"]: row["stability"] for row in chart["groups"]}
    for name, count in split.items():
        reading = _split(atlas, reading, name, count)
    for name, parts in merge.items():
        reading, stability[name] = _merged(reading, name, list(dict.fromkeys(parts))), None
    translation = {old: new for new, parts in merge.items() for old in parts}
    for old, new in rename.items():
        reading = _renamed(reading, old, new)
        stability[new] = stability.pop(old, None)
        translation = {was: new if now_ == old else now_ for was, now_ in translation.items()} | {old: new}
    known = {i: stability[name] for i, name in enumerate(reading.classes) if stability.get(name) is not None}
    changed = bool(rename or merge or split)
    confirmed = {"who": who, "at": now()} if confirm else None if changed else chart["confirmed"]
    rows = group_rows(reading, atlas.descriptors, atlas.plan.times, known)
    metadata = {name: value for name, value in atlas.metadata.items() if name != FILES}
    metadata |= {
        "classes": list(reading.classes),
        "chart": {**chart, "groups": rows, "confirmed": confirmed},
        "training_rows": _training_rows(atlas, reading) if confirmed else [],
    }
    _write(atlas, reading, metadata)
    made = Atlas(atlas.folder)
    _translate(made, translation, who)
    return made


def chart_of(atlas: Atlas) -> dict[str, Any]:
    """What a chart says about its groups. Raises UsageError for another atlas."""
    if not isinstance(atlas.metadata.get("chart"), dict):
        raise UsageError(f"{atlas.folder} is no chart; its classes are given by annotation", operation="annotate")
    return dict(atlas.metadata["chart"])


def _write(atlas: Atlas, reading: Prediction, metadata: dict[str, Any]) -> None:
    sheets = [path.name for path in atlas.folder.glob("thumbnails-*.webp")]
    with contextlib.ExitStack() as after, staged_folder(atlas.folder, ATLAS_FILE, overwrite=True) as part:
        for name in (DESCRIPTORS_FILE, DIRECTIONS_FILE, *sheets):
            shutil.copyfile(atlas.folder / name, part / name)
        if atlas.inferred is not None:
            metadata = {**metadata, **write_inferred(part, atlas.plan, atlas.inferred[0], atlas.runs, reading)}
        made = write_atlas(part, atlas.plan, reading, metadata)
        if (atlas.folder / ANNOTATIONS_FILE).exists():
            kept = atlas.annotations
            after.enter_context(kept.copied_to(part / ANNOTATIONS_FILE, people_classes(kept, made.classes)))


def _check_known(reading: Prediction, names: Sequence[str]) -> None:
    for name in names:
        if name not in reading.classes:
            raise UsageError(f"unknown group {name!r}; {nearest(name, reading.classes)}")


def _renamed(reading: Prediction, old: str, new: str) -> Prediction:
    _check_known(reading, [old])
    check_class(new, new[:3] or "x", "#000000")
    if new in reading.classes:
        raise UsageError(f"a group {new!r} exists already; merge both instead", parameter="merge")
    classes = tuple(new if name == old else name for name in reading.classes)
    return Prediction(classes, reading.probabilities, reading.read_by)


def _merged(reading: Prediction, name: str, parts: list[str]) -> Prediction:
    _check_known(reading, parts)
    check_class(name, name[:3] or "x", "#000000")
    if len(parts) < 2 or (name in reading.classes and name not in parts):
        raise UsageError(f"merging {', '.join(parts)} into {name!r}; expected two groups or more and a new name")
    columns = [reading.classes.index(part) for part in parts]
    kept = [i for i in range(len(reading.classes)) if i not in columns[1:]]
    probabilities = reading.probabilities.copy()
    probabilities[:, columns[0]] = probabilities[:, columns].sum(axis=1)
    # A run of another class stays there, even if the merged group as a whole is now as similar.
    own = reading.index
    for run in np.flatnonzero(~np.isin(own, columns) & (probabilities.argmax(axis=1) != own)):
        probabilities[run, columns[0]] = 0.999 * probabilities[run, own[run]]
        probabilities[run] /= probabilities[run, kept].sum()
    classes = tuple(name if i == columns[0] else reading.classes[i] for i in kept)
    return Prediction(classes, probabilities[:, kept], reading.read_by)


def _split(atlas: Atlas, reading: Prediction, name: str, count: int) -> Prediction:
    """The group divided by its runs' directions into ``name`` + a, b, c …, the largest first."""
    _check_known(reading, [name])
    column = reading.classes.index(name)
    positions, directions = _stored_directions(atlas)
    members = np.flatnonzero(reading.index == column)
    inside = np.isin(positions, members)
    if inside.sum() != len(members):
        raise UsageError(f"{name} is a group of homogeneous runs; only groups of patterns can be split")
    if not 2 <= count <= 26:
        raise UsageError(f"{name} split into {count}; expected 2 to 26 parts")
    labels = split_runs(directions[inside], count)
    new = [f"{name}{chr(ord('a') + number)}" for number in range(count)]
    if taken := set(new) & set(reading.classes):
        raise UsageError(f"a group {sorted(taken)[0]!r} exists already; rename it first", parameter="rename")
    parts = np.repeat(reading.probabilities[:, [column]] / count, count, axis=1)
    parts[positions[inside]] = 0.0
    parts[positions[inside], labels] = reading.probabilities[positions[inside], column]
    before, after = reading.probabilities[:, :column], reading.probabilities[:, column + 1 :]
    classes = (*reading.classes[:column], *new, *reading.classes[column + 1 :])
    return Prediction(classes, np.hstack([before, parts, after]), reading.read_by)


def _stored_directions(atlas: Atlas) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    atlas.verify(DIRECTIONS_FILE)
    try:
        with np.load(atlas.folder / DIRECTIONS_FILE, allow_pickle=False) as stored:
            return stored["positions"].astype(np.intp), stored["directions"].astype(np.float64)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(f"{atlas.folder / DIRECTIONS_FILE} is damaged ({error}); chart the ensemble again") from error


def _training_rows(atlas: Atlas, reading: Prediction) -> list[dict[str, Any]]:
    """The most certain points of each class, from which a next pass begins."""
    rows = []
    for index, name in enumerate(reading.classes):
        members = np.flatnonzero(reading.index == index)
        best = members[np.argsort(-reading.probability[members], kind="stable")][:TRAINING_POINTS]
        for run in atlas.runs[best].tolist():
            point = atlas.plan.runs[run].parameters
            own = {"initial": str(atlas.plan.initial_of(run))} if len(atlas.plan.initials) > 1 else {}
            if not point.varying:
                rows.append({"parameters": dict(point.given), "class": name, "runs": 1, **own})
    return rows


def _translate(atlas: Atlas, translation: Mapping[str, str], who: str) -> None:
    """Annotate the runs that people gave a class that has another name now."""
    current = atlas.annotations.current()
    moved = {run: translation[a.new] for run, a in current.items() if a.new != REJECTED and a.new in translation}
    if moved:
        runs = sorted(moved)
        new = [moved[run] for run in runs]
        old = [current[run].new for run in runs]
        atlas.annotations.add(runs, new, old=old, who=who, why="the group was renamed", allowed=atlas.classes)
