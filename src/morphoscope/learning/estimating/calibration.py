"""Simulation-based calibration of an estimator: are its posteriors as wide as its errors?"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.shares import Share
from morphoscope.learning.estimating.estimator import Estimator
from morphoscope.learning.estimating.targets import TargetSet

DRAWS = 500
LEVELS = (0.5, 0.9)
JOINT = "joint"


@dataclasses.dataclass(frozen=True)
class EstimatorEvaluation:
    """The result of simulation-based calibration on runs with known parameters.

    Parameters
    ----------
    name
        The ensemble.
    targets
        Names of the parameters.
    runs, homogeneous
        Number of runs with a pattern, and of homogeneous ones, which are left out.
    unfamiliar
        How many of the runs are unlike the training patterns; they are not left out.
    median_error
        The median of |median of the posterior − true value|, by parameter.
    coverage
        ``coverage["90"]["f"]``: the share of runs whose f is in the central 90 % interval; ``joint``: whose parameters
        together are in the 90 % region of highest density.
    ranks
        By parameter, the number of draws below the true value for each run, 0 … ``draws``. Uniform if calibrated.
    uniform
        By parameter, the p-value of a χ² test of that, in ten bins.
    draws
        Number of draws from each posterior.

    Notes
    -----
    Source: Talts et al., arXiv:1804.06788 (2018).
    """

    name: str
    targets: tuple[str, ...]
    runs: int
    homogeneous: int
    unfamiliar: int
    median_error: dict[str, float]
    coverage: dict[str, dict[str, Share]]
    ranks: dict[str, list[int]]
    uniform: dict[str, float]
    draws: int = DRAWS

    def __repr__(self) -> str:
        return f"EstimatorEvaluation({self.name!r}, {', '.join(self.targets)} of {self.runs} runs)"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)


def assess_estimator(
    estimator: Estimator, data: TargetSet, *, draws: int = DRAWS, seed: int = 0
) -> EstimatorEvaluation:
    """Ranks, coverage and errors over runs with known parameters. Raises UsageError for runs of another kind."""
    own, other = estimator.trained_on.model, data.trained_on.model
    if not estimator.trained_on.same_equations(other):
        raise UsageError(f"the estimator was trained on {own.name}, but {data.name} is {other.name}; use its own model")
    if data.input != estimator.input:
        raise UsageError(f"patterns of {data.name} are {data.input}; the estimator reads {estimator.input}")
    if not len(data.values):
        raise UsageError(f"{data.name} has no run with a pattern; simulate other points")
    features = estimator.features(data.frames)
    drawn = estimator.draw(features, draws, seed)
    ranks = (drawn.values < data.values[:, None]).sum(axis=1)
    own_density = estimator.log_density(data.values, features)
    denser = (drawn.log_density > own_density[:, None]).mean(axis=1)
    coverage = {}
    for level in LEVELS:
        tail = (1 - level) / 2
        low, high = np.quantile(drawn.values, (tail, 1 - tail), axis=1)
        within = (low <= data.values) & (data.values <= high)
        found = {name: Share.of(within[:, j]) for j, name in enumerate(estimator.targets)}
        coverage[f"{100 * level:g}"] = {**found, JOINT: Share.of(denser <= level)}
    errors = np.abs(np.median(drawn.values, axis=1) - data.values)
    names = estimator.targets
    return EstimatorEvaluation(
        name=data.name,
        targets=names,
        runs=len(data.values),
        homogeneous=data.homogeneous,
        unfamiliar=int((estimator.familiarity.distance(features) > 1).sum()),
        median_error=dict(zip(names, np.median(errors, axis=0).tolist(), strict=True)),
        coverage=coverage,
        ranks={name: ranks[:, j].tolist() for j, name in enumerate(names)},
        uniform={name: _uniform(ranks[:, j], draws) for j, name in enumerate(names)},
        draws=draws,
    )


def _uniform(ranks: NDArray[np.intp], draws: int) -> float:
    from scipy.stats import chisquare

    edges = np.linspace(0, draws + 1, 11)
    widths = np.diff(np.ceil(edges))
    counts = np.histogram(ranks, np.ceil(edges) - 0.5)[0]
    return float(chisquare(counts, widths / widths.sum() * counts.sum()).pvalue)
