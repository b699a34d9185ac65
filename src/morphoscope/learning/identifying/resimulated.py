"""Draws from a posterior, simulated again: do they make the picture that they are said to have made?"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.spectrum import dominant_wavelength
from morphoscope.ensembles import Plan, make_runs
from morphoscope.ensembles.execution import repeat_runs
from morphoscope.learning.identifying.candidates import Posterior
from morphoscope.learning.identifying.kinds import pattern_kind


@dataclasses.dataclass(frozen=True, eq=False)
class Resimulated:
    """A run at a draw, with a new seed.

    ``parameters``: as they were simulated; ``field``: (y, x); ``cell``: the side of its cells in units of the picture,
    by the draw's length unit; ``wavelength``: of the run, in units of the picture; ``kind``: by geometry.
    """

    parameters: dict[str, float]
    field: NDArray[np.float32]
    cell: float
    wavelength: float
    kind: str


def resimulated(plan: Plan, posterior: Posterior, draws: int, seed: int = 0) -> list[Resimulated]:
    """Runs at some draws, on the grid and at the time of the runs that the posterior is made of.

    Runs without a pattern are left out.
    """
    chosen = posterior.draws(draws, seed)
    if not len(chosen):
        return []
    given = plan.runs[0].parameters.given
    rows = [{**given, **parameters_of(posterior, int(i))} for i in chosen]
    single = dataclasses.replace(plan, runs=make_runs(plan.model, [(row, None) for row in rows], seed + 1))
    fields = repeat_runs(single, range(len(rows)))[:, -1]
    found = []
    for row, i, field in zip(rows, chosen, fields, strict=True):
        spread = float(field.std())
        if not math.isfinite(spread) or spread <= 1e-6:
            continue
        unit = float(posterior.length_units[i])
        wavelength = dominant_wavelength(field, plan.grid.spacing, magnitude=spread) * unit
        if not math.isfinite(wavelength):
            continue
        kind, _ = pattern_kind(field, plan.model.name)
        named = {name: float(row[name]) for name in parameters_of(posterior, int(i))}
        found.append(Resimulated(named, field, plan.grid.spacing * unit, wavelength, kind))
    return found


def parameters_of(posterior: Posterior, index: int) -> dict[str, float]:
    """The parameters of a point, as the model has them: Gray–Scott's k from ``beyond``."""
    values = dict(zip(posterior.parameters, map(float, posterior.points[index]), strict=True))
    if "beyond" in values:
        values["k"] = math.sqrt(values["f"]) / 2 - values["f"] + values.pop("beyond")
    return values
