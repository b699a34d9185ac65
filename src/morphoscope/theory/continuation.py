"""Continuation of homogeneous steady states along straight lines in parameter space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.theory.roots import converged

_STEPS = 24  # along the line between two points of parameters
_ITERATIONS = 8  # of Newton's method per step
_SAME = 1e-4  # largest error, relative to the state, after following a branch forth and back


def continued(
    model: Model, state: Mapping[str, float], start: Mapping[str, float], ends: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Follow a homogeneous steady state along straight lines in parameter space.

    Parameters
    ----------
    model
        The model whose equations are solved.
    state
        The steady state to start from, concentrations by species.
    start
        All parameters where it is a steady state.
    ends
        All parameters where the lines end, arrays (n,) or numbers.

    Returns
    -------
    NDArray
        The steady states at the ends, (n, species), in the model's order of species. NaN where the branch is lost,
        because it folds back or because Newton's method left it.

    Notes
    -----
    Newton's method corrects the state after each of 24 equal steps. Beyond a fold there is no state nearby, and the
    method may converge to another branch. So the branch is also followed back, and the result is used only if this
    ends at the initial state.

    Examples
    --------
    >>> from morphoscope.models import get_model
    >>> model = get_model("brusselator")
    >>> start = {**model.defaults, "A": 2.0, "B": 3.0}
    >>> continued(model, {"u": 2.0, "v": 1.5}, start, {**start, "A": [1.0, 4.0]})
    array([[1.  , 3.  ],
           [4.  , 0.75]])
    """
    count = np.broadcast_shapes((1,), *(np.shape(value) for value in ends.values()))[0]
    origin = np.array([state[s] for s in model.species])
    there = {name: np.broadcast_to(np.asarray(ends[name], float), count) for name in model.parameters}
    here = {name: np.full(count, float(start[name])) for name in model.parameters}
    found = _along(model, np.tile(origin, (count, 1)), here, there)
    back = _along(model, found, there, here)
    scale = np.abs(origin).max() + 1e-6
    kept = np.abs(back - origin).max(axis=1) <= _SAME * scale  # False where NaN
    return np.where(kept[:, None], found, np.nan)


def _along(
    model: Model,
    states: NDArray[np.float64],
    first: Mapping[str, NDArray[np.float64]],
    last: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Follow states (n, species) from the parameters ``first`` to the parameters ``last``."""
    with np.errstate(all="ignore"):
        for share in np.linspace(0, 1, _STEPS + 1):
            between = {n: ((1 - share) * first[n] + share * last[n])[:, None] for n in model.parameters}
            states = converged(model, between, states[:, None], _ITERATIONS)[:, 0]
    return states
