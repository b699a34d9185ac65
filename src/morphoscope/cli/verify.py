"""The command ``verify``: do the classes of an atlas depend on the numerics?"""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import show
from morphoscope.cli.base import Json, Seed, Workers, app, example
from morphoscope.cli.progress import reporter


@app.command(epilog=example("morphoscope verify atlas --points 50"))
def verify(
    atlas: Annotated[str, typer.Argument(help="An atlas, the folder of a study, or the name of a shipped atlas.")],
    points: Annotated[int, typer.Option(help="Number of runs, drawn as equally as possible from all classes.")] = 200,
    checks: Annotated[
        str | None,
        typer.Option(
            help="Of half-step, half-spacing, twice-time, other-stencil, other-precision, other-seed; with commas.",
            show_default="all",
        ),
    ] = None,
    seed: Seed = 0,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Simulate runs of an atlas again with one thing changed, and compare their classes.

    The result is stored with the atlas: `map --color survives` draws it. The same command continues an interrupted one.
    """
    from morphoscope.atlas.files import annotation_folder, atlas_folder
    from morphoscope.core.shares import Share
    from morphoscope.reports.verification import PAGE

    names = None if checks is None else [name.strip() for name in checks.split(",")]
    found = morphoscope.verify(atlas, points=points, checks=names, seed=seed, workers=workers, progress=reporter())
    rows = found.rows()
    if json:
        values = [{k: dataclasses.asdict(v) if isinstance(v, Share) else v for k, v in row.items()} for row in rows]
        show.as_json({"classes": values, "skipped": found.skipped, "sentence": found.sentence()})
        return
    show.table(
        ("class", "runs", "all", *(name.replace("-", "-\n") for name in found.found)),
        [(r["class"], r["points"], *(f"{r[name].value:.0%}" for name in ("all", *found.found))) for r in rows],
    )
    for name, why in found.skipped.items():
        show.line(f"{name}: not done, {why}")
    show.line(found.sentence())
    show.line(f"open {annotation_folder(atlas_folder(atlas)) / PAGE} in a browser")
