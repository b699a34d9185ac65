"""The commands that simulate: one run, or many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Json, OutFolder, Overwrite, Seed, Workers, app, example
from morphoscope.cli.progress import reporter
from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.ensembles import Ensemble, Plan

_PARAMETER = "NAME=NUMBER; or varying in space: NAME=x:LOW:HIGH (a ramp along x or y), NAME=FILE.npy. May be repeated."
Reaction = Annotated[
    list[str] | None, typer.Option(help="Instead of a model: SPECIES: FORMULA of a model of your own; once a species.")
]
Diffusion = Annotated[
    list[str] | None, typer.Option(help="With --reaction: SPECIES=NUMBER, or a formula of parameters.")
]
Size = Annotated[str | None, typer.Option(help="WIDTHxHEIGHT in cells; height 1 is a line.", show_default="128x128")]
Until = Annotated[float | None, typer.Option(help="End time; the model's custom by default.")]
TimeStep = Annotated[float | None, typer.Option("--dt", help="Time step; the model's custom by default.")]
Spacing = Annotated[float | None, typer.Option(help="Side of a cell; the model's custom by default.")]
StencilPoints = Annotated[int | None, typer.Option("--stencil", help="9 or 5 points.", show_default="9")]
Boundary = Annotated[
    str | None,
    typer.Option(help="periodic, no-flux, dirichlet; or as in x=no-flux,y=periodic.", show_default="periodic"),
]
Times = Annotated[str | None, typer.Option(help="Snapshot times, as in 100,200; by default three, to the end.")]
Initial = Annotated[
    str | None,
    typer.Option(
        help="pearson-gamma, noise, steady, spiral, spots (options as in spots:count=30,radius=4), or a file: "
        ".npz, .npy, image; the model's custom by default."
    ),
]
Integrator = Annotated[str | None, typer.Option(help="euler or etdrk2; the model's custom by default.")]
Noise = Annotated[list[str] | None, typer.Option(help="SPECIES=AMPLITUDE of additive noise; may be repeated.")]
Double = Annotated[bool, typer.Option("--double", help="Compute with 64 bits instead of 32; ensembles keep 32.")]


def _settings(context: typer.Context) -> dict[str, Any]:
    """What a command was asked of :class:`~morphoscope.ensembles.settings.Settings`; what it was not is left out.

    Taken from the command's context, so that commands with these options only declare them.
    """
    names = ("until", "dt", "spacing", "stencil", "boundary", "initial", "integrator")
    given = context.params
    noise = {name: parsing.number(name, value) for name, value in parsing.parameters(given["noise"] or []).items()}
    read = {
        **{name: given[name] for name in names},
        "size": parsing.size(given["size"]),
        "times": parsing.times(given["times"]),
        "noise": noise or None,
        "double": given["double"] or None,
    }
    return {name: value for name, value in read.items() if value is not None}


@app.command(epilog=example("morphoscope simulate gray-scott -p f=0.03 -p k=0.055 --seed 2 --out run --video run.mp4"))
def simulate(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(help="A model's name (`morphoscope models` lists all) or file (.toml); or use --reaction."),
    ] = None,
    out: OutFolder = Path("run"),
    reaction: Reaction = None,
    diffusion: Diffusion = None,
    parameter: Annotated[list[str] | None, typer.Option("--parameter", "-p", help=_PARAMETER)] = None,
    seed: Seed = 0,
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
    video: Annotated[Path | None, typer.Option(help="Also write an MP4 film of the first species.")] = None,
    engine: Annotated[str, typer.Option(help="cpu, or reference (NumPy, float64, slow).")] = "cpu",
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Simulate one run; writes u.png, initial.npz, snapshots.npz and run.json.

    A model of your own: --reaction "u: a - u + u**2*v" --reaction "v: b - u**2*v" --diffusion u=1 --diffusion v=40 -p
    a=0.1 -p b=0.9. Formulas have numbers, names, + - * / **, parentheses, exp log sqrt sin cos tanh abs, and the
    operators of space laplace dx dy.
    """
    given = parsing.parameters(parameter or [])
    done = morphoscope.simulate(
        parsing.model(model, reaction, diffusion, given),
        parsing.spatial(given),
        seed=seed,
        out=out,
        video=video,
        engine=engine,
        overwrite=overwrite,
        **_settings(context),
    )
    if json:
        show.as_json(done.description())
        return
    species = done.plan.model.species
    means = ", ".join(f"mean {s} {done.species(s)[-1].mean():.4f}" for s in species)
    early = "" if done.computed_steps == done.plan.steps[-1] else f" (steady after {done.computed_steps})"
    show.line(
        f"{done.plan.steps[-1]} steps{early} in {done.seconds:.2f} s; {means}; "
        f"see {out / f'{species[0]}.png'}{' (time downwards)' if done.plan.grid.dimensions == 1 else ''}"
        f"{f' and {video}' if video else ''}"
    )


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
    parameter: Annotated[list[str] | None, typer.Option("--parameter", "-p", help=f"In all runs: {_PARAMETER}")] = None,
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
        "parameter": parsing.spatial(parsing.parameters(parameter or [])) or None,
        "replicates": replicates,
        "seed": seed,
        "record": record.split(",") if record else None,
        **_settings(context),
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
