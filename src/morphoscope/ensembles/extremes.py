"""Find the parameter sets that need the smallest time step, so that not every run of a large plan is checked."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.ensembles.table import RunTable
from morphoscope.models import Model, Parameters
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import spatial_parameters
from morphoscope.models.spatial import Spatial

_FEW = 64  # up to so many different sets are all returned
_MAX_DIAGONAL_PARAMETERS = 8  # for more parameters, only the axes are searched


def extremes(rows: RunTable | Sequence[Parameters], names: Iterable[str] | None = None) -> list[Parameters]:
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
    table = rows if isinstance(rows, RunTable) else RunTable.of_parameters(rows)
    chosen = list(table.columns) if names is None else list(names)
    distinct = table.distinct(chosen)
    if len(distinct) > _FEW:
        distinct = distinct[_farthest(_scaled(table, chosen, distinct))]
    return [table.parameters(run) for run in distinct.tolist()]


def most_demanding(model: Model, rows: RunTable | Sequence[Parameters]) -> list[Parameters]:
    """Some rows, with the one among them for which the spatial terms allow the smallest explicit step.

    Exact for models whose only spatial term is diffusion; see :func:`extremes` for others.
    """
    table = rows if isinstance(rows, RunTable) else RunTable.of_parameters(rows)
    names = sorted(spatial_parameters(model))
    distinct = table.distinct(names)
    if len(distinct) <= _FEW or not model.diffusion_only:
        return extremes(table, names)
    columns = {name: table.numbers(name, lambda value: value.bounds()[1])[distinct] for name in names}
    largest = (np.argmax(np.broadcast_to(evaluate(d, columns), len(distinct))) for d in model.diffusion_terms.values())
    return [table.parameters(int(distinct[i])) for i in dict.fromkeys(int(i) for i in largest)]


def _farthest(values: NDArray[np.float64]) -> list[int]:
    """The positions that lie farthest along every direction; ``values``: (position, parameter)."""
    size = values.shape[1]
    directions = [*np.eye(size), *-np.eye(size)]
    if size <= _MAX_DIAGONAL_PARAMETERS:
        directions += [np.array(signs) for signs in itertools.product((-1.0, 1.0), repeat=size)]
    return list(dict.fromkeys(int(np.argmax(values @ direction)) for direction in directions))


def _scaled(table: RunTable, names: Sequence[str], runs: NDArray[np.intp]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The parameters that differ between runs, (run, parameter), scaled to 0 … 1; midrange values of spatial ones."""
    values = np.stack([table.numbers(name, _middle)[runs] for name in names], axis=1)
    low, extent = values.min(axis=0), np.ptp(values, axis=0)
    return np.asarray((values - low)[:, extent > 0] / extent[extent > 0])


def _middle(value: Spatial) -> float:
    return sum(value.bounds()) / 2
