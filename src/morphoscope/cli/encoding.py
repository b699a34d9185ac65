"""The command train-encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import morphoscope
from morphoscope.cli import show
from morphoscope.cli.base import Json, OutFolder, Overwrite, Seed, app, example
from morphoscope.cli.progress import reporter


@app.command(epilog=example("morphoscope train-encoder runs more-runs --out encoder"))
def train_encoder(
    data: Annotated[list[Path], typer.Argument(help="Ensembles of any models, with or without labels.")],
    out: OutFolder,
    epochs: Annotated[int | None, typer.Option(help="Number of epochs. Default: 60.")] = None,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Train an encoder, which turns patterns into features, without labels; see `train --from`."""
    made = morphoscope.train_encoder(
        data, out, epochs=epochs, seed=seed, overwrite=overwrite, progress=reporter()
    ).provenance
    found, last = made["retrieval"], made["history"][-1]
    if json:
        show.as_json({name: made[name] for name in ("training", "held_out_points", "retrieval", "seed")} | last)
        return
    runs, points = (sum(entry[name] for entry in made["training"]) for name in ("runs", "points"))
    left = sum(entry["homogeneous_runs_left_out"] for entry in made["training"])
    show.line(f"{out}: {runs} patterns at {points} points ({left} homogeneous runs left out), {last['seconds']:.0f} s")
    if found:
        show.line(
            f"held-out points ({made['held_out_points']}) whose nearest run of another seed is of the same point:"
        )
        show.table(("ensemble", "share"), [(name, f"{value:.1%}") for name, value in found.items()])
