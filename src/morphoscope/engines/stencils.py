"""Spatial operators on arrays and the right-hand side of a model in NumPy, one array operation per term."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines.base import Job
from morphoscope.engines.grid import Grid
from morphoscope.models.expressions import evaluate
from morphoscope.models.operators import rates, separate_operators

Field = NDArray[Any]


def padded(field: Field, grid: Grid, beyond: float = 0.0) -> Field:
    """A field (height, width) with one more cell on each side, by its boundaries; ``beyond`` is the Dirichlet value."""
    for axis, name in enumerate("yx"):
        width = [(0, 0), (0, 0)]
        width[axis] = (1, 1)
        match grid.along(name):
            case "periodic":
                field = np.pad(field, width, mode="wrap")
            case "no-flux":
                field = np.pad(field, width, mode="edge")
            case _:
                field = np.pad(field, width, constant_values=beyond)
    return field


def laplacian(field: Field, grid: Grid, beyond: float = 0.0) -> Field:
    """Discrete ∇² of a field (height, width), in 1/length²."""
    p = padded(field, grid, beyond)
    edges = p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]
    if grid.stencil == 5:
        return (edges - 4 * field) / grid.spacing**2
    corners = p[:-2, :-2] + p[:-2, 2:] + p[2:, :-2] + p[2:, 2:]
    return (0.5 * edges + 0.25 * corners - 3 * field) / grid.spacing**2


def slope_x(field: Field, grid: Grid, beyond: float = 0.0) -> Field:
    """Central difference along x, in 1/length."""
    p = padded(field, grid, beyond)
    return (p[1:-1, 2:] - p[1:-1, :-2]) / (2 * grid.spacing)


def slope_y(field: Field, grid: Grid, beyond: float = 0.0) -> Field:
    """Central difference along y (downwards, in the direction of the row index), in 1/length."""
    p = padded(field, grid, beyond)
    return (p[2:, 1:-1] - p[:-2, 1:-1]) / (2 * grid.spacing)


OPERATIONS = {"laplace": laplacian, "dx": slope_x, "dy": slope_y}


def right_hand_side(job: Job, dtype: Any = np.float64) -> Callable[[Field], Field]:
    """The function dc/dt of a state (species, height, width), without noise; states have type ``dtype``."""
    terms, applications = separate_operators(rates(job.model))
    species, shape = job.model.species, job.grid.shape
    fields = {name: value.field(shape).astype(dtype) for name, value in job.varying.items()}
    parameters = {**job.parameters.uniform, **fields}
    beyond = {**job.beyond}
    for application in applications:
        beyond[str(application.symbol)] = 0.0

    def rate(state: Field) -> Field:
        values = {**parameters, **dict(zip(species, state, strict=True))}
        for application in applications:
            field = np.broadcast_to(evaluate(application.argument, values), shape)
            edge = float(evaluate(application.argument, beyond))
            values[str(application.symbol)] = OPERATIONS[application.name](field, job.grid, edge)
        return np.stack([np.broadcast_to(evaluate(terms[s], values), shape) for s in species])

    return rate
