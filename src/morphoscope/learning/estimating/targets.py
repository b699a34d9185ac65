"""Ensembles as training data of an estimator: patterns and the parameters that made them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError, nearest
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.ensembles.magnitude import homogeneity_scale
from morphoscope.learning.classifier import Input
from morphoscope.learning.datasets import input_of
from morphoscope.learning.homogeneous import homogeneous_runs
from morphoscope.learning.training_runs import TrainingRuns
from morphoscope.models import Model

MIN_RUNS = 20  # with a pattern, to train on


@dataclasses.dataclass(frozen=True, eq=False)
class TargetSet:
    """The finished runs of an ensemble that have a pattern, with the parameters that are to be estimated.

    ``frames``: (n, frames, y, x); ``values``: (n, targets); ``runs``: their numbers; ``homogeneous``: how many runs
    were left out, since a homogeneous state does not tell its parameters. ``setting``: a plan of one of the runs, with
    the grid, the times and the start. ``constant``: the other parameters that are the same in all runs.
    """

    name: str
    plan_hash: str
    targets: tuple[str, ...]
    frames: NDArray[np.float32]
    values: NDArray[np.float64]
    runs: NDArray[np.intp]
    homogeneous: int
    input: Input
    trained_on: TrainingRuns
    setting: Plan
    constant: dict[str, float]

    def take(self, chosen: NDArray[np.intp], name: str) -> TargetSet:
        """Some of the runs."""
        return dataclasses.replace(
            self, name=name, frames=self.frames[chosen], values=self.values[chosen], runs=self.runs[chosen]
        )

    def held_out(self, share: float, seed: int) -> tuple[TargetSet, TargetSet]:
        """The set without a share of its points, and the runs at these points; runs at one point stay together."""
        points = np.unique(self.values, axis=0, return_inverse=True)[1].reshape(-1)
        count = int(points.max()) + 1
        chosen = np.random.default_rng(seed).permutation(count)[: max(1, round(share * count))]
        apart = np.isin(points, chosen)
        rest = self.take(np.flatnonzero(~apart), self.name)
        return rest, self.take(np.flatnonzero(apart), f"{self.name}, held out")


def target_names(target: str | Iterable[str], model: Model) -> tuple[str, ...]:
    """The parameters in ``f,k`` or ``("f", "k")``. Raises UsageError for what is no parameter of the model."""
    given = target.split(",") if isinstance(target, str) else list(target)
    names = tuple(name.strip() for name in given)
    for name in names:
        if name not in model.parameters:
            raise UsageError(
                f"{model.name} has no parameter {name!r} to estimate; {nearest(name, model.parameters)}",
                parameter="target",
            )
    if not names or len(set(names)) < len(names):
        raise UsageError(f"target {','.join(names)!r}; expected one or more different parameters", parameter="target")
    return names


def load_targets(ensemble: Ensemble, target: str | Sequence[str]) -> TargetSet:
    """The finished runs with a pattern. Raises UsageError for targets that are not numbers."""
    plan, names = ensemble.plan, target_names(target, ensemble.plan.model)
    usable = ensemble.usable()
    if not len(usable):
        raise DataError(f"{ensemble.folder}: none of {len(plan.runs)} runs is done; simulate the ensemble first")
    values = np.stack([plan.table.numbers(name)[usable] for name in names], axis=1)
    for name, column in zip(names, values.T, strict=True):
        if np.isnan(column).any():
            raise UsageError(f"{name} varies in space in {ensemble.folder}; expected a number in each run")
    frames = ensemble.frames(usable)
    patterned = np.flatnonzero(~homogeneous_runs(frames, homogeneity_scale(plan)))
    runs = usable[patterned]
    return TargetSet(
        name=plan.name,
        plan_hash=plan.hash,
        targets=names,
        frames=frames[patterned],
        values=values[patterned],
        runs=runs,
        homogeneous=len(usable) - len(runs),
        input=input_of(plan),
        trained_on=TrainingRuns.of(plan),
        setting=dataclasses.replace(plan, runs=plan.table[:1]),
        constant=_constant(plan, usable, names),
    )


def _constant(plan: Plan, runs: NDArray[np.intp], targets: tuple[str, ...]) -> dict[str, float]:
    """The parameters, other than the targets, that have the same value in all runs."""
    columns = {n: plan.table.numbers(n)[runs] for n in plan.model.parameters if n not in targets}
    return {name: float(column[0]) for name, column in columns.items() if np.all(column == column[0])}


def check_trainable(data: TargetSet) -> None:
    """Raise UsageError unless there are enough runs with a pattern and every target varies."""
    if len(data.values) < MIN_RUNS:
        raise UsageError(
            f"{data.name} has {len(data.values)} runs with a pattern ({data.homogeneous} are homogeneous, which does "
            f"not tell their parameters); at least {MIN_RUNS} are needed; simulate more points"
        )
    for name, column in zip(data.targets, data.values.T, strict=True):
        if (count := len(np.unique(column))) < 3:
            values = "only two values" if count == 2 else "the same value in all runs"
            raise UsageError(
                f"{name} has {values} of {data.name}; a target must vary over its region; sample it, or leave it out",
                parameter="target",
            )
