"""Growth rates of plane waves on a homogeneous steady state, in the continuum and on a grid."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.operators import linearised
from morphoscope.theory.equations import numeric_parameters
from morphoscope.theory.linearization import DIRECTIONS, Linearization, SymbolFunction, continuum_symbols
from morphoscope.theory.states import SteadyState


@dataclasses.dataclass(frozen=True)
class Mode:
    """A plane wave on a homogeneous steady state.

    Attributes
    ----------
    q : float
        Wavenumber, in 1/length.
    direction : float
        Direction of the wavevector, in radians from the x axis.
    rate : complex
        The eigenvalue λ, in 1/time: growth rate Re λ and frequency Im λ.
    """

    q: float
    direction: float
    rate: complex

    @property
    def growth(self) -> float:
        """Growth rate Re λ, in 1/time."""
        return self.rate.real

    @property
    def wavelength(self) -> float:
        """Wavelength 2π/q, in units of length; infinite for a homogeneous perturbation."""
        return 2 * np.pi / self.q if self.q > 0 else float("inf")

    @property
    def oscillates(self) -> bool:
        """Whether the mode oscillates: Im λ differs from 0 by more than rounding errors."""
        return abs(self.rate.imag) > 1e-7 * abs(self.rate) + 1e-12

    def to_json(self) -> dict[str, Any]:
        """The mode as plain values for JSON; an infinite wavelength becomes null."""
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
    state: SteadyState | Mapping[str, float],
    q: Any,
    *,
    direction: float = 0.0,
    parameters: Mapping[str, Any] | None = None,
    symbols: SymbolFunction = continuum_symbols,
) -> NDArray[np.complex128]:
    """Compute the growth rates of small perturbations around a homogeneous steady state.

    For waves exp(i q·x), λ(q) are the eigenvalues of the linearised right-hand side. For plain diffusion this is J − q²
    D. On a grid, an explicit Euler step multiplies the wave by exactly 1 + dt λ.

    Parameters
    ----------
    model : Model
        The model.
    state : SteadyState or mapping
        The steady state, or its concentrations by species.
    q : float or array_like, (n,)
        Wavenumbers, in 1/length.
    direction : float
        Direction of the wavevector, in radians from the x axis. It matters only if the model uses ``dx`` or ``dy``, or
        on a grid.
    parameters : mapping, optional
        Parameter values by name. Parameters not given take the model's defaults.
    symbols : callable
        The symbols of the operators: the continuum by default, ``Grid.symbols`` for a grid.

    Returns
    -------
    ndarray of complex, (n, species)
        Eigenvalues λ, in 1/time, in descending order of their real parts.

    Raises
    ------
    UsageError
        If a parameter is unknown, out of range, or varies in space.

    References
    ----------
    M. C. Cross and P. C. Hohenberg, Rev. Mod. Phys. 65, 851 (1993), §II.

    Examples
    --------
    The Swift–Hohenberg equation has λ(q) = r − (1 − q²)²:

    >>> from morphoscope import models, theory
    >>> theory.dispersion(models.get_model("swift-hohenberg"), {"u": 0.0}, [0.0, 1.0], parameters={"r": 0.2}).real
    array([[-0.8],
           [ 0.2]])
    """
    values = {**numeric_parameters(model, parameters), **_values(state)}
    q = np.asarray(q, dtype=float)
    laplace, dx, dy = symbols(q * np.cos(direction), q * np.sin(direction))
    matrices = linearised(model, values, laplace, dx, dy)
    matrices = np.broadcast_to(matrices, (*q.shape, *matrices.shape[-2:]))
    rates: NDArray[np.complex128] = np.linalg.eigvals(matrices).astype(np.complex128)
    order = np.lexsort((-rates.imag, -rates.real), axis=-1)
    return np.take_along_axis(rates, order, axis=-1)


def most_unstable(
    model: Model,
    state: SteadyState | Mapping[str, float],
    parameters: Mapping[str, Any] | None = None,
    *,
    symbols: SymbolFunction = continuum_symbols,
    shortest: float | None = None,
    finite: bool = False,
) -> Mode:
    """Find the plane wave with the largest growth rate on a homogeneous steady state.

    Models that use ``dx`` or ``dy`` are searched along eight directions, all others along x.

    Parameters
    ----------
    model : Model
        The model.
    state : SteadyState or mapping
        The steady state, or its concentrations by species.
    parameters : mapping, optional
        Parameter values by name. Parameters not given take the model's defaults.
    symbols : callable
        The symbols of the operators: the continuum by default, ``Grid.symbols`` for a grid.
    shortest : float, optional
        The shortest wavelength to consider, in units of length. On a grid of cell size dx this is 2 dx.
    finite : bool
        If true, exclude the homogeneous perturbation q = 0, and prefer a maximum at finite q to the limit q → 0.

    Returns
    -------
    Mode
        The mode with the largest growth rate, which is negative if all modes decay.

    Raises
    ------
    UsageError
        If a parameter is unknown, out of range, or varies in space.

    Examples
    --------
    >>> from morphoscope import models, theory
    >>> mode = theory.most_unstable(models.get_model("swift-hohenberg"), {"u": 0.0})
    >>> round(mode.wavelength, 4), round(mode.growth, 4)
    (6.2832, 0.2)
    """
    from scipy.optimize import minimize_scalar

    values: dict[str, Any] = {**numeric_parameters(model, parameters), **_values(state)}
    linearization = Linearization(model, values)
    best = Mode(0.0, 0.0, complex(linearization.leading(0.0, 0.0, continuum_symbols)[0, 0]))
    peaks = []
    for direction in (0.0,) if linearization.isotropic else DIRECTIONS:
        q, growth, step = linearization.peak(direction, symbols, 2 * np.pi / shortest if shortest else None)
        peaks.append((float(growth[0]), float(q[0]), float(step[0]), float(direction)))
    _, q0, step0, direction = max(peaks)

    def decay(q: float) -> float:
        return -float(linearization.leading(q, direction, symbols)[0, 0].real)

    top = 2 * np.pi / shortest if shortest else np.inf
    ends = (q0 / step0, min(q0 * step0, top))
    refined = minimize_scalar(decay, bounds=ends, method="bounded", options={"xatol": 1e-9 * q0})
    at = float(refined.x) if refined.fun <= decay(q0) else q0
    wave = Mode(at, direction, complex(linearization.leading(at, direction, symbols)[0, 0]))
    small = 1e-12 * float(np.abs(linearization.matrices(at, direction, symbols)).max())
    return wave if finite or wave.growth > best.growth + small else best


def _values(state: SteadyState | Mapping[str, float]) -> Mapping[str, float]:
    return state.values if isinstance(state, SteadyState) else state
