"""What a classifier knows of the runs that it was trained on: their model and their length scale."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from morphoscope.core.errors import DataError
from morphoscope.ensembles import Plan
from morphoscope.models import Model

_EQUAL = 1e-3  # relative difference below which two lengths are the same


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
        """Those of a plan."""
        found = diffusions(plan)
        ends = {s: (min(d[s] for d in found), max(d[s] for d in found)) for s in plan.model.species}
        return cls(plan.model, plan.grid.spacing, ends)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        diffusion = {s: list(ends) for s, ends in self.diffusion.items()}
        return {"model": self.model.to_dict(), "spacing": self.spacing, "diffusion": diffusion}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingRuns:
        """Inverse of :meth:`to_dict`; raises DataError for anything else."""
        try:
            diffusion = {str(s): (float(low), float(high)) for s, (low, high) in values["diffusion"].items()}
            return cls(Model.from_dict(values["model"]), float(values["spacing"]), diffusion)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"the description of the training runs is damaged: {error}") from error

    def same_equations(self, model: Model) -> bool:
        """Whether a model is the one trained on: the same species, reaction and diffusion terms, however spelled."""
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
        """The side of a cell trained on, in cells of another run with this spacing and diffusion.

        Both are measured in the length that the equations know: cells of side h are h/√D long. Exactly 1 where that is
        the same, and where training covered it: then the network has seen patterns as large as these.
        """
        here = length_scale(spacing, diffusion, species)
        ends = [length_scale(self.spacing, {s: d[i] for s, d in self.diffusion.items()}, species) for i in (1, 0)]
        nearest = min(max(here, ends[0]), ends[1])
        return 1.0 if math.isclose(here, nearest, rel_tol=_EQUAL) else nearest / here

    def same_ratios(self, diffusion: Mapping[str, float]) -> bool:
        """Whether the species' diffusion coefficients have ratios that they had in training."""
        largest = max(self.diffusion, key=lambda s: self.diffusion[s][1])
        least, most = self.diffusion[largest]
        here = diffusion[largest]
        if least == 0 or here == 0:
            return here == most
        return all(
            low / most * (1 - _EQUAL) <= diffusion[s] / here <= high / least * (1 + _EQUAL)
            for s, (low, high) in self.diffusion.items()
        )


def length_scale(spacing: float, diffusion: Mapping[str, float], species: str) -> float:
    """A cell's side over √D, D that of the species, or the largest where it does not diffuse.

    The side itself where nothing diffuses: then operators in the reaction set the lengths.
    """
    coefficient = diffusion.get(species, 0.0) or max(diffusion.values(), default=0.0)
    return spacing / math.sqrt(coefficient) if coefficient > 0 else spacing


def diffusions(plan: Plan, runs: Sequence[int] | None = None) -> list[dict[str, float]]:
    """The diffusion coefficients by species of some runs of a plan, by default of all."""
    names = sorted(plan.model.diffusion_parameters)
    known: dict[Any, dict[str, float]] = {}  # most runs share theirs
    found = []
    for run in range(len(plan.runs)) if runs is None else runs:
        parameters = plan.runs[run].parameters
        own = tuple(parameters[name] for name in names)
        if own not in known:
            known[own] = plan.model.diffusivities(parameters)
        found.append(known[own])
    return found
