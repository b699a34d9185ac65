"""A run that continues while the user watches it, changes its parameters and paints on it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines import Job
from morphoscope.engines.cpu.engine import Stepper
from morphoscope.engines.initial import InitialCondition, named_conditions, stream
from morphoscope.ensembles import Plan

SLOWEST, FASTEST = 1, 50_000  # steps per frame


class LiveRun:
    """One run of an atlas's model on its grid. Every method may be called from any thread."""

    def __init__(
        self, plan: Plan, parameters: Mapping[str, float], initial: str | InitialCondition | None = None, seed: int = 0
    ) -> None:
        self.plan = plan
        self._lock = threading.Lock()
        self._apart = [round((b - a) / plan.dt) for a, b in zip(plan.times, plan.times[1:], strict=False)]
        self._stepper: Stepper
        self.steps = 0
        self.reset(parameters, plan.initial if initial is None else initial, seed)

    @property
    def time(self) -> float:
        """Model time since the start."""
        return self.steps * self.plan.dt

    @property
    def parameters(self) -> dict[str, float]:
        """All current parameters."""
        return dict(self._stepper.job.parameters)

    def reset(self, parameters: Mapping[str, float], initial: str | InitialCondition, seed: int) -> None:
        """Start again from an initial condition. Text comes from a page, so it must not name a file.

        Raises UsageError for unknown names and options.
        """
        chosen = initial if isinstance(initial, InitialCondition) else InitialCondition.parse(initial, files=False)
        model, grid = self.plan.model, self.plan.grid
        state = chosen.state(model, grid.shape, stream(seed), model.complete(parameters))
        self.begin(parameters, state, seed)

    def begin(self, parameters: Mapping[str, float], state: NDArray[np.floating], seed: int = 0) -> None:
        """Start again from a state (species, height, width); ``seed`` is for the plan's noise."""
        plan = self.plan
        method: dict[str, Any] = {"integrator": plan.integrator, "noise": dict(plan.noise), "double": plan.double}
        complete = plan.model.complete(parameters)
        job = Job(plan.model, plan.grid, plan.dt, complete, np.asarray(state), (0,), seed=seed, **method)
        stepper = Stepper(job)
        with self._lock:
            self._stepper, self.steps = stepper, 0

    def steer(self, parameters: Mapping[str, float]) -> None:
        """Continue with other parameters."""
        with self._lock:
            self._stepper.steer({**self._stepper.job.parameters, **parameters})

    def advance(self, count: int) -> NDArray[np.float32]:
        """Advance ``count`` steps; returns the first recorded species, (height, width)."""
        with self._lock:
            self._advance(min(max(count, SLOWEST), FASTEST))
            return self._shown()

    def advance_and_sample(self, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As :meth:`advance`, and the frames that a classifier reads, (frames, height, width), the last one at the end.

        The frames have the time intervals of the atlas; at least the steps that they need are computed.
        """
        with self._lock:
            self._advance(max(count - sum(self._apart), 1))
            frames = [self._shown()]
            for steps in self._apart:
                self._advance(steps)
                frames.append(self._shown())
        return frames[-1], np.stack(frames)

    def _advance(self, count: int) -> None:
        self._stepper.advance(count)
        self.steps += count

    def _shown(self) -> NDArray[np.float32]:
        species = self.plan.model.species.index(self.plan.record[0])
        return self._stepper.read()[species]

    def paint(self, x: float, y: float, radius: float) -> None:
        """Set a disc at column ``x``, row ``y`` (cells) to the model's perturbed state, across periodic edges."""
        model, (height, width) = self.plan.model, self.plan.grid.shape
        if not (np.isfinite([x, y]).all() and 0 < radius <= max(height, width)):
            return
        rows = np.abs((np.arange(height) - y + height / 2) % height - height / 2)
        columns = np.abs((np.arange(width) - x + width / 2) % width - width / 2)
        disc = rows[:, None] ** 2 + columns[None, :] ** 2 <= radius**2
        with self._lock:
            state = self._stepper.read()
            for index, species in enumerate(model.species):
                state[index][disc] = model.perturbation[species]
            self._stepper.write(state)


def outside(time: float, learned: Sequence[float]) -> str:
    """What to say of a time that is not among those of a classifier's training runs; empty for one that is.

    ``learned``: the times of their frames, ascending; empty if they are not known.
    """
    if not learned or learned[0] <= time <= learned[-1]:
        return ""
    span = f"t = {learned[0]:g}" + f" to {learned[-1]:g}" * (learned[0] < learned[-1])
    when = "earlier" if time < learned[0] else "later"
    return f"{when} than the patterns that the classifier has learned ({span})"


def initial_conditions(plan: Plan) -> list[str]:
    """The named initial conditions, the plan's own first."""
    return sorted(named_conditions(), key=lambda name: name != plan.initial.name)
