"""The runs of an ensemble one after the other, with the columns that belong to them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.progress import Reporter
from morphoscope.ensembles.arrays import Coordinates, coordinates
from morphoscope.ensembles.store import Ensemble


def frames_of(
    ensemble: Ensemble, runs: NDArray[np.intp], species: str, progress: Reporter, title: str
) -> Iterator[NDArray[np.float32]]:
    """The frames (time, y, x) of a species, run by run."""
    with progress.task(title, len(runs), "runs") as task:
        for run in runs:
            yield ensemble.frames(np.array([run]), species)[0]
            task.advance(1)


def columns_of(ensemble: Ensemble, runs: NDArray[np.intp]) -> Coordinates:
    """The coordinates of some runs: axes, parameters, seeds, labels, sources."""
    found = coordinates(ensemble.plan)
    return {
        name: (dimension, np.asarray(values)[runs] if dimension == "run" else values, attrs)
        for name, (dimension, values, attrs) in found.items()
    }
