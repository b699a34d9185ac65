"""Signs that the grid or time step of a run is too coarse: concentrations below zero, patterns one cell wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines import CHECK_EVERY
from morphoscope.ensembles.plan import Plan
from morphoscope.theory.equations import preserves_nonnegativity

_INSPECTIONS = 100  # approximate number of inspections during a run
_BELOW_ZERO = 1e-3  # fraction of the largest concentration; rounding errors are far smaller
_FAINT = 1e-2  # a field that varies by a smaller fraction of its values has no pattern to resolve
#: A pattern is not resolved if neighbouring cells differ by more than this fraction of the range: a front that
#: rises from 10 to 90 % within 1.3 cells. The sharpest default run of a built-in model has 0.6.
_STEEPEST = 0.7
_INITIAL_CORRELATION = 0.5  # above it, the differences are those of the initial state, which is not smoothed yet


class Inspector:
    """Inspects a run while it proceeds (as an engine's ``watch``), and its snapshots when it is finished."""

    def __init__(self, plan: Plan, initial: NDArray[Any]) -> None:
        self.plan, self._initial = plan, initial
        self._largest = np.abs(initial).max(axis=(1, 2))
        noisy = np.isin(plan.model.species, list(dict(plan.noise)))
        may_be_negative = np.full(len(initial), not preserves_nonnegativity(plan.model))
        self._may_be_negative = may_be_negative | noisy | (initial.min(axis=(1, 2)) < 0)
        self._lowest = np.zeros(len(initial))
        self._when = np.zeros(len(initial))
        self._every = CHECK_EVERY * max(plan.steps[-1] // (CHECK_EVERY * _INSPECTIONS), 1)

    def watch(self, step: int, read: Callable[[], NDArray[Any]]) -> None:
        """Inspect the state at regular steps, so that the result does not depend on how fast the run is."""
        if step % self._every == 0 and not self._may_be_negative.all():
            self._inspect(step, read())

    def _inspect(self, step: int, state: NDArray[Any]) -> None:
        self._largest = np.maximum(self._largest, np.abs(state).max(axis=(1, 2)))
        lowest = state.min(axis=(1, 2))
        self._when = np.where(lowest < self._lowest, step * self.plan.dt, self._when)
        self._lowest = np.minimum(self._lowest, lowest)

    def warnings(self, snapshots: NDArray[Any]) -> tuple[str, ...]:
        """One line for each problem; ``snapshots``: (times, species, y, x) of the finished run."""
        for step, state in zip(self.plan.steps, snapshots, strict=True):
            self._inspect(step, state)
        return (*self._negative(), *self._too_sharp(snapshots[-1]))

    def _negative(self) -> list[str]:
        below = (self._lowest < -_BELOW_ZERO * self._largest) & ~self._may_be_negative
        return [
            f"{self.plan.model.species[i]} becomes negative ({self._lowest[i]:.2g} at t = {self._when[i]:.4g}), which "
            "its equation excludes; use a smaller time step or smaller cells"
            for i in np.flatnonzero(below)
        ]

    def _too_sharp(self, state: NDArray[Any]) -> list[str]:
        if self.plan.noise:
            return []  # white noise differs from cell to cell on any grid
        found = []
        for index, name in enumerate(self.plan.model.species):
            field = state[index].astype(np.float64)
            if np.ptp(field) <= _FAINT * self._largest[index]:
                continue
            steepest = float(np.abs(_differences(field)).max() / np.ptp(field))
            if steepest > _STEEPEST and _correlation(field, self._initial[index]) < _INITIAL_CORRELATION:
                found.append(
                    f"{name} changes by {steepest:.0%} of its range from one cell to the next (t = "
                    f"{self.plan.times[-1]:.4g}): fronts or spots are about one cell wide; use smaller cells"
                )
        return found


def _differences(field: NDArray[Any]) -> NDArray[np.float64]:
    """The differences between all neighbours in a field (y, x)."""
    return np.concatenate([np.diff(field, axis=axis).ravel() for axis in (0, 1)])


def _correlation(field: NDArray[Any], other: NDArray[Any]) -> float:
    """The correlation of the differences between neighbours in two fields."""
    first, second = _differences(field), _differences(np.asarray(other, dtype=np.float64))
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / size if size else 0.0
