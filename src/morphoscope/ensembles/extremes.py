"""Which of very many points ask most of a time step: so that thousands need not be tried."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from morphoscope.models import Model
from morphoscope.models.expressions import evaluate
from morphoscope.models.spatial import Spatial

Row = tuple[tuple[str, Any], ...]  # parameters as runs hold them
_FEW = 64  # points that are all kept
_MOST_DIAGONALS = 8  # parameters; of more, only the axes are looked along


def extremes(model: Model, rows: Sequence[Row]) -> list[Row]:
    """The rows that lie farthest along every diagonal and axis of the parameters that vary, each once.

    What diffusion, advection and reaction allow grows or falls with each of their parameters in all models in use, so
    that it is least there. Of a lattice these are its corners; few rows are all returned.
    """
    distinct = list(dict.fromkeys(rows))
    if len(distinct) <= _FEW:
        return distinct
    values = _columns(model, distinct)
    size = values.shape[1]
    directions = [*np.eye(size), *-np.eye(size)]
    if size <= _MOST_DIAGONALS:
        directions += [np.array(signs) for signs in itertools.product((-1.0, 1.0), repeat=size)]
    chosen = dict.fromkeys(int(np.argmax(values @ direction)) for direction in directions)
    return [distinct[i] for i in chosen]


def most_demanding(model: Model, rows: Sequence[Row]) -> list[Row]:
    """The rows at which space allows the smallest explicit step: the largest diffusion coefficients, or the extremes.

    ``rows`` hold what acts in space. Exact for models in which only diffusion coefficients do; see :func:`extremes`.
    """
    distinct = list(dict.fromkeys(rows))
    if len(distinct) <= _FEW or not model.diffusion_only:
        return extremes(model, distinct)
    sets = [dict(row) for row in distinct]
    columns = {
        name: np.array([_highest(row.get(name, model.defaults[name])) for row in sets])
        for name in model.diffusion_parameters
    }
    largest = (np.argmax(np.broadcast_to(evaluate(d, columns), len(sets))) for d in model.diffusion_terms.values())
    return [distinct[i] for i in dict.fromkeys(int(i) for i in largest)]


def _columns(model: Model, rows: Sequence[Row]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The parameters that vary, (row, parameter), each from 0 to 1; of what varies in space, its middle."""
    sets: list[Mapping[str, Any]] = [dict(row) for row in rows]
    names = list(dict.fromkeys(name for row in sets for name in row))
    values = np.array([[_number(row.get(name, model.defaults[name])) for name in names] for row in sets])
    low, extent = values.min(axis=0), np.ptp(values, axis=0)
    return np.asarray((values - low)[:, extent > 0] / extent[extent > 0])


def _number(value: Any) -> float:
    return sum(value.bounds()) / 2 if isinstance(value, Spatial) else float(value)


def _highest(value: Any) -> float:
    return float(value.bounds()[1] if isinstance(value, Spatial) else value)
