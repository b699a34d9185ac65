"""An exponential integrator of second order for stiff models: ETDRK2 in Fourier space.

With c′ = L c + N(c), where L is the linearisation around the model's background, one step of length h is

    a      = e^{hL} c + h φ₁(hL) N(c)
    c_next = a + h φ₂(hL) (N(a) − N(c)),     φ₁(z) = (e^z − 1)/z,  φ₂(z) = (e^z − 1 − z)/z².

L is what the grid's stencils do, wave by wave: the operators of a periodic axis are diagonal in Fourier waves, of a
no-flux axis in cosines, of a Dirichlet axis in sines. So the steady states are those of explicit Euler on the same
grid; the step is limited by N alone, which is the whole right-hand side less L c. Species are coupled by a small matrix
for each wave. First derivatives along an axis that is not periodic are not diagonal and stay in N.

Source: Cox & Matthews, J. Comput. Phys. 176, 430 (2002), eqs. 20–22.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines.base import Job
from morphoscope.engines.exponential_step import propagators
from morphoscope.engines.grid import Grid
from morphoscope.engines.stencils import right_hand_side
from morphoscope.models.model import Model
from morphoscope.models.operators import linearised

Field = NDArray[Any]
Matrices = tuple[Field, ...]


class SpectralTransform:
    """The transform to the modes in which a grid's operators are diagonal, its inverse, and their wavenumbers."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._cyclic = tuple(axis for axis, name in ((-2, "y"), (-1, "x")) if grid.along(name) == "periodic")
        self.qy, self.qx = (self._angles(axis) / grid.spacing for axis in (-2, -1))

    def _angles(self, axis: int) -> Field:
        """Phase from cell to cell of the waves along an axis."""
        cells = self.grid.shape[axis]
        if axis in self._cyclic:
            halved = axis == self._cyclic[-1]
            return 2 * np.pi * (np.fft.rfftfreq(cells) if halved else np.fft.fftfreq(cells))
        if self._kind(axis) == 2:
            return np.pi * np.arange(cells) / cells
        return np.pi * np.arange(1, cells + 1) / (cells + 1)

    def _kind(self, axis: int) -> int:
        """2: cosines with half a cell beyond the edge; 1: sines that vanish one cell beyond it."""
        return 2 if self.grid.along("yx"[axis]) == "no-flux" else 1

    def forward(self, field: Field) -> Field:
        """(…, height, width) to waves."""
        from scipy import fft

        for axis in {-2, -1} - set(self._cyclic):
            transform = fft.dct if self._kind(axis) == 2 else fft.dst
            field = transform(field, type=self._kind(axis), axis=axis)
        return fft.rfftn(field, axes=self._cyclic) if self._cyclic else field

    def backward(self, waves: Field) -> Field:
        """Inverse of :meth:`forward`."""
        from scipy import fft

        if self._cyclic:
            waves = fft.irfftn(waves, s=[self.grid.shape[axis] for axis in self._cyclic], axes=self._cyclic)
        for axis in {-2, -1} - set(self._cyclic):
            transform = fft.idct if self._kind(axis) == 2 else fft.idst
            waves = transform(waves, type=self._kind(axis), axis=axis)
        return waves

    def symbols(self) -> tuple[Field, ...]:
        """What the operators multiply the waves with; first derivatives along axes that are not periodic count as 0."""
        laplace, dx, dy = self.grid.symbols(self.qx[None, :], self.qy[:, None])
        return laplace, dx * (-1 in self._cyclic), dy * (-2 in self._cyclic)


class ExponentialStepper:
    """ETDRK2 steps of a state (species, height, width), in place, in the state's own precision.

    With N(c) = R(c) − L c, where R is the whole right-hand side, and with z φ₁(z) = e^z − 1, a step is

        a      = c + h φ₁ R(c)
        c_next = c + h (φ₁ − φ₂ e^{hL}) R(c) + h φ₂ R(a)

    So only rates are transformed and only changes transformed back. ``rate``: R; by default NumPy's.
    """

    def __init__(self, job: Job, state: Field, rate: Callable[[Field], Field] | None = None) -> None:
        self.state = state
        self.waves = SpectralTransform(job.grid)
        self.rate = rate or right_hand_side(job, state.dtype)
        values = tuple((name, job.beyond[name]) for name in job.model.parameters)
        kind = self.waves.forward(state[:1]).dtype
        matrices = _matrices(job.model, job.grid, job.dt, values)
        if not any(m.imag.any() for m in matrices):
            kind = state.dtype  # no first derivatives: half the multiplications
        self.predict, self.first, self.second = (
            m.real.astype(kind) if kind.kind == "f" else m.astype(kind) for m in matrices
        )

    def advance(self, count: int) -> None:
        """``count`` steps further."""
        state, waves = self.state, self.waves
        with np.errstate(all="ignore"):  # a run that diverges is reported as failed, without a warning
            for _ in range(count):
                before = waves.forward(self.rate(state))
                predicted = state + waves.backward(_apply(self.predict, before))
                change = _apply(self.first, before)
                change += _apply(self.second, waves.forward(self.rate(predicted)))
                state += waves.backward(change)


def _apply(matrices: Field, waves: Field) -> Field:
    """A matrix (species, species) of every wave, times the species of that wave."""
    result = matrices[:, 0] * waves[0]
    for column in range(1, len(waves)):
        result += matrices[:, column] * waves[column]
    return result


@functools.lru_cache(maxsize=16)
def _matrices(model: Model, grid: Grid, dt: float, values: tuple[tuple[str, float], ...]) -> Matrices:
    """h φ₁, h (φ₁ − φ₂ e^{hL}) and h φ₂ of every wave, each (species, species, waves along y, along x)."""
    linear = linearised(model, {**dict(values), **model.background}, *SpectralTransform(grid).symbols())
    decay, first, second = propagators(linear, dt)
    parts = (first, first - second @ decay, second)
    return tuple(dt * np.moveaxis(part, (-2, -1), (0, 1)) for part in parts)
