"""The interface of engines, which turn an initial state, parameters and step numbers into snapshots."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError, nearest
from morphoscope.engines.exponential_step import check_exponential_step
from morphoscope.engines.grid import Grid
from morphoscope.engines.stability import check_step
from morphoscope.models.model import Model
from morphoscope.models.parameters import Parameters
from morphoscope.models.spatial import Spatial

#: A run with values that are not finite is detected at most this many steps late.
CHECK_EVERY = 480


INTEGRATORS = ("euler", "etdrk2")


@dataclasses.dataclass(frozen=True)
class Job:
    """One run: ``steps`` are the ascending step numbers at which the state is kept (0 is the start).

    ``integrator``: explicit ``euler``, or ``etdrk2`` (see :mod:`.exponential`). ``noise``: amplitude of additive noise
    by species, from ``seed`` (see :mod:`.noise`). ``double``: float64 instead of the engine's default precision.
    ``parameters``: of the run; a plain mapping is completed. Raises UsageError for a job that no engine can run.
    """

    model: Model
    grid: Grid
    dt: float
    parameters: Parameters
    initial: NDArray[Any]  # (species, height, width)
    steps: tuple[int, ...]
    integrator: str = "euler"
    noise: Mapping[str, float] = dataclasses.field(default_factory=dict)
    seed: int = 0
    double: bool = False

    def __post_init__(self) -> None:
        expected = (len(self.model.species), *self.grid.shape)
        if self.initial.shape != expected:
            raise UsageError(
                f"initial state has shape {self.initial.shape}; expected (species, height, width) = {expected}"
            )
        if not self.steps or list(self.steps) != sorted(set(self.steps)) or self.steps[0] < 0:
            raise UsageError("snapshot steps must be strictly ascending and not negative")
        if not self.model.owns(self.parameters):
            object.__setattr__(self, "parameters", self.model.complete(self.parameters))
        for value in self.varying.values():
            value.field(self.grid.shape)
        check_method(self.model, self.integrator, self.noise)
        check = check_step if self.integrator == "euler" else check_exponential_step
        check(self.model, self.grid, (self.parameters,), self.dt)

    @property
    def varying(self) -> dict[str, Spatial]:
        """The parameters that vary in space."""
        return self.parameters.varying

    @property
    def beyond(self) -> dict[str, float]:
        """The values beyond a Dirichlet edge: the background, and the middle of spatially varying parameters."""
        return {**self.parameters.middle, **self.model.background}


def check_method(model: Model, integrator: str, noise: Mapping[str, float]) -> None:
    """Raise UsageError for an unknown integrator or species, an invalid amplitude, or noise without Euler."""
    if integrator not in INTEGRATORS:
        raise UsageError(f"unknown integrator {integrator!r}; {nearest(integrator, INTEGRATORS)}")
    for species, amplitude in noise.items():
        if species not in model.species:
            raise UsageError(f"noise on unknown species {species!r}; {nearest(species, model.species)}")
        if not 0 <= amplitude < float("inf"):
            raise UsageError(f"noise {species}={amplitude} is not a valid amplitude; use 0 or more")
    if noise and integrator != "euler":
        raise UsageError(
            f"integrator {integrator!r} was requested, but noise is available only with 'euler'; omit one of them"
        )


@dataclasses.dataclass(frozen=True)
class Result:
    """The result of a run. ``failed_at`` is the step at which values that are not finite were first detected."""

    snapshots: NDArray[Any]  # (times, species, height, width); NaN from failed_at on
    failed_at: int | None
    computed_steps: int  # fewer than the last step number after a lossless early exit


#: Called while a run proceeds, with the current step number and a function that copies the state there,
#: (species, height, width).
Watch = Callable[[int, Callable[[], NDArray[Any]]], None]


class Engine(Protocol):
    """Anything with a name and a ``run``."""

    name: str

    def run(self, job: Job, watch: Watch | None = None) -> Result:
        """Simulate one run. ``watch`` is called from time to time; the result does not depend on it."""
        ...


def march(
    job: Job,
    state: NDArray[Any],
    advance: Callable[[int], None],
    read: Callable[[], NDArray[Any]],
    watch: Watch | None = None,
) -> Result:
    """Advance from snapshot to snapshot, check that all values are finite, and stop early if the result is the same.

    ``state`` is the engine's own array, which ``advance(n)`` changes in place by n steps; ``read()`` returns it as
    (species, height, width).

    A step is a function of the state alone. If the state is bitwise equal to that ``CHECK_EVERY`` steps
    ago, it stays so after every further ``CHECK_EVERY`` steps, and these can be skipped. This covers
    fixed points and every cycle whose period divides CHECK_EVERY. With noise, no step is skipped.
    """
    shape = (len(job.steps), *job.initial.shape)
    snapshots = np.full(shape, np.nan, dtype=state.dtype)
    watched = None if watch is None else _Watched(advance, read, watch)
    step = computed = 0
    before, bits = state.copy(), f"u{state.itemsize}"  # compared as integers: −0 is not 0
    failed_at = None if np.isfinite(before).all() else 0
    for index, target in enumerate(job.steps):
        while failed_at is None and step < target:
            count = min(CHECK_EVERY, target - step)
            if watched is None:
                advance(count)
            else:
                watched.advance(step, count)
            step += count
            computed += count
            if not np.isfinite(state).all():
                failed_at = step
            elif count == CHECK_EVERY and not job.noise and np.array_equal(state.view(bits), before.view(bits)):
                step += (target - step) // CHECK_EVERY * CHECK_EVERY
                if watch is not None:
                    watch(step, read)
            else:
                before[...] = state
        if failed_at is not None:
            break
        snapshots[index] = read()
    return Result(snapshots, failed_at, computed)


class _Watched:
    """Advances in pieces of about ``SECONDS`` and calls ``watch`` after each.

    Slow steps, as on large grids, are thus reported one by one, and an interruption takes effect between them.
    """

    SECONDS = 0.1

    def __init__(self, advance: Callable[[int], None], read: Callable[[], NDArray[Any]], watch: Watch) -> None:
        self._advance, self._read, self._watch = advance, read, watch
        self._piece = 1  # steps

    def advance(self, step: int, count: int) -> None:
        """Advance ``count`` steps from step ``step``."""
        end = step + count
        while step < end:
            steps = min(self._piece, end - step)
            begin = time.perf_counter()
            self._advance(steps)
            self._adapt(steps, time.perf_counter() - begin)
            step += steps
            self._watch(step, self._read)

    def _adapt(self, steps: int, seconds: float) -> None:
        if seconds > 2 * self.SECONDS:
            self._piece = max(self._piece // 2, 1)
        elif seconds < self.SECONDS / 2 and steps == self._piece:
            self._piece *= 2
