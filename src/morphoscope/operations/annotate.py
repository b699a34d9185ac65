"""Say what runs of an atlas show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas

PathLike = str | Path


AMBIGUOUS = "ambiguous"  # how a person writes the class of a rejected run


def annotate(atlas: PathLike | Atlas, class_name: str, runs: Sequence[int], *, who: str, why: str = "") -> int:
    """Say that runs of an atlas are of a class, or ``ambiguous``; returns the number of the batch in the log.

    ``runs`` are the numbers of the runs in the atlas's plan. A class that the atlas does not know is made, with a
    symbol and a colour of its own. Raises UsageError for runs that the atlas has not read.
    """
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.annotations import REJECTED

    opened = open_atlas(atlas)
    place = {run: position for position, run in enumerate(opened.runs.tolist())}
    if missing := [run for run in runs if run not in place]:
        raise UsageError(f"run {missing[0]} is not in {opened.folder}; it has {len(place)} runs, 0 … {max(place)}")
    labels = opened.labels()
    new = REJECTED if class_name == AMBIGUOUS else class_name
    if new not in (REJECTED, *opened.all_classes()):
        make_class(opened, new, who=who)
    old = [labels[place[run]] for run in runs]
    return opened.annotations.add(runs, new, old=old, who=who, why=why, allowed=opened.classes)


def make_class(atlas: Atlas, name: str, *, who: str, symbol: str = "", colour: str = "") -> None:
    """A class of a person's own; symbol and colour are derived from the name unless given."""
    from morphoscope.atlas import symbol as symbol_of
    from morphoscope.atlas.classes import class_colours

    known = (*atlas.all_classes(), name)
    letter = symbol or symbol_of(name)[:3]
    taken = (*atlas.classes, AMBIGUOUS)
    atlas.annotations.make_class(name, letter, colour or class_colours(known)[name], who, taken=taken)
