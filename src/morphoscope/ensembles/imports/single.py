"""One state as an ensemble of one run with one frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.ensembles.imported import Imported, SourceFile
from morphoscope.ensembles.imports.planning import Said, plan_of
from morphoscope.ensembles.imports.source import Source
from morphoscope.ensembles.imports.writing import write_runs
from morphoscope.ensembles.store import Ensemble
from morphoscope.models import Model


def write_state(
    folder: Path,
    model: Model,
    parameters: Mapping[str, float],
    state: NDArray[np.float64],
    origin: SourceFile,
    *,
    spacing: float,
    boundary: str,
    time: float,
) -> Ensemble:
    """Write a state (species, y, x) of a model at a time. Raises UsageError for parameters that the model lacks."""
    frames = {name: field[None].astype(np.float32) for name, field in zip(model.species, state, strict=True)}
    shape = (state.shape[1], state.shape[2])
    source = Source(origin.name, 1, (time,), 1, shape, model.species, lambda _: frames, spacing, "", boundary)
    plan = plan_of(folder.name, [source], Imported((origin,)), Said(model=model, parameters=parameters))
    return write_runs(plan, [source], folder)
