"""The command ``ensemble``: many runs."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Json, OutFolder, Workers, app, example
from morphoscope.cli.progress import reporter
from morphoscope.cli.run_options import (
    Boundary,
    Diffusion,
    Double,
    Grid,
    InAllRuns,
    Initials,
    Integrator,
    Noise,
    Ranges,
    Reaction,
    Replicates,
    Sample,
    Size,
    Spacing,
    StencilPoints,
    Times,
    TimeStep,
    Until,
    scan_options,
)
from morphoscope.core.errors import UsageError, nearest

if TYPE_CHECKING:
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.models import Model


@app.command(epilog=example("morphoscope ensemble gray-scott --grid f=0.02:0.06:9 --grid k=0.05:0.07:9 --out scan"))
def ensemble(
    context: typer.Context,
    out: OutFolder,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A model's name or file (.toml), as for `simulate`; or use --reaction. "
            "Or the name of a recipe, or a plan (.json), which define all runs.",
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(help="The same as the argument MODEL.")] = None,
    reaction: Reaction = None,
    diffusion: Diffusion = None,
    grid: Grid = None,
    sample: Sample = None,
    span: Ranges = None,
    points: Annotated[
        Path | None,
        typer.Option(help="Instead of --grid: a CSV file with parameters and optionally class, runs, seed, initial."),
    ] = None,
    parameter: InAllRuns = None,
    replicates: Replicates = None,
    size: Size = None,
    until: Until = None,
    dt: TimeStep = None,
    spacing: Spacing = None,
    stencil: StencilPoints = None,
    boundary: Boundary = None,
    times: Times = None,
    initial: Initials = None,
    integrator: Integrator = None,
    noise: Noise = None,
    double: Double = False,
    seed: Annotated[int | None, typer.Option(help="Seed for all random numbers.", show_default="0")] = None,
    record: Annotated[str | None, typer.Option(help="Species to store, as in u,v. Default: the first.")] = None,
    workers: Workers = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Simulate on a Dask cluster instead of in threads: tcp://HOST:PORT, local:PROCESSES, or "
            "slurm:PROFILE.yaml."
        ),
    ] = None,
    frames: Annotated[
        int | None, typer.Option(help="Snapshots per run, 3 or 10; only for recipes.", show_default="3")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Simulate only this many runs, spread evenly over the plan.")
    ] = None,
    plan_only: Annotated[
        bool,
        typer.Option(
            "--plan-only",
            help="Write the plan into --out and simulate nothing yet; `scan --adaptive` chooses runs of it.",
        ),
    ] = False,
    engine: Annotated[str, typer.Option(help="cpu, or reference (NumPy, float64, slow).")] = "cpu",
    storage: Annotated[
        str | None,
        typer.Option(help="How to store: float32 (compressed, exact), uncompressed, float16.", show_default="float32"),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(help="Object store for the arrays, s3://BUCKET/PREFIX; the rest stays in --out."),
    ] = None,
    json: Json = False,
) -> None:
    """Simulate many runs: a scan of a model, a recipe or a plan; the same command continues an interrupted one."""
    scan = {
        **scan_options(context),
        "points": points,
        "seed": seed,
        "record": [name.strip() for name in record.split(",")] if record else None,
    }
    scan = {name: value for name, value in scan.items() if value is not None}
    plan: str | Plan
    if (name := _stored_plan(source, model)) is not None:
        _refuse_scan(name, scan, reaction, diffusion)
        plan = name
    else:
        if frames is not None:
            raise UsageError("--frames is for recipes; give the times of a scan with --times")
        plan = plan_of(model_of(source or model, reaction, diffusion, scan), scan)
    count = 3 if frames is None else frames
    made = morphoscope.ensemble(
        plan,
        out,
        workers=workers,
        cluster=cluster,
        frames=count,
        limit=limit,
        plan_only=plan_only,
        engine=engine,
        storage=storage,
        store=store,
        progress=reporter(),
    )
    _tell_ensemble(made, json=json)


def plan_of(model: str | Model, scan: dict[str, Any]) -> Plan:
    """The plan of a scan; its warnings are shown as one line each."""
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always", UserWarning)
        plan = morphoscope.scan_plan(model, **scan)
    for warning in noted:
        typer.echo(f"warning: {warning.message}", err=True)
    return plan


def _stored_plan(source: str | None, model: str | None) -> str | None:
    """The recipe or plan file that is named, or None for a model. Raises UsageError for two names."""
    if source is not None and model is not None:
        raise UsageError(f"{source!r} and --model {model} are both given; omit one of them")
    from morphoscope.ensembles import recipe_names

    name = source or model
    return name if name is not None and (name.endswith(".json") or name in recipe_names()) else None


def _refuse_scan(name: str, scan: dict[str, Any], reaction: list[str] | None, diffusion: list[str] | None) -> None:
    """Raise UsageError for options of a scan together with a recipe or a plan, which already defines them."""
    given = {**scan, "reaction": reaction, "diffusion": diffusion}
    if found := [option for option, value in given.items() if value is not None]:
        option = {"ranges": "range", "parameters": "parameter"}.get(found[0], found[0])
        raise UsageError(f"--{option} is for scans of a model, but {name!r} already defines all runs; omit it")


def model_of(
    name: str | None, reaction: list[str] | None, diffusion: list[str] | None, scan: dict[str, Any]
) -> str | Model:
    """The model of a scan: named or typed. Scanned parameters of a typed model need no value."""
    if name is not None:
        from morphoscope.ensembles import recipe_names
        from morphoscope.models import model_names

        if not name.lower().endswith(".toml") and name not in model_names():
            known = [*model_names(), *recipe_names()]
            raise UsageError(f"unknown model or recipe {name!r}; {nearest(name, known)}")
    elif not reaction:
        raise UsageError(
            "nothing to simulate; name a model, as in gray-scott, a recipe or a plan (.json), or use --reaction"
        )
    given: dict[str, Any] = scan.get("parameters", {})
    if reaction:
        from morphoscope.ensembles.sampling import first_values

        given = {**first_values(scan.get("grid"), scan.get("ranges"), scan.get("points")), **given}
    return parsing.model(name, reaction, diffusion, given)


def _tell_ensemble(made: Ensemble, *, json: bool) -> None:
    states = made.status()
    counts = {state: states.count(state) for state in ("done", "failed", "pending")}
    failures = made.ledger.failures()
    if json:
        show.as_json({"plan_hash": made.plan.hash, **counts, "failed_at": failures})
        return
    pending = f", {counts['pending']} pending" if counts["pending"] else ""
    show.line(
        f"{made.folder}: {counts['done']} runs done, {counts['failed']} failed{pending}; plan {made.plan.hash[:12]}"
    )
    for run, step in failures.items():
        if step is None:
            show.line(f"  run {run} ended its process several times and is left out; look whether memory is sufficient")
            continue
        time = f"t = {step * made.plan.dt:g}"
        show.line(f"  run {run} diverged: its values were not finite at step {step} ({time}); try a smaller --dt")
