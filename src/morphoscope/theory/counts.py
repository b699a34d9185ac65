"""Counts of steady states and instabilities, whose changes between parameter points locate bifurcations."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.operators import linearised
from morphoscope.theory.equations import preserves_nonnegativity
from morphoscope.theory.linearization import Linearization
from morphoscope.theory.roots import is_eliminated, steady_state_values
from morphoscope.theory.states import zero_tolerance

_CHUNK = 4096  # points whose plane waves are in memory at once

#: The bifurcations to look for, in the order in which they are reported.
KINDS = ("saddle-node", "Hopf", "Turing")


@dataclasses.dataclass(frozen=True)
class StateCounts:
    """Counts at each parameter point, integer arrays of one shape.

    ``states``: homogeneous steady states that can be reached; ``everywhere``: all of them. ``growing``: eigenvalues
    with a positive real part, summed over the states; ``pairs``: the same, but in whole pairs per state. ``patterned``:
    states that are stable to homogeneous perturbations and unstable to plane waves.
    """

    states: NDArray[np.int64]
    everywhere: NDArray[np.int64]
    growing: NDArray[np.int64]
    pairs: NDArray[np.int64]
    patterned: NDArray[np.int64]

    def of(self, kind: str) -> NDArray[np.int64]:
        """The count that changes across a line of this kind (a change alone is not sufficient: see :func:`is_kind`)."""
        return {"saddle-node": self.states, "Hopf": self.pairs, "Turing": self.patterned}[kind]


def is_kind(kind: str, one: StateCounts, other: StateCounts) -> NDArray[np.bool_]:
    """Whether the change between neighbouring points is a bifurcation of this kind.

    Saddle-node: two states appear or vanish. Hopf: the number of states is constant, and two eigenvalues of one state
    cross together. Turing: the numbers of states and of growing eigenvalues are constant, but waves start to grow on a
    state that is stable to homogeneous perturbations. States that only pass through zero concentration are none of
    these.
    """
    come = np.abs(one.states - other.states)
    step = np.abs(one.growing - other.growing)
    changed = one.of(kind) != other.of(kind)
    if kind == "saddle-node":
        return changed & (come % 2 == 0) & (one.everywhere != other.everywhere)
    if kind == "Hopf":
        return changed & (come == 0) & (step > 0) & (step % 2 == 0)
    return changed & (come == 0) & (step == 0)


def count_states(
    model: Model, values: Mapping[str, Any], *, waves: bool = True, zooms: int = 2, starts: int | None = None
) -> StateCounts:
    """Count states and instabilities at every parameter point.

    ``values``: all parameters, as numbers or arrays that broadcast. ``waves=False`` leaves ``patterned`` at 0, which
    saves most of the time. ``zooms``: refinement steps of the search for the fastest-growing wave. ``starts``: see
    :func:`.steady_state_values`.
    """
    found = steady_state_values(model, values, box={} if is_eliminated(model) else None, starts=starts)
    shape = found.shape[:-1]
    anywhere: NDArray[np.bool_] = np.all(np.isfinite(found), axis=-1)
    there = anywhere & np.all(found >= -1e-9, axis=-1) if preserves_nonnegativity(model) else anywhere
    flat = {p: np.broadcast_to(np.asarray(values[p])[..., None], shape)[there] for p in model.parameters}
    flat |= {s: found[..., i][there] for i, s in enumerate(model.species)}
    jacobian = linearised(model, flat).real
    jacobian = np.broadcast_to(jacobian, (int(there.sum()), *jacobian.shape[-2:]))
    growing = _growing(jacobian)
    patterned = np.zeros(len(growing), dtype=int)
    quiet = np.flatnonzero(growing == 0) if waves else np.array([], dtype=int)
    for begin in range(0, len(quiet), _CHUNK):
        part = quiet[begin : begin + _CHUNK]
        patterned[part] = Linearization(model, {n: v[part] for n, v in flat.items()}).finite_growth(zooms) > 0

    def summed(counts: NDArray[np.int64]) -> NDArray[np.int64]:
        table = np.zeros(shape, dtype=np.int64)
        table[there] = counts
        return table.sum(axis=-1)

    return StateCounts(
        there.sum(axis=-1), anywhere.sum(axis=-1), summed(growing), summed(growing // 2), summed(patterned)
    )


def _growing(jacobian: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number of eigenvalues with a positive real part, (points,)."""
    small = zero_tolerance(jacobian)
    if jacobian.shape[-1] == 1:
        return (jacobian[:, 0, 0] > small).astype(np.int64)
    if jacobian.shape[-1] == 2:
        half = np.trace(jacobian, axis1=-2, axis2=-1) / 2
        lean = (jacobian[:, 0, 0] - jacobian[:, 1, 1]) / 2
        apart = np.sqrt(np.maximum(lean**2 + jacobian[:, 0, 1] * jacobian[:, 1, 0], 0))
        return (half + apart > small).astype(np.int64) + (half - apart > small)
    rates = np.linalg.eigvals(np.where(np.isfinite(jacobian), jacobian, 0.0))
    return (rates.real > small[:, None]).sum(axis=-1)
