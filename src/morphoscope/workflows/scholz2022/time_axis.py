"""The time axis in Scholz & Scholz (2022): their 3D network on ten frames beside their 2D network on three."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from morphoscope.learning.classifier import Classifier
from morphoscope.learning.evaluation import Evaluation
from morphoscope.workflows.scholz2022.passes import FIRST, Pass, PassStages

FRAMES = 10
TEN = "-10"  # at the end of the name of a set with ten frames
TIME_SETS = tuple(name + TEN for name in ("train", "validation", "test"))

TWO = Pass("train", "validation", ("train", "validation", "test"), "test", "-2d", ", 2D network")
THREE = Pass(TIME_SETS[0], TIME_SETS[1], TIME_SETS, TIME_SETS[2], "-3d", ", 3D network")
SEQUENCE = Pass(TIME_SETS[0], TIME_SETS[1], TIME_SETS, TIME_SETS[2], "-sequence", ", sequence network")
#: What is trained, by network. The sets have the same runs, at three times and at ten.
TRAINED = {"scholz2022-2d": TWO, "scholz2022-3d": THREE, "sequence-2d": SEQUENCE}


@dataclasses.dataclass(frozen=True)
class Trained:
    """A network of the comparison. ``evaluations``: of training, validation and test set, in this order."""

    study_pass: Pass
    classifier: Classifier
    evaluations: dict[str, Evaluation]

    @property
    def test(self) -> Evaluation:
        """The evaluation on the test set."""
        return self.evaluations[self.study_pass.sets[-1]]

    @property
    def weights(self) -> int:
        """The number of parameters that were trained."""
        return sum(parameter.numel() for parameter in self.classifier.module.parameters())


@dataclasses.dataclass(frozen=True)
class Confusion:
    """Runs of a class of the test set that are read as another, by network."""

    true: str
    read: str
    runs: dict[str, int]

    @property
    def verdict(self) -> str:
        """What becomes of a confusion of the 2D network with the 3D one."""
        before, after = self.runs["scholz2022-2d"], self.runs["scholz2022-3d"]
        if not before:
            return "new" if after else "of the sequence network only"
        if not after:
            return "disappears"
        return "fewer" if after < before else "as many" if after == before else "more"


@dataclasses.dataclass(frozen=True)
class TimeAxis:
    """The networks of the comparison, by name."""

    trained: dict[str, Trained]

    def confusions(self) -> list[Confusion]:
        """All confusions in the test set, those of the 2D network first, most frequent first."""
        counts: dict[tuple[str, str], dict[str, int]] = {}
        for name, one in self.trained.items():
            for true, read, runs in one.test.confused(len(one.test.classes) ** 2):
                counts.setdefault((true, read), dict.fromkeys(self.trained, 0))[name] = runs
        found = [Confusion(true, read, runs) for (true, read), runs in counts.items()]
        return sorted(found, key=lambda c: [-runs for runs in c.runs.values()])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "evaluations": {
                name: {key: e.to_dict() for key, e in one.evaluations.items()} for name, one in self.trained.items()
            },
            "epochs": {name: len(one.classifier.provenance["history"]) for name, one in self.trained.items()},
            "confusions": [
                {"class": c.true, "read_as": c.read, **c.runs, "verdict": c.verdict} for c in self.confusions()
            ],
        }


def compare_over_time(stages: Callable[[Pass, str], PassStages]) -> tuple[TimeAxis, dict[str, Any]]:
    """Do what is not done yet: sets with ten frames, training and evaluation of each network.

    The first pass has simulated its own sets.

    ``stages``: the stages of a pass with a network. Returns the comparison, and what it was made from.
    """
    trained, made_from = {}, {}
    simulated = set(FIRST.sets)
    for name, study_pass in TRAINED.items():
        work = stages(study_pass, name)
        work.simulate(*(one for one in study_pass.sets if one not in simulated))
        simulated.update(study_pass.sets)
        work.train()
        work.evaluate()
        trained[name] = Trained(study_pass, work.classifier(), work.evaluations())
        made_from[name] = work.classifier_inputs
    return TimeAxis(trained), made_from
