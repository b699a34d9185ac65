"""What a classifier stores about its training runs: their model and their length scale."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from morphoscope.core.errors import DataError
from morphoscope.ensembles import Plan
from morphoscope.models import Model

_EQUAL = 1e-3  # relative difference below which two lengths count as equal


@dataclasses.dataclass(frozen=True)
class TrainingRuns:
    """Model, cell size and diffusion coefficients of a training set.

    Parameters
    ----------
    model
        The model that was simulated.
    spacing
        The side of a cell.
    diffusion
        Smallest and largest diffusion coefficient of each species over the runs.
    """

    model: Model
    spacing: float
    diffusion: Mapping[str, tuple[float, float]]

    @classmethod
    def of(cls, plan: Plan) -> TrainingRuns:
        """The training runs of a plan."""
        found = diffusions(plan)
        ends = {s: (min(d[s] for d in found), max(d[s] for d in found)) for s in plan.model.species}
        return cls(plan.model, plan.grid.spacing, ends)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        diffusion = {s: list(ends) for s, ends in self.diffusion.items()}
        return {"model": self.model.to_dict(), "spacing": self.spacing, "diffusion": diffusion}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingRuns:
        """Inverse of :meth:`to_dict`. Raises DataError for invalid values."""
        try:
            diffusion = {str(s): (float(low), float(high)) for s, (low, high) in values["diffusion"].items()}
            return cls(Model.from_dict(values["model"]), float(values["spacing"]), diffusion)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"the entry of the training runs is invalid: {error}") from error

    def same_equations(self, model: Model) -> bool:
        """Whether a model has the same species, and algebraically equal reaction and diffusion terms."""
        import sympy

        own = self.model
        if own.species != model.species:
            return False
        pairs = [
            (ours[s], theirs[s])
            for ours, theirs in (
                (own.reaction_terms, model.reaction_terms),
                (own.diffusion_terms, model.diffusion_terms),
            )
            for s in own.species
        ]
        return all(ours == theirs or sympy.expand(ours - theirs) == 0 for ours, theirs in pairs)

    def step(self, spacing: float, diffusion: Mapping[str, float], species: str) -> float:
        """The side of a cell of the training runs, in cells of another run with this spacing and diffusion.

        Both are measured in the length scale of the equations: the side h becomes h/√D. Exactly 1 if they are equal, or
        if the training runs cover the value: then the network was trained on patterns of this size.
        """
        length = length_scale(spacing, diffusion, species)
        ends = [length_scale(self.spacing, {s: d[i] for s, d in self.diffusion.items()}, species) for i in (1, 0)]
        nearest = min(max(length, ends[0]), ends[1])
        return 1.0 if math.isclose(length, nearest, rel_tol=_EQUAL) else nearest / length

    def same_ratios(self, diffusion: Mapping[str, float]) -> bool:
        """Whether the ratios of the diffusion coefficients are within those of the training runs."""
        reference = max(self.diffusion, key=lambda s: self.diffusion[s][1])
        least, most = self.diffusion[reference]
        own = diffusion[reference]
        if least == 0 or own == 0:
            return own == most
        return all(
            low / most * (1 - _EQUAL) <= diffusion[s] / own <= high / least * (1 + _EQUAL)
            for s, (low, high) in self.diffusion.items()
        )


def length_scale(spacing: float, diffusion: Mapping[str, float], species: str) -> float:
    """The side of a cell over √D, with D of the species or, if it does not diffuse, the largest D.

    The side itself if no species diffuses, since then operators in the reaction terms set the length scale.
    """
    coefficient = diffusion.get(species, 0.0) or max(diffusion.values(), default=0.0)
    return spacing / math.sqrt(coefficient) if coefficient > 0 else spacing


def diffusions(plan: Plan, runs: Sequence[int] | None = None) -> list[dict[str, float]]:
    """The diffusion coefficients by species for some runs of a plan, by default for all."""
    names = sorted(plan.model.diffusion_parameters)
    known: dict[Any, dict[str, float]] = {}  # most runs have the same coefficients
    found = []
    for run in range(len(plan.runs)) if runs is None else runs:
        parameters = plan.runs[run].parameters
        own = tuple(parameters[name] for name in names)
        if own not in known:
            known[own] = plan.model.diffusivities(parameters)
        found.append(known[own])
    return found
