"""The reference engine: NumPy, float64, one array operation per term. Slow, but easy to verify."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines.base import Job, Result, Watch, march
from morphoscope.engines.exponential import ExponentialStepper
from morphoscope.engines.noise import noise_key, normals, strength
from morphoscope.engines.stencils import right_hand_side


class ReferenceEngine:
    """c ← c + dt (D ∇²c + R(c)), all species from the old state; or the exponential integrator, in float64."""

    name = "reference"

    def run(self, job: Job, watch: Watch | None = None) -> Result:
        """Simulate one run in float64."""
        current = np.array(job.initial, dtype=np.float64)
        if job.integrator == "etdrk2":
            return march(job, current, ExponentialStepper(job, current).advance, lambda: current.copy(), watch)
        return march(job, current, _Euler(job, current).advance, lambda: current.copy(), watch)


class _Euler:
    """Explicit Euler(–Maruyama) steps of a state, in place."""

    def __init__(self, job: Job, state: NDArray[np.float64]) -> None:
        self.job, self.state, self.rate = job, state, right_hand_side(job)
        self.key, self.step = noise_key(job.seed), 0

    def advance(self, count: int) -> None:
        with np.errstate(all="ignore"):  # a run that diverges is reported as failed, without a warning
            for _ in range(count):
                self.state += self.job.dt * self.rate(self.state)
                if self.job.noise:
                    self._disturb()
                self.step += 1

    def _disturb(self) -> None:
        grid = self.job.grid
        for index, species in enumerate(self.job.model.species):
            if amplitude := self.job.noise.get(species, 0.0):
                numbers = normals(grid.shape, index, self.step, self.key)
                self.state[index] += strength(grid, self.job.dt, amplitude) * numbers
