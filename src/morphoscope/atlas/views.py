"""Views of an atlas for figures: another plane, the classes after annotation, a part of the runs."""

from __future__ import annotations

import copy

import numpy as np

from morphoscope.atlas.annotation import AMBIGUOUS
from morphoscope.atlas.atlas import Atlas
from morphoscope.core.errors import UsageError, nearest
from morphoscope.learning.prediction import Prediction

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


def with_labels(atlas: Atlas) -> Atlas:
    """The atlas with the classes after annotation as its reading; runs that were rejected are ``ambiguous``."""
    labels = [name or AMBIGUOUS for name in atlas.labels()]
    classes = (*atlas.all_classes(), *([AMBIGUOUS] if AMBIGUOUS in labels else []))
    part = copied(atlas)
    probabilities = (np.array(labels)[:, None] == np.array(classes)).astype(np.float32)
    part.reading = Prediction(classes, probabilities, atlas.read_by)
    return part
