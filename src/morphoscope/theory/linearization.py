"""The linearised right-hand side for plane waves, at many parameter points and states at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import linear_symbol
from morphoscope.theory.states import zero_tolerance

if TYPE_CHECKING:
    import sympy

#: (q_x, q_y) → the symbols of ∇², ∂/∂x and ∂/∂y: the factors by which they multiply the wave exp(i q·x).
SymbolFunction = Callable[[Any, Any], tuple[Any, Any, Any]]

_COARSE = 64  # wavenumbers in the coarse search
DIRECTIONS = tuple(np.pi * np.arange(8) / 8)  # for anisotropic models
_ZOOMS = 5


def continuum_symbols(qx: Any, qy: Any) -> tuple[Any, Any, Any]:
    """The symbols of ∇², ∂/∂x and ∂/∂y in the continuum.

    Each operator multiplies the plane wave exp(i q·x) by its symbol.

    Parameters
    ----------
    qx, qy : float or ndarray
        Components of the wavevector, in 1/length.

    Returns
    -------
    tuple
        −q², i q_x and i q_y.

    Examples
    --------
    >>> from morphoscope import theory
    >>> theory.continuum_symbols(3.0, 4.0)
    (-25.0, 3j, 4j)
    """
    return -(qx**2 + qy**2), 1j * qx, 1j * qy


@functools.lru_cache(maxsize=256)
def linear_terms(model: Model) -> tuple[tuple[int, int, tuple[int, int, int], sympy.Expr], ...]:
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
    """Whether growth rates are the same in all directions: the linearisation contains no ``dx`` or ``dy``."""
    return not any(dx or dy for _, _, (_, dx, dy), _ in linear_terms(model))


class Linearization:
    """The linearised right-hand side at many parameter points and states at once, for any wavenumber.

    ``values``: parameters and species by name, as numbers or arrays of one shape (points,).
    """

    def __init__(self, model: Model, values: Mapping[str, Any]) -> None:
        self.size = len(model.species)
        self.points = int(np.prod(np.broadcast_shapes(*(np.shape(v) for v in values.values()))))
        self.terms = [
            (row, column, powers, np.broadcast_to(np.asarray(evaluate(c, values), float), self.points))
            for row, column, powers, c in linear_terms(model)
        ]
        self.isotropic = isotropic(model)

    def entries(self, q: Any, direction: float, symbols: SymbolFunction) -> list[list[Any]]:
        """The matrix entries by row and column; each broadcasts to (points, wavenumbers).

        ``q``: a number or (points or 1, wavenumbers). Entries are real if the model is isotropic.
        """
        q = np.atleast_2d(np.asarray(q, float))
        laplace, dx, dy = symbols(q * np.cos(direction), q * np.sin(direction))
        laplace = np.asarray(laplace).real
        found: list[list[Any]] = [[np.zeros((1, 1)) for _ in range(self.size)] for _ in range(self.size)]
        for row, column, (a, b, c), coefficient in self.terms:
            wave = laplace**a if self.isotropic else laplace**a * dx**b * dy**c
            found[row][column] = found[row][column] + coefficient[:, None] * (wave if a or b or c else 1.0)
        return found

    def matrices(self, q: Any, direction: float, symbols: SymbolFunction) -> NDArray[Any]:
        """The linearisation as matrices (points, wavenumbers, species, species)."""
        entries = self.entries(q, direction, symbols)
        shape = (self.points, np.atleast_2d(q).shape[1])
        table = [np.broadcast_to(entry, shape) for row in entries for entry in row]
        return np.stack(table, axis=-1).reshape(*shape, self.size, self.size)

    def leading(self, q: Any, direction: float, symbols: SymbolFunction) -> NDArray[np.complex128]:
        """The eigenvalue with the largest real part, (points, wavenumbers)."""
        return leading(self.matrices(q, direction, symbols))

    def growth(self, q: Any, direction: float, symbols: SymbolFunction) -> NDArray[np.float64]:
        """The largest real part of the eigenvalues, (points, wavenumbers); fast for two species."""
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
        self,
        direction: float = 0.0,
        symbols: SymbolFunction = continuum_symbols,
        top: float | None = None,
        zooms: int = _ZOOMS,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Wavenumber q > 0 and growth rate of the fastest-growing wave, and the factor to which q is known, (points,).

        A coarse search over logarithmically spaced q finds the highest interior maximum, which is then refined. If
        there is no interior maximum, an end of the range is returned.
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
        """The largest Re λ over q > 0 minus the numerical tolerance, (points,): positive if waves grow.

        Anisotropic models are searched along x, along y and along the diagonals.
        """
        found = np.full(self.points, -np.inf)
        for direction in (0.0,) if self.isotropic else DIRECTIONS[::2]:
            low, high = self.scales()
            for q in (self.peak(direction, zooms=zooms)[0], low / 30, high * 4):
                matrices = self.matrices(q[:, None], direction, continuum_symbols)
                growth = self.growth(q[:, None], direction, continuum_symbols)
                found = np.maximum(found, (growth - zero_tolerance(matrices))[:, 0])
        return found


def _inner_peak(rates: NDArray[np.float64]) -> NDArray[np.intp]:
    """The index of the highest interior maximum if it exceeds the far end, else of the largest value, (points,)."""
    inner = np.full(rates.shape, -np.inf)
    middle = rates[:, 1:-1]
    rounding = 1e-10 * (np.abs(middle) + np.abs(rates[:, 2:]))
    hump = (middle > rates[:, :-2] + rounding) & (middle >= rates[:, 2:] - rounding)
    inner[:, 1:-1] = np.where(hump, middle, -np.inf)
    best = inner.argmax(axis=1)
    everyone = np.arange(len(rates))
    none = ~np.isfinite(inner[everyone, best])
    over = rates[:, -1] > rates[everyone, best]  # the unstable band is unbounded: a species does not diffuse
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
