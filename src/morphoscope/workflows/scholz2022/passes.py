"""The stages that both passes of the paper go through, and where in a study's folder their results lie."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from morphoscope.atlas import Atlas
from morphoscope.atlas.atlas import ATLAS_FILE
from morphoscope.core.progress import Reporter
from morphoscope.ensembles import Plan
from morphoscope.learning.classifier import DESCRIPTION_FILE, Classifier
from morphoscope.learning.evaluation import Evaluation
from morphoscope.operations.evaluate import evaluate
from morphoscope.operations.explain import explain
from morphoscope.operations.scan import scan
from morphoscope.operations.train import train
from morphoscope.reports.evaluations import load_evaluation
from morphoscope.workflows.refine import simulation_stage
from morphoscope.workflows.stages import Stage, Study

REPORT = "report"


@dataclasses.dataclass(frozen=True)
class Pass:
    """One pass: the sets that it trains on and is judged by, and how its folders and stages are told from others.

    ``explained``: the set whose patterns show where the network looks; it has every class.
    """

    train: str
    validation: str
    sets: tuple[str, ...]
    explained: str
    folder_suffix: str = ""
    stage_suffix: str = ""

    def folder(self, name: str) -> str:
        """The name of one of the pass's folders."""
        return name + self.folder_suffix

    def stage(self, name: str) -> str:
        """The name of one of the pass's stages."""
        return name + self.stage_suffix


FIRST = Pass("train", "validation", sets=("train", "validation", "test"), explained="test")
SECOND = Pass(
    "second-train",
    "second-validation",
    sets=("second-train", "second-validation", "test"),
    explained="second-validation",
    folder_suffix="-second",
    stage_suffix=", second pass",
)


@dataclasses.dataclass(frozen=True)
class Results:
    """What a pass made. ``evaluations``: by set."""

    names: Pass
    classifier: Classifier
    evaluations: dict[str, Evaluation]
    atlas: Atlas


@dataclasses.dataclass(frozen=True)
class Work:
    """A pass under way in the folder of a study; each method is a stage of it."""

    study: Study
    names: Pass
    plans: dict[str, Plan]
    network: str
    seed: int
    epochs: int | None
    workers: int | None
    progress: Reporter

    @property
    def trained_on(self) -> dict[str, Any]:
        """What the classifier depends on."""
        names = self.names
        return {
            "network": self.network, "seed": self.seed, "epochs": self.epochs,
            "train": self.plans[names.train].hash, "validation": self.plans[names.validation].hash,
        }  # fmt: skip

    @property
    def read_from(self) -> dict[str, Any]:
        """What the atlas depends on."""
        return {**self.trained_on, "scan": self.plans["scan"].hash}

    def simulate(self, *sets: str) -> None:
        """Make ensembles that are not there yet."""
        for name in sets:
            self._run(simulation_stage(self.study.folder, name, self.plans[name], self.workers, self.progress))

    def train(self) -> None:
        """Make the classifier; what an earlier one read is not kept."""

        def work() -> None:
            train(
                self.study.folder / self.names.train,
                self.study.folder / self.names.validation,
                self._folder("classifier"),
                network=self.network,
                epochs=self.epochs,
                seed=self.seed,
                overwrite=True,
                progress=self.progress,
            )

        output = self._folder("classifier") / DESCRIPTION_FILE
        if self._run(Stage(self.names.stage("train the network"), output, self.trained_on, work)):
            for name in ("evaluate", "explain", "read the scan"):
                self.study.stages.pop(self.names.stage(name), None)
            self.study.stages.pop(REPORT, None)

    def evaluate(self) -> None:
        """Judge the classifier by each set of the pass."""

        def work() -> None:
            classifier = Classifier.load(self._folder("classifier"))
            for name in self.names.sets:
                evaluate(classifier, self.study.folder / name, self._folder("evaluation") / name)

        inputs = {**self.trained_on, "test": self.plans["test"].hash}
        self._run(Stage(self.names.stage("evaluate"), self._folder("evaluation"), inputs, work))

    def explain(self) -> None:
        """Show where the network looks."""

        def work() -> None:
            explained = self.study.folder / self.names.explained
            explain(self._folder("classifier"), explained, self._folder("saliency"))

        self._run(Stage(self.names.stage("explain"), self._folder("saliency"), self.trained_on, work))

    def read(self) -> None:
        """Let the classifier read the scan."""

        def work() -> None:
            runs, atlas = self.study.folder / "scan", self._folder("atlas")
            scan(self._folder("classifier"), runs, atlas, overwrite=True, progress=self.progress)

        output = self._folder("atlas") / ATLAS_FILE
        self._run(Stage(self.names.stage("read the scan"), output, self.read_from, work))

    def results(self) -> Results:
        """What the finished stages made."""
        return Results(
            self.names,
            Classifier.load(self._folder("classifier")),
            {name: load_evaluation(self._folder("evaluation") / name) for name in self.names.sets},
            Atlas(self._folder("atlas")),
        )

    def _folder(self, name: str) -> Path:
        return self.study.folder / self.names.folder(name)

    def _run(self, stage: Stage) -> bool:
        return self.study.run(stage, self.progress)
