"""The whole first pass, small: every stage runs, is written, is skipped the second time, is made again when lost."""

import csv
import json
import shutil

import pytest

from morphoscope import api
from morphoscope.errors import UsageError
from morphoscope.reproduction import scholz2022
from morphoscope.reproduction.scholz2022 import PROFILES, Profile
from morphoscope.stages import Stage, Study
from tests.conftest import Listening

STAGES = (
    "simulate train", "simulate validation", "simulate test", "train the network", "evaluate", "explain",
    "simulate scan", "read the scan", "report",
)  # fmt: skip


def repeat(folder, **options):
    listener = Listening()
    return api.reproduce("scholz2022", folder, profile="tiny", progress=listener, **options), listener.said


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    PROFILES["tiny"] = Profile(train=30, validation=30, test=30, scan=40, epochs=1)
    folder = tmp_path_factory.mktemp("study") / "results"
    done, said = repeat(folder)
    yield folder, done, said
    del PROFILES["tiny"]


def test_every_stage_runs_once_in_order(study):
    _, done, said = study
    assert [line.removesuffix(" …") for line in said if line.endswith(" …")] == list(STAGES)
    assert list(done.seconds) == list(STAGES)
    assert sum(done.counts.values()) == 40


def test_second_time_everything_is_there(study):
    folder, first, _ = study
    page = (folder / "report.html").read_bytes()
    again, said = repeat(folder)
    assert len([line for line in said if line.endswith("skipped")]) == len(STAGES) == len(said)
    assert again.evaluations == first.evaluations
    assert (folder / "report.html").read_bytes() == page


def test_a_lost_stage_is_made_again_and_nothing_else(study):
    folder, first, _ = study
    shutil.rmtree(folder / "atlas")
    again, said = repeat(folder)
    assert [line.removesuffix(" …") for line in said if line.endswith(" …")] == ["read the scan"]
    assert again.counts == first.counts


def test_report_figures_and_numbers_are_written(study):
    folder, done, _ = study
    text = (folder / "report.html").read_text()
    for words in ("Class map", "≈ 96 %", "at unseen (f, k)", "morphoscope reproduce scholz2022", "Saliency gallery"):
        assert words in text
    for name in ("class_map", "margin", "history"):
        for suffix in ("png", "svg"):
            assert (folder / "figures" / f"{name}.{suffix}").is_file()
    for name, count in done.counts.items():
        assert (folder / "figures" / f"montage-{name}.png").is_file() == (count > 0)
    numbers = json.loads((folder / "numbers.json").read_text())
    assert numbers["scan"] == {"runs": 40, "read_as": done.counts}
    with (folder / "accuracies.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["set"], r["points"]) for r in rows[:3]] == [("train", "all"), ("train", "seen"), ("train", "unseen")]
    assert float(rows[6]["accuracy"]) == done.evaluations["test"].accuracy.value


def test_unseen_points_are_those_of_the_test_set_only(study):
    _, done, _ = study
    assert done.evaluations["train"].unseen.n == done.evaluations["validation"].unseen.n == 0
    assert done.evaluations["test"].unseen.n > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [({"seed": 1}, "seed=0, asked was seed=1"), ({"network": "scholz2022-2d"}, "network=periodic-2d, asked was")],
)
def test_other_options_need_another_folder(study, options, words):
    with pytest.raises(UsageError, match=words):
        repeat(study[0], **options)


def test_foreign_folders_are_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="holds something else"):
        api.reproduce("scholz2022", tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        api.reproduce("scholz2022", tmp_path / "thesis.tex")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_paper_profile_is_everything():
    plans = scholz2022._plans(PROFILES["paper"])
    assert {name: len(plan.runs) for name, plan in plans.items()} == {
        "train": 750, "validation": 750, "test": 750, "scan": 5481,
    }  # fmt: skip


def test_an_interrupted_stage_is_begun_again_and_its_time_adds_up(tmp_path):
    def interrupted():
        (tmp_path / "out").write_text("half")
        raise KeyboardInterrupt

    stage = Stage("work", tmp_path / "out", {}, interrupted)
    with pytest.raises(KeyboardInterrupt):
        Study(tmp_path, {"a": 1}).run(stage, Listening())
    resumed = Study(tmp_path, {"a": 1})
    before = resumed.seconds("work")
    finished = Stage("work", tmp_path / "out", {}, lambda: (tmp_path / "out").write_text("whole"))
    assert resumed.run(finished, Listening())
    assert resumed.seconds("work") >= before
    assert not Study(tmp_path, {"a": 1}).run(finished, Listening())
