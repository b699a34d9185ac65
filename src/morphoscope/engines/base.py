"""What an engine is: it turns an initial state, parameters and step numbers into snapshots."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines.grid import Grid
from morphoscope.errors import UsageError
from morphoscope.models.model import Model

#: A run that has left finite numbers is noticed at most this many steps late.
CHECK_EVERY = 480


@dataclasses.dataclass(frozen=True)
class Job:
    """One run: ``steps`` are the ascending step numbers at which the state is kept (0 is the start)."""

    model: Model
    grid: Grid
    dt: float
    parameters: Mapping[str, float]
    initial: NDArray[Any]  # (species, height, width)
    steps: tuple[int, ...]

    def __post_init__(self) -> None:
        expected = (len(self.model.species), *self.grid.shape)
        if self.initial.shape != expected:
            raise UsageError(
                f"initial state has shape {self.initial.shape}; expected (species, height, width) = {expected}"
            )
        if not self.steps or list(self.steps) != sorted(set(self.steps)) or self.steps[0] < 0:
            raise UsageError("snapshot steps must be ascending, different and not negative")
        object.__setattr__(self, "parameters", self.model.complete(self.parameters))
        self.grid.check_step(self.model, self.parameters, self.dt)


@dataclasses.dataclass(frozen=True)
class Result:
    """What came of a run. ``failed_at`` is the step at which numbers were first seen not to be finite."""

    snapshots: NDArray[Any]  # (times, species, height, width); NaN from failed_at on
    failed_at: int | None
    computed_steps: int  # fewer than the last step number after a lossless early exit


class Engine(Protocol):
    """Anything with a name and a ``run``."""

    name: str

    def run(self, job: Job) -> Result:
        """Simulate one run."""
        ...


def march(
    job: Job,
    state: NDArray[Any],
    advance: Callable[[int], None],
    read: Callable[[], NDArray[Any]],
) -> Result:
    """Advance from snapshot to snapshot, watch for numbers that are not finite, and stop early without loss.

    ``state`` is the engine's own array, which ``advance(n)`` changes in place by n steps; ``read()`` gives it as
    (species, height, width).

    A step is a function of the state alone. So when the state is, bit by bit, what it was ``CHECK_EVERY`` steps
    ago, it will be so again after every further ``CHECK_EVERY`` steps, and those can be left out. This covers
    fixed points and every cycle whose period divides CHECK_EVERY.
    """
    shape = (len(job.steps), *job.initial.shape)
    snapshots = np.full(shape, np.nan, dtype=state.dtype)
    step = computed = 0
    before, bits = state.copy(), f"u{state.itemsize}"  # compared as integers: −0 is not 0
    failed_at = None if np.isfinite(before).all() else 0
    for index, target in enumerate(job.steps):
        while failed_at is None and step < target:
            count = min(CHECK_EVERY, target - step)
            advance(count)
            step += count
            computed += count
            if not np.isfinite(state).all():
                failed_at = step
            elif count == CHECK_EVERY and np.array_equal(state.view(bits), before.view(bits)):
                step += (target - step) // CHECK_EVERY * CHECK_EVERY
            else:
                before[...] = state
        if failed_at is not None:
            break
        snapshots[index] = read()
    return Result(snapshots, failed_at, computed)
