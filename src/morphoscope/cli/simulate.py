"""The command ``simulate``: one run."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Json, OutFolder, Overwrite, Seed, app, example
from morphoscope.cli.progress import reporter
from morphoscope.cli.run_options import (
    PARAMETER_HELP,
    Boundary,
    Diffusion,
    Double,
    Initial,
    Integrator,
    Noise,
    Reaction,
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
    from morphoscope.ensembles.simulation import Simulation


@app.command(epilog=example("morphoscope simulate gray-scott -p f=0.03 -p k=0.055 --seed 2 --out run --video run.mp4"))
def simulate(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(
            help="A model's name (`morphoscope models` lists all) or a model file (.toml); or use --reaction. "
            "The run.json of an earlier run repeats that run."
        ),
    ] = None,
    out: OutFolder = Path("run"),
    reaction: Reaction = None,
    diffusion: Diffusion = None,
    parameter: Annotated[list[str] | None, typer.Option("--parameter", "-p", help=PARAMETER_HELP)] = None,
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
    video: Annotated[Path | None, typer.Option(help="Also write an MP4 video of the first species.")] = None,
    engine: Annotated[
        str | None, typer.Option(help="cpu, or reference (NumPy, float64, slow).", show_default="cpu")
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Simulate one run; writes picture.png, u.png, initial.npz, snapshots.npz and run.json.

    picture.png has axes and a colour bar; u.png, named after the first species, one pixel for each cell.

    To define a new model: --reaction "u: a - u + u**2*v" --reaction "v: b - u**2*v" --diffusion u=1 --diffusion v=40
    -p a=0.1 -p b=0.9. Formulas may contain numbers, names, + - * / **, parentheses, exp log sqrt sin cos tanh abs, and
    the spatial operators laplace dx dy.
    """
    common: dict[str, Any] = {"out": out, "video": video, "overwrite": overwrite, "progress": reporter()}
    with warnings.catch_warnings(action="ignore"):  # they are shown below
        if model is not None and model.endswith(".json"):
            _only_repeats(context, model)
            done = morphoscope.repeat_run(model, engine=engine, **common)
        else:
            given = parsing.parameters(parameter)
            done = morphoscope.simulate(
                parsing.model(model, reaction, diffusion, given),
                given,
                seed=seed,
                engine=engine or "cpu",
                **common,
                **settings(context),
            )
    _tell_run(done, out, video, json=json)


def _tell_run(done: Simulation, out: Path, video: Path | None, *, json: bool) -> None:
    """Show the warnings of a run and one line about it, or its metadata as JSON."""
    from morphoscope.ensembles.run_folder import PICTURE_FILE

    for text in done.warnings:
        typer.echo(f"warning: {text}", err=True)
    if json:
        show.as_json(done.metadata())
        return
    species = done.plan.model.species
    means = ", ".join(f"mean {s} {done.species(s)[-1].mean():.6g}" for s in species)
    early = "" if done.computed_steps == done.plan.steps[-1] else f" (steady after {done.computed_steps})"
    show.line(
        f"{done.plan.steps[-1]} steps{early} in {done.seconds:.2f} s; {means}; "
        f"see {out / PICTURE_FILE}"
        f"{f' and {video}' if video else ''}"
    )


def _only_repeats(context: typer.Context, run: str) -> None:
    """Raise UsageError for options that would change the stored run."""
    free = ("model", "out", "video", "engine", "overwrite", "json")
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in free and source is not None and source.name == "COMMANDLINE":
            raise UsageError(f"{run} is repeated unchanged; omit --{name.replace('_', '-')}")
