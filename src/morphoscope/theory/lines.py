"""Lines of theory over a plane of two parameters, as polylines that any map can draw."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.theory.steady_states import existence_margin

_SAMPLES = 400  # a side of the plane


@dataclasses.dataclass(frozen=True)
class Line:
    """A line over a plane of parameters. ``pieces``: each (points, 2), abscissa first."""

    name: str
    pieces: tuple[NDArray[np.float64], ...]


def lines_over(
    model: Model,
    across: tuple[float, float],
    up: tuple[float, float],
    fixed: Mapping[str, float],
) -> list[Line]:
    """The lines that theory draws over part of the model's plane; none where there is nothing to draw.

    ``across``, ``up``: the ends of the two axes; ``fixed``: all other parameters that are not at their defaults.
    So far: where a homogeneous state beyond the trivial one begins to exist.
    """
    from contourpy import contour_generator

    names = model.plane
    x, y = (_samples(ends, model.ranges[name]) for ends, name in zip((across, up), names, strict=True))
    margin = existence_margin(model, {**fixed, names[0]: x[None, :], names[1]: y[:, None]})
    if not (np.isfinite(margin).all() and margin.min() < 0 < margin.max()):
        return []
    pieces = contour_generator(x, y, margin).lines(0.0)
    return [Line("a non-trivial homogeneous state exists on its left", tuple(np.asarray(p) for p in pieces))]


def _samples(ends: tuple[float, float], allowed: tuple[float, float]) -> NDArray[np.float64]:
    """Values along an axis, as far as the parameter may go."""
    low, high = (min(max(value, allowed[0]), allowed[1]) for value in ends)
    return np.linspace(low, high, _SAMPLES)
