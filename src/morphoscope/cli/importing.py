"""The command ``import``: other people's pictures, films and arrays as an ensemble."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Json, OutFolder, app, example
from morphoscope.cli.progress import reporter


@app.command("import", epilog=example("morphoscope import photograph.png --scale 0.1mm --out photograph"))
def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Pictures, TIFF stacks, GIF, films, .npy, .npz, .mat, NetCDF, HDF5, Zarr, grids of numbers (.csv), or "
            "folders of them."
        ),
    ],
    out: OutFolder,
    scale: Annotated[
        str | None, typer.Option(help="Side of a cell, as in 0.1mm.", show_default="as in the files, or 1")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model that they are patterns of: name or file (.toml).")
    ] = None,
    species: Annotated[
        str | None, typer.Option(help="Names of the fields in the ensemble, as in u,v.", show_default="as in the files")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="NAME=NUMBER in all runs; may be repeated.")
    ] = None,
    fields: Annotated[str | None, typer.Option(help="Fields to import, as in A,B.", show_default="all")] = None,
    axes: Annotated[
        str | None, typer.Option(help="What the axes of arrays are, as in run,time,y,x; also field.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT of fields that are stored as one long column.")] = None,
    frames: Annotated[
        str | None, typer.Option(help="Frames to import, FIRST:END:STEP, as in 0:100:10 or -3:.", show_default="all")
    ] = None,
    interval: Annotated[float, typer.Option(help="Time between frames, where the files state none.")] = 1.0,
    boundary: Annotated[
        str | None,
        typer.Option(help="periodic, no-flux or dirichlet; or by axis.", show_default="as in the files, or no-flux"),
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="CSV file with a column 'file', and 'class' or numbers, for folders.")
    ] = None,
    json: Json = False,
) -> None:
    """Import pictures, films or arrays as an ensemble; the same command continues an interrupted import."""
    made = morphoscope.import_patterns(
        files,
        out,
        scale=scale,
        model=model,
        species=species,
        parameters=parsing.named_texts(parameter),
        fields=fields,
        axes=axes,
        size=parsing.size(size),
        frames=frames,
        interval=interval,
        boundary=boundary,
        table=table,
        progress=reporter(),
    )
    plan, grid = made.plan, made.plan.grid
    unit = plan.imported.unit if plan.imported else ""
    if json:
        show.as_json({
            "plan_hash": plan.hash, "runs": len(plan.runs), "frames": len(plan.times), "width": grid.width,
            "height": grid.height, "cell": grid.spacing, "unit": unit, "species": plan.record,
            "parameters": plan.parameter_names, "labelled": sum(label is not None for label in made.labels()),
        })  # fmt: skip
        return
    frames_text = f" of {len(plan.times)} frames" if len(plan.times) > 1 else ""
    named = f"; parameters {', '.join(plan.parameter_names)}" if plan.parameter_names else ""
    show.line(
        f"{made.folder}: {len(plan.runs)} runs{frames_text}, {grid.width}x{grid.height} cells of "
        f"{grid.spacing:g}{' ' * bool(unit)}{unit}, {', '.join(plan.record)}{named}; plan {plan.hash[:12]}"
    )
