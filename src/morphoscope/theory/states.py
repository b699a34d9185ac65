"""Homogeneous steady states: their concentrations, linear stability and type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.operators import linearised
from morphoscope.theory.equations import numeric_parameters
from morphoscope.theory.roots import Box, steady_state_values

TOLERANCE = 1e-9  # relative to the largest entry of the Jacobian; smaller growth rates count as zero


@dataclasses.dataclass(frozen=True)
class SteadyState:
    """A homogeneous steady state at given parameters.

    Attributes
    ----------
    values : dict
        Concentrations by species.
    jacobian : ndarray, (species, species)
        J = ∂R/∂c at the state, in 1/time.
    eigenvalues : ndarray, (species,)
        The eigenvalues of J in 1/time, in descending order of their real parts.
    kind : str
        The type of fixed point, such as ``stable focus``, ``unstable node``, ``saddle`` or ``centre``.
    """

    values: dict[str, float]
    jacobian: NDArray[np.float64]
    eigenvalues: NDArray[np.complex128]
    kind: str

    @property
    def stable(self) -> bool:
        """Whether all homogeneous perturbations decay or stay constant. Perturbations that vary in space may grow."""
        return self.unstable_directions == 0

    @property
    def unstable_directions(self) -> int:
        """The number of eigenvalues with a positive real part."""
        return int(np.sum(self.eigenvalues.real > zero_tolerance(self.jacobian)))

    def to_json(self) -> dict[str, Any]:
        """The state as plain values for JSON; complex numbers become [real, imaginary]."""
        return {
            "values": dict(self.values),
            "kind": self.kind,
            "stable": self.stable,
            "eigenvalues": [[float(x.real), float(x.imag)] for x in self.eigenvalues],
            "jacobian": self.jacobian.tolist(),
        }


def zero_tolerance(matrix: NDArray[Any]) -> Any:
    """The largest real part of an eigenvalue that counts as zero, for matrices (…, species, species) → (…)."""
    return TOLERANCE * np.abs(matrix).max(axis=(-2, -1))


def homogeneous_states(
    model: Model, parameters: Mapping[str, Any] | None = None, box: Box | None = None
) -> list[SteadyState]:
    """Find all homogeneous steady states at one point in parameter space.

    Solves R(c) = 0, by elimination if the model allows it and otherwise by Newton's method from many starting points
    (see :func:`.steady_state_values`). If the reactions conserve a sum of species, as in Cahn–Hilliard, only the states
    with the same sum as the model's background are returned.

    Parameters
    ----------
    model : Model
        The model.
    parameters : mapping, optional
        Parameter values by name. Parameters not given take the model's defaults.
    box : mapping, optional
        Limits (low, high) by species. Only states inside are returned. By default, negative concentrations are excluded
        if the model can't reach them.

    Returns
    -------
    list of SteadyState
        In ascending order of the first species.

    Raises
    ------
    UsageError
        If a parameter is unknown, out of range, or varies in space.

    Examples
    --------
    >>> from morphoscope import models, theory
    >>> (state,) = theory.homogeneous_states(models.get_model("brusselator"), {"A": 2, "B": 3})
    >>> state.values, state.kind, state.stable
    ({'u': 2.0, 'v': 1.5}, 'stable focus', True)
    """
    values = numeric_parameters(model, parameters)
    found = steady_state_values(model, values, box)
    return [_state(model, values, row) for row in found if np.isfinite(row).all()]


def _state(model: Model, parameters: Mapping[str, float], row: NDArray[np.float64]) -> SteadyState:
    values = {s: float(x) for s, x in zip(model.species, row, strict=True)}
    jacobian = linearised(model, {**parameters, **values}).real
    eigenvalues = np.linalg.eigvals(jacobian).astype(np.complex128) + 0.0  # no negative zeros
    eigenvalues = eigenvalues[np.lexsort((-eigenvalues.imag, -eigenvalues.real))]
    return SteadyState(values, jacobian, eigenvalues, _kind(eigenvalues, float(zero_tolerance(jacobian))))


def _kind(eigenvalues: NDArray[np.complex128], small: float) -> str:
    """The type of fixed point that these eigenvalues describe."""
    growing = eigenvalues.real > small
    shrinking = eigenvalues.real < -small
    turning = bool(np.any(np.abs(eigenvalues.imag) > small))
    if growing.any() and shrinking.any():
        return "saddle-focus" if turning and len(eigenvalues) > 2 else "saddle"
    if not growing.any() and not shrinking.all():
        return "centre" if turning else "neutral"
    shape = "focus" if turning else "node"
    return f"{'stable' if shrinking.all() else 'unstable'} {shape}"
