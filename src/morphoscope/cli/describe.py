"""The command that measures physical descriptors."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Cluster, Json, Workers, app, example
from morphoscope.cli.progress import reporter

if TYPE_CHECKING:
    from morphoscope.atlas.descriptor_table import DescriptorTable


@app.command(epilog=example("morphoscope describe scan --csv descriptors.csv"))
def describe(
    data: Annotated[
        str, typer.Argument(help="An ensemble, an atlas, the name of a shipped atlas, a run, or a picture.")
    ],
    patterns: Annotated[
        bool | None,
        typer.Option(
            "--patterns/--no-patterns",
            help="Also measure defects, orientation, spots and hexagonal order.",
            show_default="of pictures, single runs, imported ensembles",
        ),
    ] = None,
    scale: Annotated[str | None, typer.Option(help="Of a picture: side of a pixel, as in 0.1mm.")] = None,
    size: Annotated[str | None, typer.Option(help="Of a picture that is one long column: WIDTHxHEIGHT.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Also write a table (CSV) with one row per run.")] = None,
    workers: Workers = None,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """Measure wavelength, spots, drift and more of every run and store them; an interrupted command can be repeated."""
    found = morphoscope.describe(
        data,
        patterns=patterns,
        scale=scale,
        size=parsing.size(size),
        csv=csv,
        workers=workers,
        cluster=cluster,
        progress=reporter(),
    )
    if json:
        show.as_json(found.rows())
        return
    if len(found.runs) == 1:
        _show_one(found)
        return
    rows = [
        (name, unit, count, *("–" if count == 0 else f"{number:.4g}" for number in numbers))
        for name, unit, count, *numbers in found.summary()
    ]
    title = f"{len(found.runs)} runs, species {found.plan.record[0]}"
    if found.kinds:
        title += "; " + ", ".join(f"{n} {kind}" for kind, n in Counter(found.kinds).most_common())
    show.table(("descriptor", "unit", "defined", "smallest", "median", "largest"), rows, title=title)


def _show_one(found: DescriptorTable) -> None:
    """A single run or picture: each descriptor with its value."""
    values = {name: float(column[0]) for name, column in found.columns.items()}
    error = values.pop("wavelength_error", float("nan"))
    rows = []
    for name, value in values.items():
        text = "–" if value != value else f"{value:.4g}"
        if name == "wavelength" and error == error:
            text += f" ± {error:.2g}"
        rows.append((name, text, found.unit(name)))
    title = found.kinds[0] if found.kinds else f"1 run, species {found.plan.record[0]}"
    show.table(("descriptor", "value", "unit"), rows, title=title)
