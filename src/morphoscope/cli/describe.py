"""The command that measures physical descriptors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import show
from morphoscope.cli.base import Cluster, Json, Workers, app, example
from morphoscope.cli.progress import reporter


@app.command(epilog=example("morphoscope describe scan --csv descriptors.csv"))
def describe(
    data: Annotated[str, typer.Argument(help="An ensemble, an atlas, or the name of a shipped atlas.")],
    csv: Annotated[Path | None, typer.Option(help="Also write a table (CSV) with one row per run.")] = None,
    workers: Workers = None,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """Measure wavelength, spots, drift and more of every run and store them; an interrupted command can be repeated."""
    found = morphoscope.describe(data, csv=csv, workers=workers, cluster=cluster, progress=reporter())
    if json:
        show.as_json(found.rows())
        return
    rows = [
        (name, unit, count, *("–" if count == 0 else f"{number:.4g}" for number in numbers))
        for name, unit, count, *numbers in found.summary()
    ]
    title = f"{len(found.runs)} runs, species {found.plan.record[0]}"
    show.table(("descriptor", "unit", "defined", "smallest", "median", "largest"), rows, title=title)
