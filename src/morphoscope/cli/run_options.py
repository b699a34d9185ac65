"""The options that ``simulate``, ``ensemble`` and ``chart`` share, and how a command reads them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from morphoscope.cli import parsing

PARAMETER_HELP = (
    "NAME=NUMBER; or varying in space: NAME=x:LOW:HIGH (a ramp along x or y), NAME=FILE.npy. May be repeated."
)
Reaction = Annotated[
    list[str] | None, typer.Option(help="Instead of MODEL: SPECIES: FORMULA of a new model; once per species.")
]
Diffusion = Annotated[
    list[str] | None, typer.Option(help="With --reaction: SPECIES=NUMBER, or a formula of parameters.")
]
Size = Annotated[str | None, typer.Option(help="WIDTHxHEIGHT in cells; height 1 is a line.", show_default="128x128")]
Until = Annotated[float | None, typer.Option(help="End time. Default: the model's.")]
TimeStep = Annotated[
    float | None, typer.Option("--dt", help="Time step. Default: the model's, or derived from its equations.")
]
Spacing = Annotated[float | None, typer.Option(help="Side of a cell. Default: the model's.")]
StencilPoints = Annotated[
    int | None, typer.Option("--stencil", help="Stencil of the Laplacian, 9 or 5 points.", show_default="9")
]
Boundary = Annotated[
    str | None,
    typer.Option(
        help="periodic, no-flux or dirichlet; or for each axis, as in x=no-flux,y=periodic.", show_default="periodic"
    ),
]
Times = Annotated[
    str | None, typer.Option(help="Times of the snapshots, as in 100,200. Default: three, the last at the end.")
]
Initial = Annotated[
    str | None,
    typer.Option(
        help="pearson-gamma, pearson-square, noise, steady, spots, inverse, mixed-spots, stripes, hexagons, spiral, "
        "spiral-seeds (options as in spots:count=30,radius=4), or a file: "
        ".npz, .npy, image, or the folder of a run, whose last snapshot is used. Default: the model's."
    ),
]
Initials = Annotated[
    list[str] | None,
    typer.Option(
        "--initial",
        help="As in `simulate`: a name with options, or a file. Repeated, all runs are made with each of them.",
    ),
]
Integrator = Annotated[str | None, typer.Option(help="euler or etdrk2. Default: the model's.")]
Noise = Annotated[list[str] | None, typer.Option(help="SPECIES=AMPLITUDE of additive white noise; may be repeated.")]
Double = Annotated[
    bool, typer.Option("--double", help="Compute in float64 instead of float32; ensembles store float32.")
]

Grid = Annotated[list[str] | None, typer.Option(help="NAME=LOW:HIGH:POINTS of a lattice; may be repeated.")]
Sample = Annotated[str | None, typer.Option(help="Instead of --grid: lhs:N or sobol:N points within --range.")]
Ranges = Annotated[list[str] | None, typer.Option("--range", help="With --sample: NAME=LOW:HIGH; may be repeated.")]
InAllRuns = Annotated[list[str] | None, typer.Option("--parameter", "-p", help=f"In all runs: {PARAMETER_HELP}")]
Replicates = Annotated[int | None, typer.Option(help="Runs per point, each with another seed.", show_default="1")]


def settings(context: typer.Context) -> dict[str, Any]:
    """The options that were given, as fields of :class:`~morphoscope.ensembles.settings.Settings`.

    They are read from the command's context, so that commands with these options only declare them.
    """
    names = ("until", "dt", "spacing", "stencil", "boundary", "integrator")
    given = context.params
    noise = parsing.named_texts(given["noise"], "noise", "SPECIES=AMPLITUDE, as in u=0.01")
    read = {
        **{name: given[name] for name in names},
        "size": parsing.size(given["size"]),
        "times": parsing.times(given["times"]),
        "noise": {name: parsing.number(name, value) for name, value in noise.items()} or None,
        "double": given["double"] or None,
        "initial": given["initial"] or None,
    }
    return {name: value for name, value in read.items() if value is not None}


def scan_options(context: typer.Context) -> dict[str, Any]:
    """The options of a scan that were given, as arguments of :func:`morphoscope.scan_plan`."""
    given = context.params
    read = {
        "grid": parsing.axes(given["grid"]),
        "sample": given["sample"],
        "ranges": parsing.spans(given["span"]),
        "parameters": parsing.parameters(given["parameter"]) or None,
        "replicates": given["replicates"],
        **settings(context),
    }
    return {name: value for name, value in read.items() if value is not None}
