"""Signs that the grid or time step of a run is too coarse: concentrations below zero, patterns one cell wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines import CHECK_EVERY
from morphoscope.ensembles.plan import Plan
from morphoscope.theory.equations import preserves_nonnegativity

_LOOKS = 100  # about how often a run is inspected between its snapshots
_BELOW_ZERO = 1e-3  # of the largest concentration: rounding stays far above it
_FAINT = 1e-2  # a field that varies by less than this part of its values has no pattern to resolve
#: Change from one cell to the next, as a part of the whole range, from which a pattern is not resolved: a front that
#: rises from 10 to 90 % within 1.3 cells. Of the built-in models' default runs the sharpest has 0.6.
_STEEPEST = 0.7
_LEFT_OVER = 0.5  # likeness to the initial state's differences, from which on these have just not been smoothed yet


class Inspector:
    """Inspects a run while it proceeds, as a ``watch`` of engines, and its snapshots when it is done."""

    def __init__(self, plan: Plan, initial: NDArray[Any]) -> None:
        self.plan, self._initial = plan, initial
        self._largest = np.abs(initial).max(axis=(1, 2))
        self._may_be_negative = np.full(len(initial), not preserves_nonnegativity(plan.model)) | (
            initial.min(axis=(1, 2)) < 0
        )
        self._lowest = np.zeros(len(initial))
        self._when = np.zeros(len(initial))
        self._every = CHECK_EVERY * max(plan.steps[-1] // (CHECK_EVERY * _LOOKS), 1)

    def watch(self, step: int, read: Callable[[], NDArray[Any]]) -> None:
        """Look at the state at some of the steps; which ones does not depend on how fast the run is."""
        if step % self._every == 0 and not self._may_be_negative.all():
            self._look(step, read())

    def _look(self, step: int, state: NDArray[Any]) -> None:
        self._largest = np.maximum(self._largest, np.abs(state).max(axis=(1, 2)))
        lowest = state.min(axis=(1, 2))
        self._when = np.where(lowest < self._lowest, step * self.plan.dt, self._when)
        self._lowest = np.minimum(self._lowest, lowest)

    def warnings(self, snapshots: NDArray[Any]) -> tuple[str, ...]:
        """One line for each thing that was found; ``snapshots``: (times, species, y, x) of the finished run."""
        for step, state in zip(self.plan.steps, snapshots, strict=True):
            self._look(step, state)
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
            if steepest > _STEEPEST and _likeness(field, self._initial[index]) < _LEFT_OVER:
                found.append(
                    f"{name} changes by {steepest:.0%} of its range from one cell to the next (t = "
                    f"{self.plan.times[-1]:.4g}): fronts or spots are about one cell wide; use smaller cells"
                )
        return found


def _differences(field: NDArray[Any]) -> NDArray[np.float64]:
    """Between all neighbours in a field (y, x)."""
    return np.concatenate([np.diff(field, axis=axis).ravel() for axis in (0, 1)])


def _likeness(field: NDArray[Any], other: NDArray[Any]) -> float:
    """The correlation of what differs from cell to cell in two fields."""
    first, second = _differences(field), _differences(np.asarray(other, dtype=np.float64))
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / size if size else 0.0
