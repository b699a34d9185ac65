"""Find the parameter sets that need the smallest time step, so that not every run of a large plan is checked."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from morphoscope.models import Model, Parameters
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import spatial_parameters

_FEW = 64  # up to so many different sets are all returned
_MAX_DIAGONAL_PARAMETERS = 8  # for more parameters, only the axes are searched


def extremes(rows: Sequence[Parameters], names: Iterable[str] | None = None) -> list[Parameters]:
    """The rows that lie farthest along every diagonal and axis of the parameter space, each once.

    In the built-in models the largest stable step is a monotonic function of each parameter, so the smallest step is
    needed at an extreme. The extremes of a lattice are its corners. If there are few rows, all are returned.

    Parameters
    ----------
    rows
        Parameters of the runs of one model.
    names
        The parameters that matter; by default all that any row sets.
    """
    chosen = list(dict.fromkeys(name for row in rows for name in row.given)) if names is None else list(names)
    distinct = _distinct(rows, chosen)
    if len(distinct) <= _FEW:
        return distinct
    values = _columns(distinct, chosen)
    size = values.shape[1]
    directions = [*np.eye(size), *-np.eye(size)]
    if size <= _MAX_DIAGONAL_PARAMETERS:
        directions += [np.array(signs) for signs in itertools.product((-1.0, 1.0), repeat=size)]
    farthest = dict.fromkeys(int(np.argmax(values @ direction)) for direction in directions)
    return [distinct[i] for i in farthest]


def most_demanding(model: Model, rows: Sequence[Parameters]) -> list[Parameters]:
    """Some rows, with the one among them for which the spatial terms allow the smallest explicit step.

    Exact for models whose only spatial term is diffusion; see :func:`extremes` for others.
    """
    names = sorted(spatial_parameters(model))
    distinct = _distinct(rows, names)
    if len(distinct) <= _FEW or not model.diffusion_only:
        return extremes(distinct, names)
    highest = [row.highest for row in distinct]
    columns = {name: np.array([values[name] for values in highest]) for name in names}
    largest = (np.argmax(np.broadcast_to(evaluate(d, columns), len(distinct))) for d in model.diffusion_terms.values())
    return [distinct[i] for i in dict.fromkeys(int(i) for i in largest)]


def _distinct(rows: Iterable[Parameters], names: Sequence[str]) -> list[Parameters]:
    """The first row of each combination of values of some parameters."""
    found: dict[tuple[Any, ...], Parameters] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), row)
    return list(found.values())


def _columns(rows: Sequence[Parameters], names: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The parameters that differ between rows, (row, parameter), scaled to 0 … 1; midrange values of spatial ones."""
    middles = [row.middle for row in rows]
    values = np.array([[middle[name] for name in names] for middle in middles])
    low, extent = values.min(axis=0), np.ptp(values, axis=0)
    return np.asarray((values - low)[:, extent > 0] / extent[extent > 0])
