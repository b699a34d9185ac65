"""The reference engine: NumPy, float64, one array operation a term. Slow, and easy to believe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.engines.base import Job, Result, march
from morphoscope.models.expressions import evaluate

Field = NDArray[np.float64]


def laplacian(field: Field, stencil: int, spacing: float) -> Field:
    """Discrete ∇² of a periodic field (…, height, width), in 1/length²."""

    def shifted(rows: int, columns: int) -> Field:
        return np.roll(field, (rows, columns), axis=(-2, -1))

    edges = shifted(1, 0) + shifted(-1, 0) + shifted(0, 1) + shifted(0, -1)
    if stencil == 5:
        return (edges - 4 * field) / spacing**2
    corners = shifted(1, 1) + shifted(1, -1) + shifted(-1, 1) + shifted(-1, -1)
    return (0.5 * edges + 0.25 * corners - 3 * field) / spacing**2


class ReferenceEngine:
    """Explicit Euler, c ← c + dt (D ∇²c + R(c)), all species from the old state."""

    name = "reference"

    def run(self, job: Job) -> Result:
        """Simulate one run in float64."""
        current = np.array(job.initial, dtype=np.float64)
        species = job.model.species
        diffusivities = np.array(list(job.model.diffusivities(job.parameters).values()))
        terms = job.model.reaction_terms

        def advance(count: int) -> None:
            with np.errstate(all="ignore"):  # a run that blows up is reported, not warned about
                for _ in range(count):
                    values = {**job.parameters, **dict(zip(species, current.copy(), strict=True))}
                    diffusion = diffusivities[:, None, None] * laplacian(current, job.grid.stencil, job.grid.spacing)
                    for index, name in enumerate(species):
                        reaction = evaluate(terms[name], values)
                        current[index] += job.dt * (diffusion[index] + reaction)

        return march(job, current, advance, lambda: current)
