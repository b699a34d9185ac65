"""The study of Scholz & Scholz (2022): labelled sets, network, scan and class map; then the second pass; a report."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError, nearest
from morphoscope.core.progress import Reporter
from morphoscope.ensembles import Plan, recipe
from morphoscope.learning.evaluation import Evaluation
from morphoscope.learning.networks import get_network
from morphoscope.workflows.scholz2022.passes import FIRST, REPORT, SECOND, Pass, PassStages, Results
from morphoscope.workflows.scholz2022.report import write_study_report
from morphoscope.workflows.scholz2022.second_pass import Comparison, compare
from morphoscope.workflows.scholz2022.time_axis import (
    FRAMES,
    TEN,
    TIME_SETS,
    TRAINED,
    TimeAxis,
    compare_over_time,
)
from morphoscope.workflows.stages import Stage, opened_study

if TYPE_CHECKING:
    from morphoscope.ensembles.runners.clusters import Client


@dataclasses.dataclass(frozen=True)
class Profile:
    """The number of runs per set and of training epochs; None for those of the paper."""

    train: int | None = None
    validation: int | None = None
    test: int | None = None
    scan: int | None = None
    second_train: int | None = None
    second_validation: int | None = None
    epochs: int | None = None

    def plan(self, name: str) -> Plan:
        """The plan of a set of the study."""
        kind = name.removesuffix(TEN)
        frames = DEFAULT_FRAMES if kind == name else FRAMES
        plan, limit = recipe(f"scholz2022-{kind}", frames), getattr(self, kind.replace("-", "_"))
        return plan if limit is None else plan.limited(limit)


PROFILES = {
    "paper": Profile(),
    "quick": Profile(
        train=240, validation=120, test=150, scan=1200, second_train=320, second_validation=160, epochs=40
    ),
}
DEFAULT_FRAMES = 3  # of the sets without a number of frames in their names
SETS = (*FIRST.sets, "scan", SECOND.train, SECOND.validation)


@dataclasses.dataclass(frozen=True)
class Reproduction:
    """The results of a study: its report, the accuracy of the classifier, and the classes of the scan.

    ``second_pass`` is None if only the first pass was made, ``time_axis`` if the time axis was not used.
    """

    folder: Path
    report: Path
    evaluations: dict[str, Evaluation]
    counts: dict[str, int]
    seconds: dict[str, float]
    second_pass: Comparison | None = None
    time_axis: TimeAxis | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "report": str(self.report),
            "evaluations": {name: e.to_dict() for name, e in self.evaluations.items()},
            "counts": self.counts,
            "seconds": self.seconds,
            "second_pass": self.second_pass.to_dict() if self.second_pass else None,
            "time_axis": self.time_axis.to_dict() if self.time_axis else None,
        }


def reproduce_scholz2022(
    folder: Path,
    *,
    profile: str,
    network: str,
    seed: int,
    second_pass: bool = False,
    time_axis: bool = False,
    workers: int | None,
    cluster: str | Client | None = None,
    progress: Reporter,
) -> Reproduction:
    """Run the stages of the study in ``folder`` that are not finished; raises UsageError for unknown names and other
    folders.

    A folder with the first pass only can be continued with the second one and with the time axis; a folder with more
    keeps it.
    """
    if profile not in PROFILES:
        raise UsageError(f"unknown profile {profile!r}; {nearest(profile, PROFILES)}")
    if get_network(network).min_frames > DEFAULT_FRAMES:
        raise UsageError(
            f"network {network} reads {get_network(network).min_frames} frames or more, but the passes have "
            f"{DEFAULT_FRAMES}; it is one of the networks of the time axis",
            parameter="time_axis",
        )
    options = {"study": "scholz2022", "profile": profile, "network": network, "seed": seed}
    with opened_study(folder, options) as study:
        plans = {name: PROFILES[profile].plan(name) for name in (*SETS, *TIME_SETS)}

        def stages(names: Pass, trained: str = network) -> PassStages:
            return PassStages(study, names, plans, trained, seed, PROFILES[profile].epochs, workers, cluster, progress)

        first, second = stages(FIRST), stages(SECOND)
        results = _first_pass(first)
        made_from: dict[str, Any] = first.atlas_inputs
        comparison = None
        if second_pass or SECOND.stage("read the scan") in study.stages:
            comparison = compare(results, _second_pass(second))
            made_from = {**made_from, "second pass": second.atlas_inputs}

        over_time = None
        if time_axis or any(names.stage("train the network") in study.stages for names in TRAINED.values()):
            over_time, inputs = compare_over_time(stages)
            made_from = {**made_from, "time axis": inputs}

        last = results.atlas if comparison is None else comparison.second.atlas
        if last.verification is not None:
            made_from = {**made_from, "verification": last.verification.sentence()}

        def report() -> None:
            command = _command(options, folder, comparison is not None, over_time is not None)
            write_study_report(study, results, comparison, over_time, command)

        study.run(Stage(REPORT, folder / "report.html", made_from, report), progress)
        seconds = {name: study.seconds(name) for name in study.stages}
        return Reproduction(
            folder, folder / "report.html", results.evaluations, results.atlas.counts(), seconds, comparison, over_time
        )


def _first_pass(work: PassStages) -> Results:
    work.simulate(*FIRST.sets)
    work.train()
    work.evaluate()
    work.explain()
    work.simulate("scan")
    work.read()
    return work.results()


def _second_pass(work: PassStages) -> Results:
    work.simulate(SECOND.train, SECOND.validation)
    work.train()
    work.evaluate()
    work.explain()
    work.read()
    return work.results()


def _command(options: dict[str, Any], folder: Path, second_pass: bool, time_axis: bool) -> str:
    more = " --second-pass" * second_pass + " --time-axis" * time_axis
    return (
        f"morphoscope reproduce scholz2022{more} --profile {options['profile']} --network {options['network']} "
        f"--seed {options['seed']} --out {folder.name}"
    )
