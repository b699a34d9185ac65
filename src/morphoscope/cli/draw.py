"""The commands that draw an atlas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import show
from morphoscope.cli.base import OutPicture, app, example


@app.command(epilog=example("morphoscope map atlas --out map.png"))
def map(
    atlas: Annotated[Path, typer.Argument(help="An atlas, or the name of a shipped one.")],
    out: OutPicture,
    color: Annotated[str, typer.Option(help="class, or a number: margin, P(kappa), f, wavelength …")] = "class",
    theory: Annotated[
        bool, typer.Option(help="Draw the bifurcation lines from theory: saddle-node, Hopf, Turing.")
    ] = True,
    initial: Annotated[
        str | None,
        typer.Option(help="Only the runs with this initial condition. Default: a map for each, and where they differ."),
    ] = None,
) -> None:
    """Draw the class map, or a number, over two parameters."""
    morphoscope.class_map(atlas, out, color=color, theory=theory, initial=initial)
    show.line(str(out))


@app.command(epilog=example("morphoscope montage atlas --class kappa --out kappa.png"))
def montage(
    atlas: Annotated[Path, typer.Argument(help="An atlas, or the name of a shipped one.")],
    class_name: Annotated[str, typer.Option("--class", help="The class to show.")],
    out: OutPicture,
    most: Annotated[
        int | None, typer.Option(help="Maximum number of patterns in the picture.", show_default="600")
    ] = None,
) -> None:
    """Draw the patterns that were read as one class, most probable first."""
    morphoscope.montage(atlas, class_name, out, most=most)
    show.line(str(out))
