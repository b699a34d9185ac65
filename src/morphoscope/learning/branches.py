"""Classes of homogeneous runs without labels: one for each branch of steady states that runs are on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from morphoscope.ensembles import Plan
from morphoscope.learning.homogeneous import (
    HOMOGENEOUS,
    Anchor,
    HomogeneousClass,
    frame_means,
    matching_classes,
    numbers_of,
)

MOST = 4  # branches; runs at rest on others are of one class
_BRANCH = "branch"
_FEW = 0.01  # share of the runs at rest below which a branch is no class of its own


def branch_names(
    plan: Plan, runs: NDArray[np.intp], frames: NDArray[np.floating], magnitude: float
) -> tuple[list[str], bool]:
    """The classes of homogeneous runs of a plan, and whether theory gave them.

    Runs at rest get ``homogeneous`` or, if they are on several branches of steady states that continuation through
    parameter space does not join, ``homogeneous-1``, ``homogeneous-2`` …, in ascending order of the recorded species.
    Other runs get ``homogeneous-unsteady``. Without theory (parameters that vary in space), all are ``homogeneous``.

    Parameters
    ----------
    plan
        The plan.
    runs
        Numbers of the homogeneous runs.
    frames
        Their frames of the first recorded species, (n, frames, y, x).
    magnitude
        Typical magnitude of values, see :func:`.is_homogeneous`.
    """
    points = [numbers_of(plan.runs[run].parameters) for run in runs.tolist()]
    known = [point for point in points if point is not None]
    if len(known) < len(points) or not points:
        return [HOMOGENEOUS] * len(points), False
    species = plan.record[0]
    means = frame_means(frames, magnitude)
    names = np.array([found[0] for found in matching_classes((), plan.model, known, {species: means})], dtype="<U32")
    resting = np.flatnonzero(names == HOMOGENEOUS)
    branches: list[NDArray[np.intp]] = []
    left = resting
    while len(left) and len(branches) < MOST:
        middle = left[len(left) // 2]
        anchor = _anchor(plan, known[middle], species, float(means[middle, -1]))
        branch = HomogeneousClass(_BRANCH, (anchor,))
        fitting = matching_classes((branch,), plan.model, [known[i] for i in left], {species: means[left]})
        on_branch = np.array([found == [_BRANCH] for found in fitting], dtype=bool) | (left == middle)
        branches.append(left[on_branch])
        left = left[~on_branch]
    large = [members for members in branches if len(members) >= max(2, _FEW * len(resting))]
    if len(large) > 1:
        large.sort(key=lambda members: float(np.median(means[members, -1])))
        for number, members in enumerate(large, 1):
            names[members] = f"{HOMOGENEOUS}-{number}"
    return names.tolist(), True


def _anchor(plan: Plan, point: dict[str, float], species: str, mean: float) -> Anchor:
    """The steady state at a point that is nearest to a mean of the recorded species."""
    from morphoscope.theory.roots import steady_state_values

    values = {name: np.array([point[name]]) for name in plan.model.parameters}
    states = np.asarray(steady_state_values(plan.model, values)).reshape(-1, len(plan.model.species))
    states = states[np.isfinite(states).all(axis=1)]
    nearest = states[np.argmin(np.abs(states[:, plan.model.species.index(species)] - mean))]
    return Anchor(dict(point), dict(zip(plan.model.species, nearest.tolist(), strict=True)))
