"""Inference: from patterns of any source to posteriors, and the checks that they can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.progress import SILENT, Reporter
from morphoscope.ensembles import Plan
from morphoscope.learning.estimating.estimates import ESTIMATED, UNDETERMINED, UNFAMILIAR, Estimates
from morphoscope.learning.estimating.estimator import MIN_INSIDE, Estimator
from morphoscope.learning.homogeneous import homogeneous_runs
from morphoscope.learning.patterns import Patterns, of_frames
from morphoscope.learning.sources import patterns_from


def patterns_for(estimator: Estimator, source: Any) -> Patterns:
    """Patterns that the estimator can read. Raises UsageError for another model, grid or cell size."""
    return _checked(estimator, lambda reader: patterns_from(source, reader))


def run_for(estimator: Estimator, plan: Plan, frames: NDArray[np.float32], parameters: Mapping[str, float]) -> Patterns:
    """One run (frames, y, x) of a plan at these parameters; raises UsageError as :func:`patterns_for`."""
    return _checked(estimator, lambda reader: of_frames(reader, plan, frames, parameters))


def _checked(estimator: Estimator, prepare: Callable[[Any], Patterns]) -> Patterns:
    """What ``prepare`` makes for a classifier with the input and the training runs of the estimator, if it fits."""
    try:
        patterns = prepare(estimator)
    except UsageError as error:
        text = str(error).replace("the classifier", "the estimator")
        raise type(error)(text, parameter=error.parameter, operation=error.operation) from None
    _check(estimator, patterns)
    return patterns


def _check(estimator: Estimator, patterns: Patterns) -> None:
    plan, own = patterns.plan, estimator.trained_on.model
    if plan is not None and not estimator.trained_on.same_equations(plan.model):
        raise UsageError(
            f"the estimator was trained on {own.name}, but {patterns.name} is {plan.model.name}; train one on "
            f"{plan.model.name}"
        )
    if not patterns.fit(estimator.input):
        rows, columns = patterns.frames.shape[-2:]
        read = estimator.input
        raise UsageError(
            f"{patterns.name} has {columns}x{rows} cells, or another cell size than in training; the estimator reads "
            f"{read.width}x{read.height} cells of side {estimator.trained_on.spacing:g}"
        )
    if plan is None:
        return
    for name, value in estimator.constant.items():
        found = plan.table.numbers(name)[patterns.runs]
        if not np.allclose(found, value):
            raise UsageError(
                f"{patterns.name} has {name}={found[0]:g}; all training runs of the estimator have {name}={value:g}"
            )


def estimate(
    estimator: Estimator, patterns: Patterns, *, draws: int, seed: int = 0, progress: Reporter = SILENT
) -> Estimates:
    """The posteriors of patterns; homogeneous ones are not read by the network."""
    count = len(patterns.frames)
    uniform = homogeneous_runs(patterns.frames, patterns.magnitude)
    samples = np.full((count, draws, len(estimator.targets)), np.nan)
    density = np.full((count, draws), np.nan)
    distance, inside = np.full(count, np.nan), np.full(count, np.nan)
    places = np.flatnonzero(~uniform)
    if len(places):
        features = estimator.features(patterns.frames[places])
        drawn = estimator.draw(features, draws, seed, progress=progress)
        samples[places], density[places], inside[places] = drawn.values, drawn.log_density, drawn.inside
        distance[places] = estimator.familiarity.distance(features)
    status = np.full(count, ESTIMATED, dtype="<U11")
    status[(distance > 1) | (inside < MIN_INSIDE)] = UNFAMILIAR
    status[uniform] = UNDETERMINED
    return Estimates(
        estimator.targets,
        samples,
        density,
        status,
        distance,
        inside,
        estimator.prior(),
        (*patterns.notes, *patterns.doubts),
    )
