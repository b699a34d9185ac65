"""The command infer, and what train and evaluate print about estimators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import morphoscope
from morphoscope.cli import show
from morphoscope.cli.base import Json, OutFolder, Overwrite, Seed, app, example
from morphoscope.cli.progress import reporter

if TYPE_CHECKING:
    from morphoscope.learning.estimating.calibration import EstimatorEvaluation
    from morphoscope.learning.estimating.estimator import Estimator


@app.command(epilog=example("morphoscope infer estimator run --out estimates"))
def infer(
    estimator: Annotated[Path, typer.Argument(help="The folder of an estimator, from `train --target`.")],
    data: Annotated[Path, typer.Argument(help="A run's folder, an ensemble, or a file (.npy, .npz, PNG, TIFF).")],
    out: OutFolder,
    draws: Annotated[int, typer.Option(help="Draws from each posterior.")] = 1000,
    figures: Annotated[int, typer.Option(help="Patterns that get a figure; each simulates four runs.")] = 4,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Estimate the parameters that made a pattern, with their uncertainty."""
    found = morphoscope.infer(
        estimator, data, out, draws=draws, seed=seed, figures=figures, overwrite=overwrite, progress=reporter()
    )
    rows = found.rows()
    if json:
        show.as_json(rows)
        return
    table = []
    for row in rows:
        cells = [
            "–" if row[name] is None else f"{row[name]:.5g} ({row[f'{name}_low']:.5g} … {row[f'{name}_high']:.5g})"
            for name in found.targets
        ]
        table.append((row["pattern"], *cells, row["status"], row["remark"]))
    show.table(("pattern", *(f"{name} (90 %)" for name in found.targets), "status", "remark"), table)
    show.line(f"draws and figures: {out}")


def show_training(estimator: Estimator, *, json: bool) -> None:
    """Print what a training made."""
    made = estimator.provenance
    kept = made["history"][made["kept_epoch"] - 1]
    ranges = dict(zip(estimator.targets, estimator.region.ranges(), strict=True))
    if json:
        show.as_json(
            {"kept": kept, "ranges": ranges, **{n: made[n] for n in ("training", "validation", "temperature")}}
        )
        return
    region = ", ".join(f"{name} {low:g} … {high:g}" for name, (low, high) in ranges.items())
    show.line(
        f"{estimator.folder}: epoch {kept['epoch']} kept, {made['training']['runs']} runs with a pattern; {region}"
    )


def show_calibration(found: EstimatorEvaluation) -> None:
    """Print errors and coverage."""
    from morphoscope.learning.estimating.calibration import JOINT

    rows = [
        (
            name,
            "" if name == JOINT else f"{found.median_error[name]:.3g}",
            found.coverage["50"][name],
            found.coverage["90"][name],
            "" if name == JOINT else f"{found.uniform[name]:.2g}",
        )
        for name in (*found.targets, JOINT)
    ]
    show.table(("parameter", "median error", "in 50 % region", "in 90 % region", "ranks uniform, p"), rows)
    show.line(f"{found.runs} runs, {found.unfamiliar} unfamiliar; {found.homogeneous} homogeneous ones left out")
