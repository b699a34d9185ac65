"""The commands that draw an atlas or an ensemble."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import OutPicture, app, example
from morphoscope.cli.progress import reporter

Source = Annotated[str, typer.Argument(help="An atlas, the name of a shipped one, or an ensemble.")]


@app.command(epilog=example("morphoscope map scan --color wavelength --out wavelength.png"))
def map(
    atlas: Source,
    out: OutPicture,
    color: Annotated[
        str,
        typer.Option(help="class; label, the class after annotation; or a number: margin, f, wavelength, settled …"),
    ] = "class",
    theory: Annotated[
        bool, typer.Option(help="Draw the bifurcation lines from theory: saddle-node, Hopf, Turing.")
    ] = True,
    initial: Annotated[
        str | None,
        typer.Option(help="Only the runs with this initial condition. Default: a map for each, and where they differ."),
    ] = None,
    plane: Annotated[
        str | None,
        typer.Option(help="Parameters on the axes, as in k,f. Default: the model's plane, or the first that vary."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Only the runs at these values of other parameters, as in Du=2,Dv=40, with theory there."),
    ] = None,
) -> None:
    """Draw the class map, or a number, over two parameters; an ensemble needs no classifier."""
    from morphoscope.atlas.inferred import with_inferred
    from morphoscope.atlas.views import with_values

    axes, fixed = parsing.plane(plane), parsing.numbers(at)
    _check(out)
    opened = morphoscope.open_atlas(atlas, progress=reporter())
    morphoscope.class_map(opened, out, color=color, theory=theory, initial=initial, plane=axes, at=fixed)
    shown = with_values(with_inferred(opened), fixed) if fixed else opened
    across, up = axes or shown.plane
    others = [name for name in shown.varying if name not in (across, up)]
    rest = f"; runs that differ in {', '.join(others)} share a square" if others else ""
    show.line(f"{out}: {up} over {across}{rest}")


@app.command(epilog=example("morphoscope montage scan --sort activity --out sheet.png"))
def montage(
    atlas: Source,
    out: OutPicture,
    class_name: Annotated[
        str | None, typer.Option("--class", help="The class to show. Default: all runs, as a contact sheet.")
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            help="A number as in `map --color`, ascending. Default: a class by probability, else as the runs."
        ),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(help="Maximum number of patterns in the picture.", show_default="600 of a class, 144 of all"),
    ] = None,
) -> None:
    """Draw the patterns of one class or of all runs side by side; an ensemble needs no classifier."""
    _check(out)
    opened = morphoscope.open_atlas(atlas, progress=reporter())
    morphoscope.montage(opened, class_name, out, sort=sort, most=most)
    show.line(str(out))


def _check(out: Path) -> None:
    """Refuse a picture of an unknown format before an ensemble is opened, which may take long."""
    from morphoscope.rendering.style import check_figure_path

    check_figure_path(out)
