"""The commands from a model to its runs: look at models, simulate one run, simulate many."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from morphoscope import api
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Json, OutFolder, Overwrite, Seed, Workers, app, example
from morphoscope.cli.progress import reporter


@app.command(epilog=example("morphoscope models gray-scott"))
def models(
    name: Annotated[str | None, typer.Argument(help="A model's name, for its equations.")] = None,
    json: Json = False,
) -> None:
    """List the built-in models, or show one: equations, parameters, source."""
    found = api.models(name)
    if json:
        show.as_json([model.to_dict() for model in found])
    elif name is None:
        rows = [(m.name, ", ".join(m.species), ", ".join(m.parameters), m.source) for m in found]
        show.table(("model", "species", "parameters", "source"), rows)
    else:
        model = found[0]
        show.line(f"{model.title} ({model.name})\n")
        for equation in model.equations():
            show.line(f"  {equation}")
        rows = [
            (p, f"{model.defaults[p]:g}", "{:g} … {:g}".format(*model.ranges[p]), model.meanings[p])
            for p in model.parameters
        ]
        show.table(("parameter", "default", "range", "meaning"), rows, title="")
        show.line(f"time step {model.dt:g}, cell size {model.spacing:g}, end {model.until:g} (dimensionless)")
        show.line(f"source: {model.source}")


@app.command(epilog=example("morphoscope simulate gray-scott -p f=0.03 -p k=0.055 --seed 2 --out run --video run.mp4"))
def simulate(
    model: Annotated[str, typer.Argument(help="A model's name; `morphoscope models` lists all.")],
    out: OutFolder,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="NAME=NUMBER; may be repeated.")
    ] = None,
    seed: Seed = 0,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT in cells.", show_default="128x128")] = None,
    until: Annotated[float | None, typer.Option(help="End time; the model's custom by default.")] = None,
    dt: Annotated[float | None, typer.Option(help="Time step; the model's custom by default.")] = None,
    stencil: Annotated[int, typer.Option(help="9 or 5 points.")] = 9,
    times: Annotated[
        str | None,
        typer.Option(help="Snapshot times, as in 100,200; by default three, 30 apart, to the end."),
    ] = None,
    initial: Annotated[
        str,
        typer.Option(
            help="pearson-gamma, noise, spots (options as in spots:count=30,radius=4), or a file: .npz, .npy, image."
        ),
    ] = "pearson-gamma",
    video: Annotated[Path | None, typer.Option(help="Also write an MP4 film of the first species.")] = None,
    engine: Annotated[str, typer.Option(help="cpu, or reference (NumPy, float64, slow).")] = "cpu",
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Simulate one run; writes u.png, initial.npz, snapshots.npz and run.json."""
    done = api.simulate(
        model,
        parsing.parameters(parameter or []),
        seed=seed,
        out=out,
        size=parsing.size(size),
        until=until,
        dt=dt,
        stencil=stencil,
        times=parsing.times(times),
        initial=initial,
        video=video,
        engine=engine,
        overwrite=overwrite,
    )
    if json:
        show.as_json(done.description())
        return
    species = done.plan.model.species
    means = ", ".join(f"mean {s} {done.species(s)[-1].mean():.4f}" for s in species)
    early = "" if done.computed_steps == done.plan.steps[-1] else f" (steady after {done.computed_steps})"
    show.line(
        f"{done.plan.steps[-1]} steps{early} in {done.seconds:.2f} s; {means}; "
        f"see {out / f'{species[0]}.png'}{f' and {video}' if video else ''}"
    )


@app.command(epilog=example("morphoscope ensemble scholz2022-train --out train"))
def ensemble(
    recipe: Annotated[str, typer.Argument(help="A recipe's name, or a plan (.json).")],
    out: OutFolder,
    workers: Workers = None,
    frames: Annotated[int, typer.Option(help="Snapshots a run: 3 or 10. Recipes only.")] = 3,
    limit: Annotated[int | None, typer.Option(help="Only so many runs, spread evenly over the plan.")] = None,
    engine: Annotated[str, typer.Option(help="cpu, or reference (NumPy, float64, slow).")] = "cpu",
    json: Json = False,
) -> None:
    """Simulate all runs of a plan; interrupt it and run it again to continue."""
    made = api.ensemble(recipe, out, workers=workers, frames=frames, limit=limit, engine=engine, progress=reporter())
    states = made.status()
    counts = {state: states.count(state) for state in ("done", "failed", "pending")}
    failures = {i: e.failed_at for i, e in made.ledger.entries().items() if e.status == "failed"}
    if json:
        show.as_json({"plan_hash": made.plan.hash, **counts, "failed_at": failures})
        return
    show.line(f"{out}: {counts['done']} runs done, {counts['failed']} failed, plan {made.plan.hash[:12]}")
    for run, step in failures.items():
        show.line(f"  run {run} left finite numbers, noticed at step {step}")
