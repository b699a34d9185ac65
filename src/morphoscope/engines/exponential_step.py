"""How long a step of the exponential integrator may be: what limits it is the part N that L leaves.

c′ = L c + N(c). One step multiplies a small perturbation of a homogeneous state with the matrix

    G = A + h φ₂(hL) M (A − 1),    A = e^{hL} + h φ₁(hL) M,

where M is the Jacobian of N there, so that L + M is the linearisation of the model; exact would be e^{h(L+M)}. This is
:mod:`.exponential` applied to a wave, see Cox & Matthews, J. Comput. Phys. 176, 430 (2002), §3.2.

The linear part costs no accuracy, however stiff it is. Two limits remain:

accuracy
    h ρ ≤ ¼, where ρ is the largest |eigenvalue| of M over the states that the model is known to visit and over the
    waves that count: homogeneous perturbations and waves that grow. Waves that decay follow those. For a single rate μ
    that L does not hold, a step is wrong by (hμ)³/6, so a quarter is wrong by 1 % in the time 1/μ.
stability
    no wave at any of these states grows faster than the model says by more than 5 % of ρ, also at twice the step.

Known states: the model's background and perturbed state, its homogeneous steady states, and everything between their
smallest and largest concentrations, to which the range of the first species that pictures show is added.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.engines.grid import Grid
from morphoscope.engines.initial import InitialCondition
from morphoscope.engines.stability import automatic_step
from morphoscope.engines.visited import reference_states
from morphoscope.models.model import Model
from morphoscope.models.operators import linearised
from morphoscope.models.parameters import Parameters
from morphoscope.theory.linearization import isotropic

_RATE_STEP = 0.25  # h times the fastest rate of N
_SPURIOUS = 0.05  # growth that is put up with, of the fastest rate of N
_ROUNDING = 1e-9
_WAVES = 24  # wavenumbers along a diagonal
_WAVES_ANISOTROPIC = 8  # along each axis
_DIGITS = (8, 5, 4, 2.5, 2, 1.6, 1.25, 1)  # of steps, times a power of ten: usual times are multiples of these
_LEVELS = {1: 9, 2: 5, 3: 3}  # concentrations of each species between the known ones, by number of species
_LONGEST = 1e4  # steps above this are of no use
_SMALLEST = 1e-9

Values = tuple[tuple[str, float], ...]
Matrices = NDArray[Any]


def exponential_step(model: Model, grid: Grid, values: Mapping[str, float], explicit: float | None = None) -> float:
    """The step of the exponential integrator that its two limits allow, rounded down to few digits.

    Parameters
    ----------
    model, grid
        What is simulated.
    values
        All parameters, each one number.
    explicit
        A step at which explicit Euler is known to be accurate. It is returned where the limits ask for less and it is
        stable: where a fast reaction and not space makes a model stiff, the exponential integrator has no
        advantage, but is at least as accurate as Euler at the same step.
    """
    states = _Waves(model, grid, tuple(values.items()), _known_states(model, values))
    limit = _RATE_STEP / states.rate if states.rate else math.inf
    step = next(step for step in _round_steps(min(limit, _LONGEST)) if states.stable(step) and states.stable(2 * step))
    if explicit is not None and explicit > step and states.stable(explicit):
        return explicit
    return step


def default_step(
    model: Model, grid: Grid, parameters: Parameters, integrator: str, initial: InitialCondition | None = None
) -> float:
    """The step for a model that names none for this integrator, at the run's parameters and initial condition."""
    if integrator == "euler":
        return automatic_step(model, grid, parameters, initial)
    explicit = model.dt if model.integrator == "euler" else None
    return min(exponential_step(model, grid, end, explicit) for end in _ends(parameters))


def fitting_step(limit: float, times: Iterable[float]) -> float:
    """``limit``, or a smaller step of few digits, down to a tenth of it, of which all times are multiples.

    ``limit`` if there is none: the plan then tells which time does not fit.
    """
    times = [time for time in times if 0 < time < math.inf]
    steps = itertools.takewhile(lambda step: step >= 0.1 * limit, itertools.chain([limit], _round_steps(limit)))
    return next((step for step in steps if all(_is_multiple(time, step) for time in times)), limit)


def _is_multiple(time: float, step: float) -> bool:
    return round(time / step) >= 1 and abs(round(time / step) * step - time) <= 1e-9 * max(min(1.0, step), time)


def _ends(parameters: Parameters) -> list[dict[str, float]]:
    """The parameters as numbers; of what varies in space, the lowest and the highest."""
    ends = [dict(parameters.lowest), dict(parameters.highest)]
    return ends if parameters.varying else ends[:1]


def check_exponential_step(model: Model, grid: Grid, rows: Iterable[Parameters], dt: float) -> None:
    """Raise UsageError when steps of ``dt`` let waves on the model's perturbed state grow that should not."""
    if not 0 < dt < math.inf:
        raise UsageError(f"invalid time step dt={dt}; expected a number above 0")
    ends = [tuple(end.items()) for row in rows for end in _ends(row)]
    if all(_is_stable(model, grid, end, dt) for end in ends):
        return
    largest = next(step for step in _round_steps(dt) if all(_is_stable(model, grid, end, step) for end in ends))
    raise UsageError(
        f"dt={dt:g} is unstable for integrator etdrk2: waves of {model.name} grow that should not, "
        f"dx={grid.spacing:g}, {grid.stencil}-point stencil; use dt ≤ {largest:g}"
    )


@functools.lru_cache(maxsize=4096)
def _is_stable(model: Model, grid: Grid, values: Values, dt: float) -> bool:
    return _Waves(model, grid, values, reference_states(model, dict(values))[-1:]).stable(dt)


def _round_steps(limit: float) -> Iterator[float]:
    """Numbers with few digits, from ``limit`` downwards; at last a step that is as good as none."""
    power = math.floor(math.log10(limit))
    while power > math.log10(_SMALLEST):
        yield from (step for digit in _DIGITS if (step := float(f"{digit}e{power}")) <= limit * (1 + 1e-9))
        power -= 1
    yield _SMALLEST


def _known_states(model: Model, values: Mapping[str, float]) -> list[dict[str, float]]:
    from morphoscope.theory import homogeneous_states

    known = [*reference_states(model, values), *(s.values for s in homogeneous_states(model, values))]
    ends = {s: (min(k[s] for k in known), max(k[s] for k in known)) for s in model.species}
    if model.shown is not None:
        first, (low, high) = model.species[0], ends[model.species[0]]
        ends[first] = min(low, model.shown[0]), max(high, model.shown[1])
    levels = _LEVELS.get(len(ends), 2)
    between = (np.unique(np.linspace(low, high, levels)).tolist() for low, high in ends.values())
    return [*map(dict, known), *(dict(zip(ends, state, strict=True)) for state in itertools.product(*between))]


def _wavenumbers(model: Model, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sampled wavenumbers along x and y, the homogeneous perturbation first.

    In isotropic models only what ``laplace`` does counts; along a diagonal it takes all its values.
    """
    q = np.pi / grid.spacing * np.linspace(0, 1, _WAVES if isotropic(model) else _WAVES_ANISOTROPIC)
    if grid.dimensions == 1:
        return q, 0 * q
    if isotropic(model):
        return q, q
    qx, qy = np.meshgrid(q, q)
    return qx.ravel(), qy.ravel()


class _Waves:
    """The linearisations L and L + M of a grid's waves at several states: (state, wave, species, species)."""

    def __init__(self, model: Model, grid: Grid, values: Values, states: list[dict[str, float]]) -> None:
        symbols = grid.symbols(*_wavenumbers(model, grid))
        laplace, dx, dy = symbols
        in_linear = laplace, dx * (grid.along("x") == "periodic"), dy * (grid.along("y") == "periodic")
        fixed = dict(values)
        with np.errstate(all="ignore"):
            self.linear = linearised(model, {**fixed, **model.background}, *in_linear)
            whole = [linearised(model, {**fixed, **state}, *symbols) for state in states]
            whole = [np.broadcast_to(matrices, self.linear.shape) for matrices in whole if np.isfinite(matrices).all()]
        self.whole = np.stack(whole) if whole else self.linear[None]
        self.remaining = self.whole - self.linear
        self.growth = np.linalg.eigvals(self.whole).real.max(axis=-1)  # (state, wave)
        self.rate = self._fastest()

    def _fastest(self) -> float:
        """The largest rate of N over waves that grow, and those without a wavelength."""
        rates = np.abs(np.linalg.eigvals(self.remaining)).max(axis=-1)
        counts = self.growth > 0
        counts[:, 0] = True
        return float(rates[counts].max())

    def stable(self, dt: float) -> bool:
        """Whether no wave grows faster than it should."""
        decay, first, second = propagators(self.linear, dt)
        with np.errstate(all="ignore"):
            predicted = decay + dt * first @ self.remaining
            one = np.eye(predicted.shape[-1])
            amplification = predicted + dt * second @ self.remaining @ (predicted - one)
            if not np.isfinite(amplification).all():
                return False
            size = np.abs(np.linalg.eigvals(amplification)).max(axis=-1)
            allowed = dt * (np.maximum(self.growth, 0.0) + _SPURIOUS * self.rate)
        return bool((np.log(np.maximum(size, 1e-300)) <= allowed + _ROUNDING).all())


def propagators(linear: Matrices, dt: float) -> tuple[Matrices, Matrices, Matrices]:
    """e^{hL}, φ₁(hL), φ₂(hL) of matrices L (…, species, species), h = ``dt``.

    They are blocks of one exponential, of [[hL, 1, 0], [0, 0, 1], [0, 0, 0]].
    """
    from scipy.linalg import expm

    size = linear.shape[-1]
    block = np.zeros((*linear.shape[:-2], 3 * size, 3 * size), dtype=np.complex128)
    block[..., :size, :size] = dt * linear
    for row in range(2 * size):
        block[..., row, row + size] = 1.0
    exponential = expm(block)
    first, second, third = (exponential[..., :size, i * size : (i + 1) * size] for i in range(3))
    return first, second, third
