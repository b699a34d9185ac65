"""The first pass of Scholz & Scholz (2022): three labelled sets, a network, the scan, the map, a report."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from morphoscope import operations
from morphoscope.atlas import Atlas
from morphoscope.atlas.atlas import ATLAS_FILE
from morphoscope.ensembles import Ensemble, Plan, recipe
from morphoscope.errors import UsageError, nearest
from morphoscope.learning.classifier import DESCRIPTION_FILE, Classifier
from morphoscope.learning.evaluation import Evaluation
from morphoscope.learning.networks import get_network
from morphoscope.progress import Reporter
from morphoscope.reports.evaluations import load_evaluation
from morphoscope.reproduction.report import write_study_report
from morphoscope.stages import Stage, Study


@dataclasses.dataclass(frozen=True)
class Profile:
    """How many runs of each set are simulated and how long is trained; None is all of it."""

    train: int | None = None
    validation: int | None = None
    test: int | None = None
    scan: int | None = None
    epochs: int | None = None


PROFILES = {
    "paper": Profile(),
    "quick": Profile(train=240, validation=120, test=150, scan=1200, epochs=40),
}
SETS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class Reproduction:
    """What a study came to: where its report is, how good the classifier is, what the scan was read as."""

    folder: Path
    report: Path
    evaluations: dict[str, Evaluation]
    counts: dict[str, int]
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "report": str(self.report),
            "evaluations": {name: e.to_dict() for name, e in self.evaluations.items()},
            "counts": self.counts,
            "seconds": self.seconds,
        }


def reproduce_scholz2022(
    folder: Path,
    *,
    profile: str,
    network: str,
    seed: int,
    workers: int | None,
    progress: Reporter,
) -> Reproduction:
    """Do what is not yet done of the study in ``folder``; raises UsageError for unknown names and other folders."""
    if profile not in PROFILES:
        raise UsageError(f"unknown profile {profile!r}; {nearest(profile, PROFILES)}")
    get_network(network)
    options = {"study": "scholz2022", "profile": profile, "network": network, "seed": seed}
    study = Study(folder, options)
    plans = _plans(PROFILES[profile])
    hashes = {name: plan.hash for name, plan in plans.items()}

    for name in SETS:
        study.run(_simulate(folder, name, plans[name], workers, progress), progress)
    trained_on = {
        "network": network, "seed": seed, "epochs": PROFILES[profile].epochs,
        "train": hashes["train"], "validation": hashes["validation"],
    }  # fmt: skip

    def train() -> None:
        operations.train(
            folder / "train",
            folder / "validation",
            folder / "classifier",
            network=network,
            epochs=PROFILES[profile].epochs,
            seed=seed,
            overwrite=True,
            progress=progress,
        )

    description = folder / "classifier" / DESCRIPTION_FILE
    if study.run(Stage("train the network", description, trained_on, train), progress):
        for name in ("evaluate", "explain", "read the scan", "report"):
            study.stages.pop(name, None)
    study.run(_evaluate(folder, {**trained_on, "test": hashes["test"]}), progress)
    study.run(
        Stage(
            "explain",
            folder / "saliency",
            trained_on,
            lambda: operations.explain(folder / "classifier", folder / "test", folder / "saliency"),
        ),
        progress,
    )
    study.run(_simulate(folder, "scan", plans["scan"], workers, progress), progress)
    read_from = {**trained_on, "scan": hashes["scan"]}

    def read() -> None:
        operations.scan(folder / "classifier", folder / "scan", folder / "atlas", overwrite=True, progress=progress)

    study.run(Stage("read the scan", folder / "atlas" / ATLAS_FILE, read_from, read), progress)
    atlas = Atlas(folder / "atlas")
    evaluations = _evaluations(folder)

    def report() -> None:
        write_study_report(study, atlas, Classifier.load(folder / "classifier"), evaluations, _command(options, folder))

    study.run(Stage("report", folder / "report.html", read_from, report), progress)
    seconds = {name: study.seconds(name) for name in study.stages}
    return Reproduction(folder, folder / "report.html", evaluations, atlas.counts(), seconds)


def _plans(profile: Profile) -> dict[str, Plan]:
    plans = {}
    for name in (*SETS, "scan"):
        plan = recipe(f"scholz2022-{name}")
        limit = getattr(profile, name)
        plans[name] = plan if limit is None else plan.limited(limit)
    return plans


def _simulate(folder: Path, name: str, plan: Plan, workers: int | None, progress: Reporter) -> Stage:
    def work() -> Ensemble:
        return operations.ensemble(plan, folder / name, workers=workers, progress=progress)

    return Stage(f"simulate {name}", folder / name, {"plan": plan.hash}, work)


def _evaluate(folder: Path, inputs: dict[str, Any]) -> Stage:
    def work() -> None:
        classifier = Classifier.load(folder / "classifier")
        for name in SETS:
            operations.evaluate(classifier, folder / name, folder / "evaluation" / name)

    return Stage("evaluate", folder / "evaluation", inputs, work)


def _evaluations(folder: Path) -> dict[str, Evaluation]:
    return {name: load_evaluation(folder / "evaluation" / name) for name in SETS}


def _command(options: dict[str, Any], folder: Path) -> str:
    return (
        f"morphoscope reproduce scholz2022 --profile {options['profile']} --network {options['network']} "
        f"--seed {options['seed']} --out {folder.name}"
    )
