"""The loop of the paper: people annotate an atlas, and the next pass is trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from morphoscope.core.extras import require
from morphoscope.core.progress import AUTO, Reporter
from morphoscope.operations.clusters import check_arguments
from morphoscope.operations.ensemble import ensemble
from morphoscope.operations.scan import scan
from morphoscope.operations.train import train
from morphoscope.workflows.stages import Stage, opened_study

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.refinement import Choice
    from morphoscope.ensembles import Ensemble, Plan
    from morphoscope.ensembles.runners.clusters import Client

PathLike = str | Path
NETWORK = "periodic-2d"  # the network if none is named and no classifier read the runs


def refine(
    atlas: PathLike | Ensemble | Atlas,
    out: PathLike,
    *,
    runs_per_class: int | None = None,
    network: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    cluster: str | Client | None = None,
    progress: Reporter = AUTO,
) -> Atlas:
    """Train the next pass on the annotations of an atlas, and let the new classifier read the same runs.

    The parameter points of annotated runs become points of the next training set, together with those that the last
    classifier was trained on, if they belong to the same model. The same call continues an interrupted one.

    Parameters
    ----------
    atlas : str, Path, Ensemble or Atlas
        An atlas, its folder, or the name of a shipped atlas; or an annotated ensemble, which gets its first classifier.
    out : str or Path
        The folder to write: ``train``, ``validation``, ``classifier`` and ``atlas``, and ``scan`` if the atlas has
        no ensemble.
    runs_per_class : int, optional
        Runs of each class for training, and as many for validation. Default: 100, as in the paper.
    network : str, optional
        The network to train. Default: the atlas's, or ``periodic-2d``.
    epochs : int, optional
        Epochs of training. Default: the network's.
    seed : int, optional
        Seed of the runs and of the training.
    workers : int, optional
        Number of threads. Default: one per core.
    cluster : str or distributed.Client, optional
        Simulate and read on a Dask cluster instead of in this process, see :func:`morphoscope.ensemble`. A cluster that
        is named by a text is connected, or started, for each stage that needs it. This process trains the network.
    progress : Reporter, optional
        Shows progress. Default: a bar in a notebook, nothing elsewhere.

    Returns
    -------
    Atlas
        The new atlas, in the folder ``atlas`` of ``out``, with the annotations of the old one.

    Raises
    ------
    UsageError
        If nothing is annotated, fewer than two classes are left, or ``out`` contains other files; and if the
        cluster is lost.

    Examples
    --------
    >>> import shutil, tempfile
    >>> import morphoscope
    >>> folder = tempfile.TemporaryDirectory()
    >>> shipped = morphoscope.open_atlas("gray-scott")
    >>> atlas = morphoscope.open_atlas(shutil.copytree(shipped.folder, f"{folder.name}/atlas"))
    >>> morphoscope.refine(atlas, f"{folder.name}/next")
    Traceback (most recent call last):
    morphoscope.core.errors.UsageError: nothing in ... is annotated; confirm or relabel patterns first
    >>> morphoscope.annotate(atlas, "kappa", [10], who="ada")
    1
    >>> after = morphoscope.refine(atlas, f"{folder.name}/next")  # doctest: +SKIP
    """
    require("learn")
    check_arguments(cluster, workers)
    from morphoscope.atlas import open_atlas
    from morphoscope.atlas.refinement import choose
    from morphoscope.learning.networks import get_network

    opened = open_atlas(atlas)
    if network is not None:
        get_network(network)  # before the annotations are read
    return train_next_pass(
        opened,
        choose(opened),
        Path(out),
        runs_per_class=runs_per_class,
        network=network,
        epochs=epochs,
        seed=seed,
        workers=workers,
        cluster=cluster,
        progress=progress,
    )


def train_next_pass(
    before: Atlas,
    choice: Choice,
    folder: Path,
    *,
    runs_per_class: int | None,
    network: str | None = None,
    epochs: int | None,
    seed: int,
    workers: int | None = None,
    cluster: str | Client | None = None,
    progress: Reporter,
) -> Atlas:
    """Do what :func:`refine` describes, with training points that have been chosen."""
    from morphoscope.atlas import Atlas
    from morphoscope.atlas.annotations import FILE
    from morphoscope.atlas.files import ATLAS_FILE
    from morphoscope.learning.classifier import METADATA_FILE

    network = network or str((before.metadata.get("classifier") or {}).get("network", NETWORK))
    plans = _plans(before, choice, runs_per_class, seed)
    options = {"study": "refine", "network": network, "epochs": epochs, "seed": seed, "rows": plans["train"].hash}
    for line in choice.remarks():
        progress.message(line)
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
        scan(folder / "classifier", runs, folder / "atlas", overwrite=True, cluster=cluster, progress=progress)
        if not (folder / "atlas" / FILE).exists():  # those of an atlas that was there are kept, and more than these
            before.annotations.copy_to(folder / "atlas" / FILE)

    with opened_study(folder, options) as study:
        for name, plan in plans.items():
            study.run(simulation_stage(folder, name, plan, workers, cluster, progress), progress)
        study.run(Stage("train the network", folder / "classifier" / METADATA_FILE, {}, learn), progress)
        study.run(Stage("read the scan", folder / "atlas" / ATLAS_FILE, {}, read), progress)
    return Atlas(folder / "atlas")


def _plans(atlas: Atlas, choice: Choice, runs_per_class: int | None, seed: int) -> dict[str, Plan]:
    """The labelled ensembles of the next pass, with different seeds."""
    from morphoscope.atlas.refinement import RUNS_PER_CLASS, next_plan

    count = RUNS_PER_CLASS if runs_per_class is None else runs_per_class
    names = ("train", "validation")
    return {
        name: next_plan(atlas, choice, f"{atlas.plan.name}-next-{name}", 2 * seed + offset, count)
        for offset, name in enumerate(names, start=1)
    }


def simulation_stage(
    folder: Path, name: str, plan: Plan, workers: int | None, cluster: str | Client | None, progress: Reporter
) -> Stage:
    """The stage that simulates a plan into the folder of the given name."""

    def work() -> None:
        ensemble(plan, folder / name, workers=workers, cluster=cluster, progress=progress)

    return Stage(f"simulate {name}", folder / name, {"plan": plan.hash}, work)
