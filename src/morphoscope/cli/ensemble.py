"""The command ``ensemble``: many runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Json, OutFolder, Workers, app, example
from morphoscope.cli.progress import reporter
from morphoscope.cli.run_options import (
    PARAMETER_HELP,
    Boundary,
    Double,
    Initial,
    Integrator,
    Noise,
    Size,
    Spacing,
    StencilPoints,
    Times,
    TimeStep,
    Until,
    settings,
)
from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.ensembles import Ensemble, Plan


@app.command(
    epilog=example("morphoscope ensemble --model gray-scott --grid f=0.02:0.06:9 --grid k=0.05:0.07:9 --out scan")
)
def ensemble(
    context: typer.Context,
    out: OutFolder,
    recipe: Annotated[str | None, typer.Argument(help="A recipe's name, or a plan (.json); or use --model.")] = None,
    model: Annotated[str | None, typer.Option(help="Scan this model: a name, or a file (.toml).")] = None,
    grid: Annotated[list[str] | None, typer.Option(help="NAME=LOW:HIGH:POINTS of a lattice; may be repeated.")] = None,
    sample: Annotated[str | None, typer.Option(help="Instead: lhs:N or sobol:N points in the box of --range.")] = None,
    span: Annotated[list[str] | None, typer.Option("--range", help="NAME=LOW:HIGH; may be repeated.")] = None,
    points: Annotated[
        Path | None, typer.Option(help="Instead: a CSV file with parameters and maybe class, runs, seed.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help=f"In all runs: {PARAMETER_HELP}")
    ] = None,
    replicates: Annotated[int | None, typer.Option(help="Runs a point, each with its seed.", show_default="1")] = None,
    size: Size = None,
    until: Until = None,
    dt: TimeStep = None,
    spacing: Spacing = None,
    stencil: StencilPoints = None,
    boundary: Boundary = None,
    times: Times = None,
    initial: Initial = None,
    integrator: Integrator = None,
    noise: Noise = None,
    double: Double = False,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.", show_default="0")] = None,
    record: Annotated[str | None, typer.Option(help="Species to keep, as in u,v; the first by default.")] = None,
    workers: Workers = None,
    frames: Annotated[int | None, typer.Option(help="Snapshots a run: 3 or 10; for recipes.", show_default="3")] = None,
    limit: Annotated[int | None, typer.Option(help="Only so many runs, spread evenly over the plan.")] = None,
    engine: Annotated[str, typer.Option(help="cpu, or reference (NumPy, float64, slow).")] = "cpu",
    json: Json = False,
) -> None:
    """Simulate all runs of a recipe, a plan or a scan; interrupt it and run it again to continue."""
    scan = {
        "grid": parsing.axes(grid),
        "sample": sample,
        "range": parsing.spans(span),
        "points": points,
        "parameter": parsing.parameters(parameter) or None,
        "replicates": replicates,
        "seed": seed,
        "record": record.split(",") if record else None,
        **settings(context),
    }
    plan = _asked(recipe, model, frames, {name: value for name, value in scan.items() if value is not None})
    few = 3 if frames is None else frames
    made = morphoscope.ensemble(plan, out, workers=workers, frames=few, limit=limit, engine=engine, progress=reporter())
    _tell_ensemble(made, json=json)


def _asked(recipe: str | None, model: str | None, frames: int | None, scan: dict[str, Any]) -> str | Plan:
    """What an ensemble shall be made of: a recipe or a plan's file by name, or the plan of a scan."""
    if model is None:
        if recipe is None:
            raise UsageError("nothing to simulate; give a recipe, a plan (.json), or --model NAME for a scan")
        if scan:
            raise UsageError(f"--{next(iter(scan))} goes with --model, not with {recipe!r}; leave one out")
        return recipe
    if recipe is not None:
        raise UsageError(f"{recipe!r} and --model {model} are both given; leave one out")
    if frames is not None:
        raise UsageError("--frames goes with recipes, not with --model; use --times")
    renamed = {"range": "ranges", "parameter": "parameters"}
    return morphoscope.scan_plan(model, **{renamed.get(name, name): value for name, value in scan.items()})


def _tell_ensemble(made: Ensemble, *, json: bool) -> None:
    states = made.status()
    counts = {state: states.count(state) for state in ("done", "failed", "pending")}
    failures = {i: e.failed_at for i, e in made.ledger.entries().items() if e.status == "failed"}
    if json:
        show.as_json({"plan_hash": made.plan.hash, **counts, "failed_at": failures})
        return
    show.line(f"{made.folder}: {counts['done']} runs done, {counts['failed']} failed, plan {made.plan.hash[:12]}")
    for run, step in failures.items():
        show.line(f"  run {run} left finite numbers, noticed at step {step}; a smaller --dt may help")
