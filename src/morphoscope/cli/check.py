"""The command ``check``: is what is in a folder what was written?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import show
from morphoscope.cli.base import Json, app, example
from morphoscope.cli.progress import reporter
from morphoscope.core.errors import DataError


@app.command(epilog=example("morphoscope check scan --repair"))
def check(
    folder: Annotated[
        Path, typer.Argument(help="An ensemble, a classifier, an atlas, a run, an evaluation or a study.")
    ],
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Repair what can be repaired: `ensemble` simulates damaged runs again; remnants are removed.",
        ),
    ] = False,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Read the runs of ensembles on a Dask cluster: tcp://HOST:PORT, local:PROCESSES, or "
            "slurm:PROFILE.yaml."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Read everything in a folder and list what is damaged; exit code 2 if something is."""
    found = morphoscope.check(folder, repair=repair, cluster=cluster, progress=reporter())
    left = morphoscope.check(folder, cluster=cluster) if found and repair else found
    if json:
        show.as_json({"found": [part._asdict() for part in found], "left": [part._asdict() for part in left]})
    else:
        for part in found:
            end = part.remedy if part in left else "repaired"
            show.line(f"{folder / part.file}: {part.problem}; {end}")
        if not found:
            show.line(f"{folder}: nothing is damaged")
        elif not left:
            show.line(f"{folder}: repaired; repeat the command that made it if runs are pending")
    if left:
        files = "1 finding is" if len(left) == 1 else f"{len(left)} findings are"
        raise DataError(f"{folder} is damaged: {files} listed above")
