"""The stages of both passes of the paper, and where their results are stored in a study's folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.atlas import Atlas
from morphoscope.atlas.files import ATLAS_FILE
from morphoscope.core.progress import Reporter
from morphoscope.ensembles import Plan
from morphoscope.learning.classifier import METADATA_FILE, Classifier
from morphoscope.learning.evaluation import Evaluation
from morphoscope.operations.evaluate import evaluate
from morphoscope.operations.explain import explain
from morphoscope.operations.scan import scan
from morphoscope.operations.train import train
from morphoscope.reports.evaluations import load_evaluation
from morphoscope.workflows.refine import simulation_stage
from morphoscope.workflows.stages import Stage, Study

if TYPE_CHECKING:
    from morphoscope.ensembles.runners.clusters import Client

REPORT = "report"


@dataclasses.dataclass(frozen=True)
class Pass:
    """A pass of the study: the sets that it trains on and is evaluated on, and the names of its folders and stages.

    ``explained``: the set whose patterns are used for saliency maps; it contains every class.
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
    """The results of a pass. ``evaluations``: by set."""

    study_pass: Pass
    classifier: Classifier
    evaluations: dict[str, Evaluation]
    atlas: Atlas


@dataclasses.dataclass(frozen=True)
class PassStages:
    """The stages of a pass in the folder of a study, one method per stage."""

    study: Study
    study_pass: Pass
    plans: dict[str, Plan]
    network: str
    seed: int
    epochs: int | None
    workers: int | None
    cluster: str | Client | None
    progress: Reporter

    @property
    def classifier_inputs(self) -> dict[str, Any]:
        """What the classifier depends on."""
        names = self.study_pass
        return {
            "network": self.network, "seed": self.seed, "epochs": self.epochs,
            "train": self.plans[names.train].hash, "validation": self.plans[names.validation].hash,
        }  # fmt: skip

    @property
    def atlas_inputs(self) -> dict[str, Any]:
        """What the atlas depends on."""
        return {**self.classifier_inputs, "scan": self.plans["scan"].hash}

    def simulate(self, *sets: str) -> None:
        """Simulate ensembles that are not finished yet."""
        for name in sets:
            plan = self.plans[name]
            self._run(simulation_stage(self.study.folder, name, plan, self.workers, self.cluster, self.progress))

    def train(self) -> None:
        """Train the classifier. If it is trained again, the stages that used the previous one are invalidated."""

        def work() -> None:
            train(
                self.study.folder / self.study_pass.train,
                self.study.folder / self.study_pass.validation,
                self._folder("classifier"),
                network=self.network,
                epochs=self.epochs,
                seed=self.seed,
                overwrite=True,
                progress=self.progress,
            )

        output = self._folder("classifier") / METADATA_FILE
        if self._run(Stage(self.study_pass.stage("train the network"), output, self.classifier_inputs, work)):
            for name in ("evaluate", "explain", "read the scan"):
                self.study.stages.pop(self.study_pass.stage(name), None)
            self.study.stages.pop(REPORT, None)

    def evaluate(self) -> None:
        """Evaluate the classifier on each set of the pass."""

        def work() -> None:
            classifier = Classifier.load(self._folder("classifier"))
            for name in self.study_pass.sets:
                evaluate(classifier, self.study.folder / name, self._folder("evaluation") / name)

        inputs = {**self.classifier_inputs, "test": self.plans[self.study_pass.sets[-1]].hash}
        self._run(Stage(self.study_pass.stage("evaluate"), self._folder("evaluation"), inputs, work))

    def explain(self) -> None:
        """Compute saliency maps."""

        def work() -> None:
            explained = self.study.folder / self.study_pass.explained
            explain(self._folder("classifier"), explained, self._folder("saliency"))

        self._run(Stage(self.study_pass.stage("explain"), self._folder("saliency"), self.classifier_inputs, work))

    def read(self) -> None:
        """Let the classifier read the scan."""

        def work() -> None:
            runs, atlas = self.study.folder / "scan", self._folder("atlas")
            scan(self._folder("classifier"), runs, atlas, overwrite=True, cluster=self.cluster, progress=self.progress)

        output = self._folder("atlas") / ATLAS_FILE
        self._run(Stage(self.study_pass.stage("read the scan"), output, self.atlas_inputs, work))

    def results(self) -> Results:
        """The results of the finished stages."""
        return Results(self.study_pass, self.classifier(), self.evaluations(), Atlas(self._folder("atlas")))

    def classifier(self) -> Classifier:
        """The classifier that was trained."""
        return Classifier.load(self._folder("classifier"))

    def evaluations(self) -> dict[str, Evaluation]:
        """The evaluations by set."""
        return {name: load_evaluation(self._folder("evaluation") / name) for name in self.study_pass.sets}

    def _folder(self, name: str) -> Path:
        return self.study.folder / self.study_pass.folder(name)

    def _run(self, stage: Stage) -> bool:
        return self.study.run(stage, self.progress)
