"""How fast plane waves grow on a homogeneous steady state, in the continuum and on a grid."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import linear_symbol, linearised
from morphoscope.theory.balances import numbers
from morphoscope.theory.states import State, tolerance

if TYPE_CHECKING:
    import sympy

#: (q_x, q_y) → what ∇², ∂/∂x and ∂/∂y multiply the wave exp(i q·x) with.
Symbols = Callable[[Any, Any], tuple[Any, Any, Any]]

_COARSE = 64  # wavenumbers of the first look
_DIRECTIONS = tuple(np.pi * np.arange(8) / 8)  # of anisotropic models
_ZOOMS = 5


def continuous(qx: Any, qy: Any) -> tuple[Any, Any, Any]:
    """The operators of the continuum: −q², i q_x, i q_y."""
    return -(qx**2 + qy**2), 1j * qx, 1j * qy


@dataclasses.dataclass(frozen=True)
class Mode:
    """A plane wave on a steady state: wavenumber ``q``, 1/length, along ``direction``, radians from x; its rate λ."""

    q: float
    direction: float
    rate: complex

    @property
    def growth(self) -> float:
        """Growth rate Re λ, 1/time."""
        return self.rate.real

    @property
    def wavelength(self) -> float:
        """2π/q; infinite for a homogeneous perturbation."""
        return 2 * np.pi / self.q if self.q > 0 else float("inf")

    @property
    def oscillates(self) -> bool:
        """Whether it turns while it grows or decays: |Im λ| above rounding."""
        return abs(self.rate.imag) > 1e-7 * abs(self.rate) + 1e-12

    def to_json(self) -> dict[str, Any]:
        """Plain values; an infinite wavelength is null."""
        return {
            "q": self.q,
            "wavelength": self.wavelength if self.q > 0 else None,
            "direction": self.direction,
            "growth": self.growth,
            "frequency": self.rate.imag,
            "oscillates": self.oscillates,
        }


def dispersion(
    model: Model,
    state: State | Mapping[str, float],
    q: Any,
    *,
    direction: float = 0.0,
    parameters: Mapping[str, Any] | None = None,
    symbols: Symbols = continuous,
) -> NDArray[np.complex128]:
    """Growth rates of small perturbations around a homogeneous steady state.

    λ(q) are the eigenvalues of the linearised right-hand side for waves exp(i q·x) along ``direction`` (radians from
    x), which is J − q² D for plain diffusion. q: (n,), 1/length → (n, species), 1/time, the fastest growing first.
    ``symbols``: the discrete operators' symbols, as ``Grid.symbols``, for the relation on a grid; an explicit Euler
    step then multiplies the wave with exactly 1 + dt λ.
    Source: Cross & Hohenberg, Rev. Mod. Phys. 65, 851 (1993), §II.
    """
    values = {**numbers(model, parameters), **_values(state)}
    q = np.asarray(q, dtype=float)
    laplace, dx, dy = symbols(q * np.cos(direction), q * np.sin(direction))
    matrices = linearised(model, values, laplace, dx, dy)
    matrices = np.broadcast_to(matrices, (*q.shape, *matrices.shape[-2:]))
    rates: NDArray[np.complex128] = np.linalg.eigvals(matrices).astype(np.complex128)
    order = np.lexsort((-rates.imag, -rates.real), axis=-1)
    return np.take_along_axis(rates, order, axis=-1)


def most_unstable(
    model: Model,
    state: State | Mapping[str, float],
    parameters: Mapping[str, Any] | None = None,
    *,
    symbols: Symbols = continuous,
    shortest: float | None = None,
    finite: bool = False,
) -> Mode:
    """The wave that grows fastest (or decays slowest) on a homogeneous steady state.

    ``shortest``: the shortest wavelength to look at; on a grid of spacing dx that is 2 dx. ``finite`` leaves the
    homogeneous perturbation q = 0 out and prefers a maximum at a wavenumber of its own to what begins there. Models
    that know directions (``dx``, ``dy``) are searched along eight of them.
    """
    from scipy.optimize import minimize_scalar

    values: dict[str, Any] = {**numbers(model, parameters), **_values(state)}
    waves = Waves(model, values)
    best = Mode(0.0, 0.0, complex(waves.leading(0.0, 0.0, continuous)[0, 0]))
    peaks = []
    for direction in (0.0,) if waves.isotropic else _DIRECTIONS:
        q, growth, step = waves.peak(direction, symbols, 2 * np.pi / shortest if shortest else None)
        peaks.append((float(growth[0]), float(q[0]), float(step[0]), float(direction)))
    _, q0, step0, direction = max(peaks)

    def decay(q: float) -> float:
        return -float(waves.leading(q, direction, symbols)[0, 0].real)

    top = 2 * np.pi / shortest if shortest else np.inf
    ends = (q0 / step0, min(q0 * step0, top))
    refined = minimize_scalar(decay, bounds=ends, method="bounded", options={"xatol": 1e-9 * q0})
    at = float(refined.x) if refined.fun <= decay(q0) else q0
    wave = Mode(at, direction, complex(waves.leading(at, direction, symbols)[0, 0]))
    small = 1e-12 * float(np.abs(waves.matrices(at, direction, symbols)).max())
    return wave if finite or wave.growth > best.growth + small else best


def _values(state: State | Mapping[str, float]) -> Mapping[str, float]:
    return state.values if isinstance(state, State) else state


@functools.lru_cache(maxsize=256)
def _terms(model: Model) -> tuple[tuple[int, int, tuple[int, int, int], sympy.Expr], ...]:
    """:func:`linear_symbol` as polynomials: (row, column, powers of laplace, dx and dy, coefficient)."""
    import sympy

    names = sympy.symbols("laplace dx dy")
    matrix = linear_symbol(model)
    size = len(model.species)
    return tuple(
        (row, column, powers, coefficient)
        for row in range(size)
        for column in range(size)
        if matrix[row, column] != 0
        for powers, coefficient in sympy.Poly(matrix[row, column], *names).terms()
    )


def isotropic(model: Model) -> bool:
    """Whether waves grow alike in all directions: no ``dx`` and ``dy`` in the linearisation."""
    return not any(dx or dy for _, _, (_, dx, dy), _ in _terms(model))


class Waves:
    """The linearised right-hand side for many points of parameters and states at once, ready for any wavenumber.

    ``values``: parameters and species by name, numbers or arrays of one shape (points,).
    """

    def __init__(self, model: Model, values: Mapping[str, Any]) -> None:
        self.size = len(model.species)
        self.points = int(np.prod(np.broadcast_shapes(*(np.shape(v) for v in values.values()))))
        self.terms = [
            (row, column, powers, np.broadcast_to(np.asarray(evaluate(c, values), float), self.points))
            for row, column, powers, c in _terms(model)
        ]
        self.isotropic = isotropic(model)

    def entries(self, q: Any, direction: float, symbols: Symbols) -> list[list[Any]]:
        """The matrix's entries by row and column; each broadcasts to (points, wavenumbers).

        ``q``: a number or (points or 1, wavenumbers). Real where the model knows no directions.
        """
        q = np.atleast_2d(np.asarray(q, float))
        laplace, dx, dy = symbols(q * np.cos(direction), q * np.sin(direction))
        laplace = np.asarray(laplace).real
        found: list[list[Any]] = [[np.zeros((1, 1)) for _ in range(self.size)] for _ in range(self.size)]
        for row, column, (a, b, c), coefficient in self.terms:
            wave = laplace**a if self.isotropic else laplace**a * dx**b * dy**c
            found[row][column] = found[row][column] + coefficient[:, None] * (wave if a or b or c else 1.0)
        return found

    def matrices(self, q: Any, direction: float, symbols: Symbols) -> NDArray[Any]:
        """(points, wavenumbers, species, species)."""
        entries = self.entries(q, direction, symbols)
        shape = (self.points, np.atleast_2d(q).shape[1])
        table = [np.broadcast_to(entry, shape) for row in entries for entry in row]
        return np.stack(table, axis=-1).reshape(*shape, self.size, self.size)

    def leading(self, q: Any, direction: float, symbols: Symbols) -> NDArray[np.complex128]:
        """The eigenvalue with the largest real part, (points, wavenumbers)."""
        return leading(self.matrices(q, direction, symbols))

    def growth(self, q: Any, direction: float, symbols: Symbols) -> NDArray[np.float64]:
        """The largest real part of the eigenvalues, (points, wavenumbers); quick for two species."""
        if self.size != 2:
            return self.leading(q, direction, symbols).real
        (a, b), (c, d) = self.entries(q, direction, symbols)
        apart = ((a - d) / 2) ** 2 + b * c
        apart = np.maximum(apart, 0.0) if self.isotropic else apart.astype(np.complex128)
        growth = ((a + d) / 2 + np.sqrt(apart)).real
        return np.broadcast_to(growth, (self.points, np.atleast_2d(q).shape[1]))

    def scales(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The smallest and the largest wavenumber at which two terms of the linearisation are equal, (points,)."""
        orders: dict[int, list[NDArray[np.float64]]] = {}
        for _, _, (a, b, c), coefficient in self.terms:
            orders.setdefault(2 * a + b + c, []).append(np.abs(coefficient))
        low, high = np.full(self.points, np.inf), np.zeros(self.points)
        largest = {order: np.max(sizes, axis=0) for order, sizes in orders.items()}
        smallest = {
            order: np.min([np.where(s > 1e-6 * largest[order], s, np.inf) for s in sizes], axis=0)
            for order, sizes in orders.items()
        }
        with np.errstate(all="ignore"):
            for small in orders:
                for great in (order for order in orders if order > small):
                    power = 1 / (great - small)
                    for numerator, denominator in (
                        (smallest[small], largest[great]), (largest[small], smallest[great])
                    ):  # fmt: skip
                        ratio = (numerator / denominator) ** power
                        fair = np.isfinite(ratio) & (ratio > 0)
                        low = np.where(fair, np.minimum(low, ratio), low)
                        high = np.where(fair, np.maximum(high, ratio), high)
        nothing = ~(np.isfinite(low) & (high > 0))
        return np.where(nothing, 1.0, low), np.where(nothing, 1.0, high)

    def peak(
        self, direction: float = 0.0, symbols: Symbols = continuous, top: float | None = None, zooms: int = _ZOOMS
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Wavenumber q > 0 and growth rate of the fastest wave, and the factor within which q is known, (points,).

        The highest inner maximum over wavenumbers spread evenly in log q, zoomed in; where there is none, an end.
        """
        low, high = self.scales()
        low, high = low / 30, high * 4
        if top is not None:
            low, high = np.minimum(low, top / 30), np.full_like(high, top)
        q = low[:, None] * (high / low)[:, None] ** np.linspace(0, 1, _COARSE)
        growth = self.growth(q, direction, symbols)
        index = _inner_peak(growth)
        everyone = np.arange(self.points)
        step = (high / low) ** (1 / (_COARSE - 1))
        best_q, best = q[everyone, index], growth[everyone, index]
        for _ in range(zooms):
            ends = (best_q / step)[:, None], np.minimum(best_q * step, high)[:, None]
            q = ends[0] * (ends[1] / ends[0]) ** np.linspace(0, 1, 7)
            growth = self.growth(q, direction, symbols)
            index = growth.argmax(axis=1)
            better = growth[everyone, index] > best
            best_q = np.where(better, q[everyone, index], best_q)
            best = np.where(better, growth[everyone, index], best)
            step = step ** (1 / 3)
        return best_q, best, step

    def finite_growth(self, zooms: int = _ZOOMS) -> NDArray[np.float64]:
        """The largest Re λ over q > 0, less what is taken for zero, (points,): positive where waves grow.

        Where the model knows directions, along x, along y and between them.
        """
        found = np.full(self.points, -np.inf)
        for direction in (0.0,) if self.isotropic else _DIRECTIONS[::2]:
            low, high = self.scales()
            for q in (self.peak(direction, zooms=zooms)[0], low / 30, high * 4):
                matrices = self.matrices(q[:, None], direction, continuous)
                growth = self.growth(q[:, None], direction, continuous)
                found = np.maximum(found, (growth - tolerance(matrices))[:, 0])
        return found


def _inner_peak(rates: NDArray[np.float64]) -> NDArray[np.intp]:
    """The highest local maximum inside, if there is one above the far end; else the higher end. (points,)"""
    inner = np.full(rates.shape, -np.inf)
    middle = rates[:, 1:-1]
    rounding = 1e-10 * (np.abs(middle) + np.abs(rates[:, 2:]))
    hump = (middle > rates[:, :-2] + rounding) & (middle >= rates[:, 2:] - rounding)
    inner[:, 1:-1] = np.where(hump, middle, -np.inf)
    best = inner.argmax(axis=1)
    everyone = np.arange(len(rates))
    none = ~np.isfinite(inner[everyone, best])
    over = rates[:, -1] > rates[everyone, best]  # a band without an end: a species that does not diffuse
    return np.where(none | over, rates.argmax(axis=1), best)


def leading(matrices: NDArray[Any]) -> NDArray[np.complex128]:
    """The eigenvalue with the largest real part of matrices (…, n, n) → (…)."""
    size = matrices.shape[-1]
    if size == 1:
        return matrices[..., 0, 0].astype(np.complex128)
    if size == 2:
        half = (matrices[..., 0, 0] + matrices[..., 1, 1]) / 2
        lean = (matrices[..., 0, 0] - matrices[..., 1, 1]) / 2
        return half + np.sqrt((lean**2 + matrices[..., 0, 1] * matrices[..., 1, 0]).astype(np.complex128))
    rates = np.linalg.eigvals(np.where(np.isfinite(matrices), matrices, 0.0))
    best = rates.real.argmax(axis=-1)
    return np.take_along_axis(rates, best[..., None], axis=-1)[..., 0].astype(np.complex128)
