"""Views of an atlas for figures: another plane, the classes after annotation, a part of the runs."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.annotation import AMBIGUOUS
from morphoscope.atlas.atlas import Atlas
from morphoscope.core.errors import UsageError, nearest
from morphoscope.learning.prediction import Prediction

_SAME = 1e-3  # of the range of a parameter: a value that is given with few digits means the nearest one
_LISTED = 5  # values in a message
_DERIVED = ("occupancy", "in_plane", "varying", "plane", "settled")  # from the runs, when it is asked for


def copied(atlas: Atlas) -> Atlas:
    """A copy that derives everything from its runs anew."""
    part = copy.copy(atlas)
    for name in _DERIVED:
        part.__dict__.pop(name, None)
    return part


def with_plane(atlas: Atlas, plane: tuple[str, str]) -> Atlas:
    """The atlas with other axes of its map, abscissa first. Raises UsageError for unknown parameters."""
    for name in plane:
        if name not in atlas.plan.parameter_names:
            raise UsageError(f"unknown parameter {name!r}; {nearest(name, atlas.plan.parameter_names)}")
    if plane[0] == plane[1]:
        raise UsageError(f"both axes are {plane[0]}; give two parameters", parameter="plane")
    part = copied(atlas)
    part.__dict__["plane"] = plane
    return part


def part_of(atlas: Atlas, kept: NDArray[np.bool_]) -> Atlas:
    """Some readings of an atlas, for figures and tables."""
    part = copied(atlas)
    part._columns = {}
    part.runs, part.reading = atlas.runs[kept], atlas.reading.at(kept)
    part.__dict__["descriptors"] = {name: column[kept] for name, column in atlas.descriptors.items()}
    return part


def with_values(atlas: Atlas, at: Mapping[str, float]) -> Atlas:
    """The slice of an atlas at some values of parameters, in the plane of the atlas unless they are its axes.

    Raises UsageError for an unknown parameter, a value that no run has, and values of axes that leave no plane.
    """
    kept = np.ones(len(atlas.runs), dtype=bool)
    for name, value in at.items():
        if name not in atlas.plan.parameter_names:
            raise UsageError(f"unknown parameter {name!r}; {nearest(name, atlas.plan.parameter_names)}", parameter="at")
        column = atlas.values(name)
        values = np.unique(column)
        found = values[np.argmin(np.abs(values - value))]
        if not abs(found - value) <= max(_SAME * np.ptp(values), 1e-9 * abs(value)):
            near = sorted(values[np.argsort(np.abs(values - value))[:_LISTED]].tolist())
            raise UsageError(
                f"no run has {name} = {value:g}; the nearest values are {', '.join(f'{each:g}' for each in near)}",
                parameter="at",
            )
        kept &= column == found
    if not kept.any():
        raise UsageError(f"no run has {_told(at)} at once", parameter="at")
    part = part_of(atlas, kept)
    axes = [name for name in atlas.plane if name in at]
    if axes and len(part.varying) < min(2, len(atlas.varying)):
        left = f"only {part.varying[0]} varies" if part.varying else "nothing varies"
        raise UsageError(
            f"{axes[0]} is an axis of the map; at {_told(at)} {left}, but a map needs two parameters that vary; "
            "give values of other parameters",
            parameter="at",
        )
    if not axes:
        part.__dict__["plane"] = atlas.plane
    return part


def _told(at: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in at.items())


def with_labels(atlas: Atlas) -> Atlas:
    """The atlas with the classes after annotation as its reading; runs that were rejected are ``ambiguous``."""
    labels = [name or AMBIGUOUS for name in atlas.labels()]
    classes = (*atlas.all_classes(), *([AMBIGUOUS] if AMBIGUOUS in labels else []))
    part = copied(atlas)
    probabilities = (np.array(labels)[:, None] == np.array(classes)).astype(np.float32)
    part.reading = Prediction(classes, probabilities, atlas.read_by)
    return part
