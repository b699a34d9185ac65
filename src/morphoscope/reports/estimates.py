"""Folders with estimates of parameters, and with the calibration of an estimator: CSV, JSON, figures."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas.files import shipped_names, write_rows
from morphoscope.core.checksums import FILES, record_files
from morphoscope.core.storage import staged_folder, write_json
from morphoscope.ensembles import make_runs
from morphoscope.ensembles.execution import repeat_runs
from morphoscope.learning.estimating.calibration import EstimatorEvaluation
from morphoscope.learning.estimating.estimates import UNDETERMINED, Estimates
from morphoscope.learning.estimating.estimator import Estimator
from morphoscope.learning.patterns import Patterns
from morphoscope.rendering.style import save
from morphoscope.reports.estimate_figures import calibration_figure, posterior_figure
from morphoscope.reports.evaluations import EVALUATION_MARKER

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas

ESTIMATES_MARKER = "estimates.json"
SIMULATED = 4  # draws whose pattern is shown beside the one that was read


def save_estimates(
    estimator: Estimator, patterns: Patterns, found: Estimates, folder: Path, *, figures: int, overwrite: bool
) -> None:
    """Write estimates.csv, samples.csv, estimates.json and a figure for each of the first patterns."""
    with staged_folder(folder, ESTIMATES_MARKER, overwrite=overwrite) as part:
        rows = found.rows()
        write_rows(rows, part / "estimates.csv")
        _write_samples(found, part / "samples.csv")
        atlas = atlas_of(estimator)
        drawn = [i for i in range(len(found)) if found.status[i] != UNDETERMINED][: max(figures, 0)]
        for index in drawn:
            simulated = simulate_draws(estimator, found.samples[index], seed=index)
            figure = posterior_figure(estimator, found, index, patterns.frames[index], simulated, atlas)
            save(figure, part / f"posterior-{index:03d}.png")
        values = {"patterns": patterns.name, "estimates": rows, "notes": list(found.notes)}
        write_json(part / ESTIMATES_MARKER, {**values, FILES: record_files(part)})


def simulate_draws(estimator: Estimator, samples: NDArray[np.float64], seed: int = 0) -> NDArray[np.float32]:
    """Last frames of runs at some draws of a posterior, (runs, y, x), with the setting of the training runs."""
    plan = estimator.setting
    chosen = samples[np.random.default_rng(seed).choice(len(samples), min(SIMULATED, len(samples)), replace=False)]
    fixed = {**plan.runs[0].parameters.given, **estimator.constant}
    rows = [({**fixed, **dict(zip(estimator.targets, row.tolist(), strict=True))}, None) for row in chosen]
    plan = dataclasses.replace(plan, runs=make_runs(plan.model, rows, seed))
    return repeat_runs(plan, range(len(rows)))[:, -1]


def atlas_of(estimator: Estimator) -> Atlas | None:
    """The shipped atlas of the model whose plane is that of the first two targets; None if there is none."""
    from morphoscope.atlas import Atlas

    for name in shipped_names():
        atlas = Atlas(name)
        if set(atlas.plane) == set(estimator.targets[:2]) and estimator.trained_on.same_equations(atlas.plan.model):
            return atlas
    return None


def save_calibration(evaluation: EstimatorEvaluation, folder: Path) -> None:
    """Write evaluation.json and the figure of ranks and coverage; an earlier evaluation is replaced."""
    with staged_folder(folder, EVALUATION_MARKER, overwrite=True) as part:
        figure = calibration_figure(evaluation)
        for suffix in ("png", "svg"):
            save(figure, part / f"calibration.{suffix}")
        write_json(part / EVALUATION_MARKER, {**evaluation.to_dict(), FILES: record_files(part)})


def _write_samples(found: Estimates, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["pattern", *found.targets, "log_density"])
        for index in np.flatnonzero(found.status != UNDETERMINED).tolist():
            for values, density in zip(found.samples[index], found.log_density[index], strict=True):
                writer.writerow([index, *(f"{value:.7g}" for value in values), f"{density:.5g}"])
