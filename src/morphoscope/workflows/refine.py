"""The loop of the paper: people say what they see, and the next pass is trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter
from morphoscope.operations.ensemble import ensemble
from morphoscope.operations.scan import scan
from morphoscope.operations.train import train
from morphoscope.workflows.stages import Stage, Study

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.ensembles import Plan

PathLike = str | Path


def refine(
    atlas: PathLike | Atlas,
    out: PathLike,
    *,
    runs_per_class: int | None = None,
    network: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    progress: Reporter = AUTO,
) -> Atlas:
    """Train the next pass on what people said of an atlas, and let it read the same runs: a new atlas in ``out``.

    ``out`` holds train, validation, classifier and atlas (and scan, where the atlas came without its ensemble).
    Interrupted, the same call continues. ``runs_per_class``: 100 by default, as in the paper, for training and again
    for validation. ``network``: the atlas's own by default. The annotations go along.
    Raises UsageError when nothing is annotated.
    """
    require("learn")
    from morphoscope.atlas import Atlas, open_atlas
    from morphoscope.atlas.annotations import FILE
    from morphoscope.atlas.atlas import ATLAS_FILE
    from morphoscope.learning.classifier import DESCRIPTION_FILE
    from morphoscope.learning.networks import get_network

    before, folder = open_atlas(atlas), Path(out)
    network = network or str(before.description["classifier"]["network"])
    get_network(network)
    plans = _plans(before, runs_per_class, seed, progress)
    options = {"study": "refine", "network": network, "epochs": epochs, "seed": seed, "rows": plans["train"].hash}
    study = Study(folder, options)
    if before.ensemble is None:
        plans["scan"] = before.plan

    def learn() -> None:
        train(
            folder / "train",
            folder / "validation",
            folder / "classifier",
            network=network,
            epochs=epochs,
            seed=seed,
            overwrite=True,
            progress=progress,
        )

    def read() -> None:
        runs = before.ensemble.folder if before.ensemble else folder / "scan"
        scan(folder / "classifier", runs, folder / "atlas", overwrite=True, progress=progress)
        before.annotations.copy_to(folder / "atlas" / FILE)

    for name, plan in plans.items():
        study.run(simulation_stage(folder, name, plan, workers, progress), progress)
    study.run(Stage("train the network", folder / "classifier" / DESCRIPTION_FILE, {}, learn), progress)
    study.run(Stage("read the scan", folder / "atlas" / ATLAS_FILE, {}, read), progress)
    return Atlas(folder / "atlas")


def _plans(atlas: Atlas, runs_per_class: int | None, seed: int, progress: Reporter) -> dict[str, Plan]:
    """The labelled sets of the next pass, with different seeds."""
    from morphoscope.atlas.refinement import RUNS_PER_CLASS, choose, next_plan

    choice = choose(atlas)
    for point in choice.contested:
        progress.say(f"{point.given} was given several classes; it trains nothing")
    count = RUNS_PER_CLASS if runs_per_class is None else runs_per_class
    names = ("train", "validation")
    return {
        name: next_plan(atlas, choice, f"{atlas.plan.name}-next-{name}", 2 * seed + offset, count)
        for offset, name in enumerate(names, start=1)
    }


def simulation_stage(folder: Path, name: str, plan: Plan, workers: int | None, progress: Reporter) -> Stage:
    """The stage that simulates a plan into the folder of that name."""

    def work() -> None:
        ensemble(plan, folder / name, workers=workers, progress=progress)

    return Stage(f"simulate {name}", folder / name, {"plan": plan.hash}, work)
