"""Rename, merge and split the groups of a chart, undo that, and confirm them.

A chart keeps the groups as they were found and the changes since. An undo repeats all changes but the last one.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from morphoscope.atlas.annotation import REJECTED, now, person
from morphoscope.atlas.annotations import FILE as ANNOTATIONS_FILE
from morphoscope.atlas.annotations import Annotations
from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.chart import DIRECTIONS_FILE, group_rows
from morphoscope.atlas.descriptors import DESCRIPTORS_FILE
from morphoscope.atlas.files import ATLAS_FILE
from morphoscope.atlas.group_changes import Directions, GroupChange, GroupState, changed, colours_of
from morphoscope.atlas.inferred import write_inferred
from morphoscope.atlas.similarity import FILE as SIMILARITY_FILE
from morphoscope.atlas.writing import write_atlas
from morphoscope.core.checksums import FILES
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.storage import reserved, staged_folder
from morphoscope.learning.prediction import Prediction

TRAINING_POINTS = 40  # of each class of a confirmed chart, for the next pass
FOUND_FILE = "found.npy"  # the probabilities of the groups as they were found
_WHY = "the group has another name"

Rename = Callable[[str, str], str]  # a label and the group of its run → what the label is called now


def regrouped(atlas: Atlas, change: GroupChange, *, confirm: bool, undo: bool = False) -> Atlas:
    """Write a chart again with other groups, and return it; with ``undo``, without its last change.

    Raises UsageError for an atlas that is no chart, unknown groups, names that are taken, and nothing to undo.
    """
    chart_of(atlas)
    with reserved(atlas.folder, ATLAS_FILE, "changing groups", overwrite=True):
        atlas = Atlas(atlas.folder)  # another process may have changed it since
        chart, changes = chart_of(atlas), changes_of(atlas)
        state, found = _present(atlas), _found(atlas)
        rename: Rename = change.after
        if undo:
            if not changes:
                raise UsageError(f"no change of the groups of {atlas.folder} is left to undo", parameter="undo")
            rename, changes, state = changes[-1].before, changes[:-1], found
            for earlier in changes:
                state = changed(state, earlier, directions_of(atlas))
        if change:
            state = changed(state, change, directions_of(atlas))
            changes = [*changes, change]
        kept = None if change.regroups or undo else chart["confirmed"]
        metadata = {name: value for name, value in atlas.metadata.items() if name != FILES}
        metadata |= {
            "classes": list(state.reading.classes),
            "chart": {
                **chart,
                "groups": _rows(atlas, state),
                "colours": dict(state.colours),
                "symbols": dict(state.symbols),
                "confirmed": {"who": change.who, "at": change.at} if confirm else kept,
                "changes": [each.as_json() for each in changes],
                "found": {
                    "classes": list(found.reading.classes),
                    "stability": dict(found.stability),
                    "colours": dict(found.colours),
                },
            },
            "training_rows": _training_rows(atlas, state.reading) if confirm or kept else [],
        }
        _write(atlas, state.reading, found.reading, metadata, rename, change.who)
    return Atlas(atlas.folder)


def group_change(
    rename: Mapping[str, str],
    merge: Mapping[str, tuple[str, ...]],
    split: Mapping[str, int],
    colour: Mapping[str, str],
    symbol: Mapping[str, str],
    who: str,
) -> GroupChange:
    """A change that a person makes now. Raises UsageError for an empty name of the person."""
    return GroupChange(rename, merge, split, person(who), now(), colour, symbol)


def chart_of(atlas: Atlas) -> dict[str, Any]:
    """What a chart says about its groups. Raises UsageError for another atlas."""
    if not is_chart(atlas):
        raise UsageError(f"{atlas.folder} is no chart; its classes are given by annotation", operation="annotate")
    return dict(atlas.metadata["chart"])


def is_chart(atlas: Atlas) -> bool:
    """Whether an atlas was made by :func:`morphoscope.chart`."""
    return isinstance(atlas.metadata.get("chart"), dict)


def changes_of(atlas: Atlas) -> list[GroupChange]:
    """The changes of a chart's groups, oldest first."""
    return [GroupChange.from_json(each) for each in chart_of(atlas).get("changes", [])]


def check_unchanged(folder: Path) -> None:
    """Raise UsageError if people have changed or confirmed the groups of a chart in a folder."""
    if not (folder / ATLAS_FILE).is_file():
        return
    try:
        chart = Atlas(folder).metadata.get("chart") or {}
    except DataError:  # damaged, so there is nothing to lose
        return
    if chart.get("changes") or chart.get("confirmed"):
        raise UsageError(
            f"the groups of {folder} were changed or confirmed by people, and would be lost; choose another folder, or "
            "overwrite them",
            parameter="overwrite",
        )


def directions_of(atlas: Atlas) -> Directions:
    """The positions of the runs with a pattern, and the directions by which groups of them are split."""
    atlas.verify(DIRECTIONS_FILE)
    try:
        with np.load(atlas.folder / DIRECTIONS_FILE, allow_pickle=False) as stored:
            return stored["positions"].astype(np.intp), stored["directions"].astype(np.float64)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(f"{atlas.folder / DIRECTIONS_FILE} is damaged ({error}); chart the ensemble again") from error


def _present(atlas: Atlas) -> GroupState:
    chart = chart_of(atlas)
    stability = {row["name"]: row["stability"] for row in chart["groups"] if row["stability"] is not None}
    return GroupState(atlas.reading, stability, colours_of(chart, atlas.classes), chart.get("symbols", {}))


def _found(atlas: Atlas) -> GroupState:
    """The groups as they were found; for charts of an earlier version, as they are before the first change."""
    stored = chart_of(atlas).get("found")
    if stored is None:
        return _present(atlas)
    atlas.verify(FOUND_FILE)
    try:
        probabilities = np.load(atlas.folder / FOUND_FILE, allow_pickle=False)
        reading = Prediction(tuple(stored["classes"]), probabilities, atlas.read_by)
        return GroupState(reading, dict(stored["stability"]), dict(stored["colours"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise DataError(f"{atlas.folder / FOUND_FILE} is damaged ({error}); chart the ensemble again") from error


def _rows(atlas: Atlas, state: GroupState) -> list[dict[str, Any]]:
    known = {i: state.stability[name] for i, name in enumerate(state.reading.classes) if name in state.stability}
    return group_rows(state.reading, atlas.descriptors, atlas.plan.times, known)


def _write(
    atlas: Atlas, reading: Prediction, found: Prediction, metadata: dict[str, Any], rename: Rename, who: str
) -> None:
    """Replace the folder of a chart as a whole, with the labels of people under the new names of their groups."""
    sheets = [path.name for path in atlas.folder.glob("thumbnails-*.webp")]
    with contextlib.ExitStack() as after, staged_folder(atlas.folder, ATLAS_FILE, overwrite=True) as part:
        for name in (DESCRIPTORS_FILE, DIRECTIONS_FILE, *sheets):
            shutil.copyfile(atlas.folder / name, part / name)
        np.save(part / FOUND_FILE, found.probabilities)
        if atlas.inferred is not None:
            metadata = {**metadata, **write_inferred(part, atlas.plan, atlas.inferred[0], atlas.runs, reading)}
        made = write_atlas(part, atlas.plan, reading, metadata)
        places = atlas.folder / SIMILARITY_FILE
        if places.exists():  # they may be made again at any time, so the atlas records no checksum of them
            shutil.copyfile(places, part / SIMILARITY_FILE)
        if (atlas.folder / ANNOTATIONS_FILE).exists():
            kept, place = atlas.annotations, part / ANNOTATIONS_FILE
            after.enter_context(kept.copied_to(place))
            _rename_labels(Annotations(place, atlas.plan.hash), made, rename, who)


def _rename_labels(annotations: Annotations, made: Atlas, rename: Rename, who: str) -> None:
    """Annotate the runs that people gave a class that has another name now."""
    groups = dict(zip(made.runs.tolist(), made.reading.names, strict=True))
    current = {run: each.new for run, each in annotations.current().items() if each.new != REJECTED and run in groups}
    moved = {run: new for run, old in current.items() if (new := rename(old, groups[run])) != old}
    if moved:
        runs = sorted(moved)
        names, old = [moved[run] for run in runs], [current[run] for run in runs]
        annotations.add(runs, names, old=old, who=who, why=_WHY, allowed=(*made.classes, *names))


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
