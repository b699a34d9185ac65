"""A homogeneous steady state: where it is, what small homogeneous perturbations do, and what it is called."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.models import Model
from morphoscope.models.operators import linearised
from morphoscope.theory.balances import numbers
from morphoscope.theory.roots import Box, roots_over

TOLERANCE = 1e-9  # of the Jacobian's largest entry: a rate below is taken for zero


@dataclasses.dataclass(frozen=True)
class State:
    """A homogeneous steady state at given parameters.

    ``values``: concentrations by species. ``jacobian``: ∂R/∂c, (species, species), 1/time. ``eigenvalues``: its
    eigenvalues, (species,), the fastest growing first. ``kind``: such as ``stable focus``, ``unstable node``,
    ``saddle``, ``centre``.
    """

    values: dict[str, float]
    jacobian: NDArray[np.float64]
    eigenvalues: NDArray[np.complex128]
    kind: str

    @property
    def stable(self) -> bool:
        """Whether no homogeneous perturbation grows (space apart)."""
        return self.unstable_directions == 0

    @property
    def unstable_directions(self) -> int:
        """How many eigenvalues have a positive real part."""
        return int(np.sum(self.eigenvalues.real > tolerance(self.jacobian)))

    def to_json(self) -> dict[str, Any]:
        """Plain values; complex numbers as [real, imaginary]."""
        return {
            "values": dict(self.values),
            "kind": self.kind,
            "stable": self.stable,
            "eigenvalues": [[float(x.real), float(x.imag)] for x in self.eigenvalues],
            "jacobian": self.jacobian.tolist(),
        }


def tolerance(matrix: NDArray[Any]) -> Any:
    """The real part below which an eigenvalue of a matrix (…, species, species) is taken for zero."""
    return TOLERANCE * np.abs(matrix).max(axis=(-2, -1))


def homogeneous_states(
    model: Model, parameters: Mapping[str, Any] | None = None, box: Box | None = None
) -> list[State]:
    """All homogeneous steady states at these parameters, in ascending order of the first species.

    ``box``: (low, high) by species, to look there only. Where a sum of species is conserved, as in Cahn–Hilliard, the
    states are those with the sum that the model's background has. How they are found: :func:`.roots_over`.
    Raises UsageError for parameters that the model refuses or that vary in space.
    """
    values = numbers(model, parameters)
    found = roots_over(model, values, box)
    return [_state(model, values, row) for row in found if np.isfinite(row).all()]


def _state(model: Model, parameters: Mapping[str, float], row: NDArray[np.float64]) -> State:
    values = {s: float(x) for s, x in zip(model.species, row, strict=True)}
    jacobian = linearised(model, {**parameters, **values}).real
    eigenvalues = np.linalg.eigvals(jacobian).astype(np.complex128) + 0.0  # no negative zeros
    eigenvalues = eigenvalues[np.lexsort((-eigenvalues.imag, -eigenvalues.real))]
    return State(values, jacobian, eigenvalues, _kind(eigenvalues, float(tolerance(jacobian))))


def _kind(eigenvalues: NDArray[np.complex128], small: float) -> str:
    """The name of a fixed point with these eigenvalues."""
    growing = eigenvalues.real > small
    shrinking = eigenvalues.real < -small
    turning = bool(np.any(np.abs(eigenvalues.imag) > small))
    if growing.any() and shrinking.any():
        return "saddle-focus" if turning and len(eigenvalues) > 2 else "saddle"
    if not growing.any() and not shrinking.all():
        return "centre" if turning else "neutral"
    shape = "focus" if turning else "node"
    return f"{'stable' if shrinking.all() else 'unstable'} {shape}"
