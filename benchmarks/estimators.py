"""Accuracy and calibration of estimators for three models and several training seeds, beside two baselines.

    python -m benchmarks.estimators SETS [--seeds 5] [--epochs 30] [--regressions 5] [--model gray-scott]

SETS is a folder for the ensembles and the trained estimators; missing ones are made. Test runs are at other points
than the training and validation runs, and are used for nothing but this table. The baselines: the parameters of the
nearest training run in standardized descriptors; and plain regression, the same network with one linear layer instead
of the flow, trained on squared errors.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import morphoscope
from morphoscope.core.progress import SILENT
from morphoscope.learning.estimating.calibration import JOINT, EstimatorEvaluation
from morphoscope.learning.estimating.estimator import Estimator, features_of, is_estimator_folder
from morphoscope.learning.estimating.region import Region
from morphoscope.learning.estimating.targets import TargetSet, load_targets
from morphoscope.learning.estimating.training import EPOCHS, EstimatorTrainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from morphoscope import Ensemble
    from morphoscope.ensembles import Plan

    Floats = NDArray[np.float64]

STEPS = {"f": 0.00125, "k": 0.000625}  # of the paper's scan
NEAREST, REGRESSION = "nearest in descriptors", "plain regression"


@dataclasses.dataclass(frozen=True)
class Case:
    """One model, the parameters to estimate, and how many runs train, validate and test."""

    model: str
    targets: tuple[str, ...]
    runs: tuple[int, int, int]
    ranges: dict[str, tuple[float, float]] | None = None
    until: float | None = None

    def plans(self) -> list[Plan]:
        """Plans of training, validation and test."""
        return [self._plan(count, seed) for seed, count in enumerate(self.runs, start=1)]

    def _plan(self, count: int, seed: int) -> Plan:
        if self.ranges is None:
            return _near_patterns(count, seed)
        options: dict[str, Any] = {"until": self.until, "size": 64, "seed": 10 + seed}
        return morphoscope.scan_plan(self.model, sample=f"lhs:{count}", ranges=self.ranges, **options)


CASES = (
    Case("gray-scott", ("f", "k"), (3000, 400, 400)),
    Case("swift-hohenberg", ("r", "g"), (1500, 200, 300), {"r": (0.1, 0.8), "g": (0.0, 1.2)}, 500),
    Case("brusselator", ("A", "B"), (1500, 200, 300), {"A": (3.5, 5.0), "B": (8.0, 11.0)}, 150),
)


def _near_patterns(count: int, seed: int) -> Plan:
    """Points within half a step of the patterned points of the paper's scan, with the paper's grid and times."""
    atlas = morphoscope.open_atlas("gray-scott")
    patterned = np.flatnonzero(atlas.read_by == "network")
    random = np.random.default_rng(seed)
    chosen = patterned[random.integers(0, len(patterned), count)]
    columns = {
        name: np.asarray(atlas.values(name))[chosen] + step * (random.random(count) - 0.5)
        for name, step in STEPS.items()
    }
    points = [{n: round(float(column[i]), 7) for n, column in columns.items()} for i in range(count)]
    return morphoscope.scan_plan("gray-scott", points=points, times=atlas.plan.times, until=atlas.plan.until, seed=seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--regressions", type=int, default=5, help="training seeds of plain regression; 0: without it")
    parser.add_argument("--model", choices=[case.model for case in CASES], help="only this one")
    options = parser.parse_args()
    tables = [
        _measure(case, options.sets, options.seeds, options.regressions, options.epochs)
        for case in CASES
        if options.model in (None, case.model)
    ]
    print("| model | estimate | parameter | median error: mean | sd | 50 % intervals cover | 90 % intervals cover |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(row for table in tables for row in table))


def _measure(case: Case, folder: Path, seeds: int, regressions: int, epochs: int) -> list[str]:
    """The rows of one model."""
    training, validation, test = (
        morphoscope.ensemble(plan, folder / f"{case.model}-{name}")
        for name, plan in zip(("training", "validation", "test"), case.plans(), strict=True)
    )
    sets = [load_targets(ensemble, case.targets) for ensemble in (training, validation, test)]
    found = []
    for seed in range(seeds):
        estimator = _estimator(case, folder, seed, epochs)
        found.append(morphoscope.evaluate(estimator, test))
        _log(f"{case.model}, seed {seed}: {found[-1].median_error}")
    errors = {NEAREST: [_nearest(training, test, *sets[::2])], REGRESSION: []}
    for seed in range(regressions):
        errors[REGRESSION].append(_regression(*sets, epochs=epochs, seed=seed))
        _log(f"{case.model}, seed {seed}: regression {errors[REGRESSION][-1]}")
    _log(f"{case.model}: one estimate of 1000 draws takes {_seconds(estimator, sets[2]):.3f} s")
    return [*_posterior_rows(case, found), *_baseline_rows(case, errors)]


def _estimator(case: Case, folder: Path, seed: int, epochs: int) -> Estimator:
    """The estimator of a seed, trained if it is not there."""
    out = folder / f"{case.model}-estimator-{epochs}-{seed}"
    if is_estimator_folder(out):
        return Estimator.load(out)
    sets = (folder / f"{case.model}-training", folder / f"{case.model}-validation")
    morphoscope.train(*sets, target=case.targets, epochs=epochs, seed=seed, out=out)
    return Estimator.load(out)


def _nearest(training: Ensemble, test: Ensemble, known: TargetSet, asked: TargetSet) -> Floats:
    """Median errors of the parameters of the nearest training run, in standardized descriptors."""
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def of(ensemble: Ensemble, data: TargetSet) -> Floats:
        columns = morphoscope.describe(ensemble).columns
        return np.nan_to_num(np.stack([column[data.runs] for column in columns.values()], axis=1))

    model = make_pipeline(StandardScaler(), KNeighborsRegressor(1))
    model.fit(of(training, known), known.values)
    return _median_errors(model.predict(of(test, asked)), asked)


def _regression(training: TargetSet, validation: TargetSet, test: TargetSet, *, epochs: int, seed: int) -> Floats:
    """Median errors of the same network without a flow."""
    import torch

    from morphoscope.learning.networks._posterior import CONTEXT, PosteriorNetwork

    class Regression(PosteriorNetwork):
        """A linear layer instead of the flow; its log density is the negative squared error."""

        def __init__(self, frames: int, parameters: int) -> None:
            super().__init__(frames, parameters)
            self.flow = torch.nn.Linear(CONTEXT, parameters)

        def predicted(self, features: torch.Tensor) -> torch.Tensor:
            return torch.as_tensor(self.flow(self.embedding(features)))

        def log_density(self, values: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
            return -(values - self.predicted(features)).square().sum(-1)

    region = Region.of(training.values)
    trainer = EstimatorTrainer(training, validation, region, epochs, seed, Regression)
    with SILENT.task("train regression", epochs, "epochs") as task:
        trainer.fit(task)
    best = trainer.best.eval()
    assert isinstance(best, Regression)
    with torch.inference_mode():
        scaled = best.predicted(torch.from_numpy(features_of(best, test.frames))).numpy().astype(np.float64)
    return _median_errors(region.values(scaled), test)


def _median_errors(predicted: Floats, data: TargetSet) -> Floats:
    return np.asarray(np.median(np.abs(predicted - data.values), axis=0))


def _seconds(estimator: Estimator, data: TargetSet) -> float:
    """How long one estimate takes, the median of ten."""
    taken = []
    for i in range(10):
        begin = time.perf_counter()
        morphoscope.infer(estimator, data.frames[i : i + 1])
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken))


def _posterior_rows(case: Case, found: list[EstimatorEvaluation]) -> list[str]:
    rows = []
    for name in (*case.targets, JOINT):
        error = "– | –" if name == JOINT else _spread([e.median_error[name] for e in found], ".5f")
        covered = [_share([e.coverage[level][name].value for e in found]) for level in ("50", "90")]
        rows.append(f"| {case.model} | posterior | {name} | {error} | {' | '.join(covered)} |")
    return rows


def _baseline_rows(case: Case, errors: dict[str, list[Floats]]) -> list[str]:
    return [
        f"| {case.model} | {method} | {name} | {_spread([float(e[j]) for e in values], '.5f')} | – | – |"
        for method, values in errors.items()
        for j, name in enumerate(case.targets)
        if values
    ]


def _spread(values: list[float], form: str) -> str:
    deviation = f"{np.std(values, ddof=1):{form}}" if len(values) > 1 else "–"
    return f"{np.mean(values):{form}} | {deviation}"


def _share(values: list[float]) -> str:
    spread = f" ± {100 * np.std(values, ddof=1):.1f}" if len(values) > 1 else ""
    return f"{100 * np.mean(values):.1f}{spread} %"


def _log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
