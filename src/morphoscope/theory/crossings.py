"""What changes between two points of parameters: states appear, begin to swing, or become unstable to waves."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.operators import linearised
from morphoscope.theory.balances import nonnegative
from morphoscope.theory.dispersion import Waves
from morphoscope.theory.roots import is_eliminated, roots_over
from morphoscope.theory.states import tolerance

_CHUNK = 4096  # points whose waves are held at once

#: The changes that are looked for, in the order in which they are reported.
KINDS = ("saddle-node", "Hopf", "Turing")


@dataclasses.dataclass(frozen=True)
class Census:
    """Whole numbers at each point of parameters, arrays of one shape.

    ``states``: homogeneous steady states; ``everywhere``: those that can't be reached too. ``growing``: their
    eigenvalues with positive real part, all together; ``pairs``: the same, counted in whole pairs state by state.
    ``patterned``: states that are stable against homogeneous perturbations and unstable against waves.
    """

    states: NDArray[np.int64]
    everywhere: NDArray[np.int64]
    growing: NDArray[np.int64]
    pairs: NDArray[np.int64]
    patterned: NDArray[np.int64]

    def of(self, kind: str) -> NDArray[np.int64]:
        """The number that changes where there is a line of this kind (and maybe elsewhere: see :func:`is_kind`)."""
        return {"saddle-node": self.states, "Hopf": self.pairs, "Turing": self.patterned}[kind]


def is_kind(kind: str, one: Census, other: Census) -> NDArray[np.bool_]:
    """Whether what happens between neighbouring points is of this kind.

    Saddle-node: two states meet. Hopf: as many states, and in one of them two eigenvalues cross together. Turing: as
    many states with as many growing eigenvalues, but waves begin to grow on one that is stable without space.
    States that have only passed through zero concentration are none of these.
    """
    come = np.abs(one.states - other.states)
    step = np.abs(one.growing - other.growing)
    changed = one.of(kind) != other.of(kind)
    if kind == "saddle-node":
        return changed & (come % 2 == 0) & (one.everywhere != other.everywhere)
    if kind == "Hopf":
        return changed & (come == 0) & (step > 0) & (step % 2 == 0)
    return changed & (come == 0) & (step == 0)


def census(
    model: Model, values: Mapping[str, Any], *, waves: bool = True, zooms: int = 2, starts: int | None = None
) -> Census:
    """Count at every point of parameters; ``values``: all of them, numbers or arrays that broadcast.

    ``waves=False`` leaves ``patterned`` at 0, which saves most of the time. ``zooms``: how closely the fastest wave is
    looked for. ``starts``: see :func:`.roots_over`.
    """
    found = roots_over(model, values, box={} if is_eliminated(model) else None, starts=starts)
    shape = found.shape[:-1]
    anywhere: NDArray[np.bool_] = np.all(np.isfinite(found), axis=-1)
    there = anywhere & np.all(found >= -1e-9, axis=-1) if nonnegative(model) else anywhere
    flat = {p: np.broadcast_to(np.asarray(values[p])[..., None], shape)[there] for p in model.parameters}
    flat |= {s: found[..., i][there] for i, s in enumerate(model.species)}
    jacobian = linearised(model, flat).real
    jacobian = np.broadcast_to(jacobian, (int(there.sum()), *jacobian.shape[-2:]))
    growing = _growing(jacobian)
    patterned = np.zeros(len(growing), dtype=int)
    quiet = np.flatnonzero(growing == 0) if waves else np.array([], dtype=int)
    for begin in range(0, len(quiet), _CHUNK):
        part = quiet[begin : begin + _CHUNK]
        patterned[part] = Waves(model, {n: v[part] for n, v in flat.items()}).finite_growth(zooms) > 0

    def summed(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        table = np.zeros(shape, dtype=np.int64)
        table[there] = numbers
        return table.sum(axis=-1)

    return Census(there.sum(axis=-1), anywhere.sum(axis=-1), summed(growing), summed(growing // 2), summed(patterned))


def _growing(jacobian: NDArray[np.float64]) -> NDArray[np.int64]:
    """Eigenvalues with positive real part, (points,)."""
    small = tolerance(jacobian)
    if jacobian.shape[-1] == 1:
        return (jacobian[:, 0, 0] > small).astype(np.int64)
    if jacobian.shape[-1] == 2:
        half = np.trace(jacobian, axis1=-2, axis2=-1) / 2
        lean = (jacobian[:, 0, 0] - jacobian[:, 1, 1]) / 2
        apart = np.sqrt(np.maximum(lean**2 + jacobian[:, 0, 1] * jacobian[:, 1, 0], 0))
        return (half + apart > small).astype(np.int64) + (half - apart > small)
    rates = np.linalg.eigvals(np.where(np.isfinite(jacobian), jacobian, 0.0))
    return (rates.real > small[:, None]).sum(axis=-1)
