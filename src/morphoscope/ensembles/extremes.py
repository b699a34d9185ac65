"""Which of very many sets of parameters need the smallest time step, so that thousands need not be tried."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from morphoscope.models import Model, Parameters
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import spatial_parameters

_FEW = 64  # sets that are all kept
_MOST_DIAGONALS = 8  # parameters; of more, only the axes are searched


def extremes(rows: Sequence[Parameters], names: Iterable[str] | None = None) -> list[Parameters]:
    """The rows that lie farthest along every diagonal and axis of some parameters, each once.

    What diffusion, advection and reaction allow grows or falls with each of their parameters in all models in use, so
    the smallest step is needed at an extreme. Of a lattice these are its corners; few rows are all returned.

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
    if size <= _MOST_DIAGONALS:
        directions += [np.array(signs) for signs in itertools.product((-1.0, 1.0), repeat=size)]
    farthest = dict.fromkeys(int(np.argmax(values @ direction)) for direction in directions)
    return [distinct[i] for i in farthest]


def most_demanding(model: Model, rows: Sequence[Parameters]) -> list[Parameters]:
    """The rows among which the one is for which the spatial terms allow the smallest explicit step.

    Exact for models in which only diffusion coefficients act in space; see :func:`extremes` for others.
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
    """What differs between rows, (row, parameter), scaled to 0 … 1; of what varies in space, the middle."""
    middles = [row.middle for row in rows]
    values = np.array([[middle[name] for name in names] for middle in middles])
    low, extent = values.min(axis=0), np.ptp(values, axis=0)
    return np.asarray((values - low)[:, extent > 0] / extent[extent > 0])
