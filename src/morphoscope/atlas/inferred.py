"""The classes of runs that an adaptive scan did not simulate, inferred from those that it did."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.adaptive import coordinates
from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.files import INFERRED_FILE
from morphoscope.atlas.views import copied
from morphoscope.ensembles import Plan
from morphoscope.learning.class_field import LENGTH, NOISE, ClassField
from morphoscope.learning.prediction import INFERRED, Prediction

RULE = (
    f"the most probable class of a Gaussian process (kernel exp(-r/{LENGTH}) in parameters scaled to 0 ... 1, noise "
    f"{NOISE}) that regresses the probabilities of the simulated runs"
)


def infer(plan: Plan, pending: NDArray[np.intp], runs: NDArray[np.intp], reading: Prediction) -> NDArray[np.float32]:
    """The probabilities of the classes of ``pending`` runs, from the reading of other ``runs`` of the plan."""
    return ClassField(coordinates(plan), runs, reading.probabilities).probabilities[pending].astype(np.float32)


def write_inferred(
    part: Path, plan: Plan, pending: NDArray[np.intp], runs: NDArray[np.intp], reading: Prediction
) -> dict[str, Any]:
    """Infer the classes of ``pending`` runs and write them into an atlas; return what its metadata says about it."""
    if not len(pending):
        return {}
    np.save(part / INFERRED_FILE, infer(plan, pending, runs, reading))
    return {"inferred": {"runs": pending.tolist(), "rule": RULE}}


def with_inferred(atlas: Atlas) -> Atlas:
    """The atlas with its inferred points as further readings, for a map; itself if it has none."""
    if atlas.inferred is None:
        return atlas
    runs, added = atlas.inferred
    part: Any = copied(atlas)
    part._columns = {}
    part.runs = np.concatenate([atlas.runs, runs])
    joined = np.concatenate([atlas.reading.probabilities, added.probabilities])
    known = atlas.reading.known
    if known is not None:  # of a pattern that nobody has seen it is undefined
        known = np.concatenate([known, np.full(len(runs), np.nan, dtype=known.dtype)])
    part.reading = dataclasses.replace(
        atlas.reading,
        probabilities=joined,
        read_by=np.concatenate([atlas.read_by, added.read_by]),
        known=known,
        sets=None,
    )
    unknown = np.full(len(runs), np.nan)
    part.__dict__["descriptors"] = {n: np.concatenate([c, unknown]) for n, c in atlas.descriptors.items()}
    return part


def simulated(atlas: Atlas) -> NDArray[np.bool_]:
    """Whether each reading is that of a simulated run."""
    return np.asarray(atlas.read_by != INFERRED)
