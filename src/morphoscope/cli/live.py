"""The command ``live``: a run in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Browser, Host, Port, Seed, app, example
from morphoscope.cli.run_options import Diffusion, Reaction


@app.command(epilog=example("morphoscope live brusselator -p B=8"))
def live(
    model: Annotated[
        str | None,
        typer.Argument(help="A model's name or a model file (.toml); or use --reaction. Default: a menu of models."),
    ] = None,
    reaction: Reaction = None,
    diffusion: Diffusion = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="NAME=NUMBER; may be repeated.")
    ] = None,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT in cells; height 1 for one dimension.")] = "128x128",
    boundary: Annotated[
        str, typer.Option(help="periodic, no-flux, dirichlet, or one for each axis: x=no-flux,y=periodic.")
    ] = "periodic",
    stencil: Annotated[int, typer.Option(help="9 or 5 points of the discrete Laplacian.")] = 9,
    initial: Annotated[
        str | None, typer.Option(help="Initial condition, as in spots:count=20.", show_default="the model's")
    ] = None,
    seed: Seed = 0,
    host: Host = "127.0.0.1",
    port: Port = 0,
    browser: Browser = True,
) -> None:
    """Simulate a model live in the browser: change parameters, paint, compare the pattern with theory.

    The run is computed on the graphics processor of the browser. Without MODEL, the page shows a menu of models. Define
    a new model as for `morphoscope simulate`: --reaction "u: a - u + u**2*v" --reaction "v: b - u**2*v" --diffusion u=1
    --diffusion v=40 -p a=0.1 -p b=0.9.
    """
    given = parsing.parameters(parameter)
    chosen = None
    if model is not None or reaction or diffusion:
        chosen = parsing.model(model, reaction, diffusion, given)
    width_height = parsing.size(size)
    assert width_height is not None
    morphoscope.live(
        chosen,
        given,
        size=width_height,
        boundary=boundary,
        stencil=stencil,
        initial=initial,
        seed=seed,
        host=host,
        port=port,
        browser=browser,
        report=show.line,
    )
