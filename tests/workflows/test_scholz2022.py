"""The complete study at small size: stages run once, are skipped when finished, and repeated when output is lost."""

import csv
import html
import json
import shutil
from collections import Counter

import pytest
from typer.testing import CliRunner

import morphoscope
from morphoscope.cli.app import root
from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Plan
from morphoscope.workflows.scholz2022 import passes
from morphoscope.workflows.scholz2022.study import PROFILES, SETS, Profile
from morphoscope.workflows.scholz2022.time_axis import TRAINED, Confusion
from morphoscope.workflows.stages import Stage, Study
from tests.conftest import Listening

SECOND_STAGES = (
    "simulate second-train", "simulate second-validation", "train the network, second pass", "evaluate, second pass",
    "explain, second pass", "read the scan, second pass", "report",
)  # fmt: skip
TIME_STAGES = (
    "train the network, 2D network", "evaluate, 2D network",
    "simulate train-10", "simulate validation-10", "simulate test-10",
    "train the network, 3D network", "evaluate, 3D network",
    "train the network, sequence network", "evaluate, sequence network", "report",
)  # fmt: skip
STAGES = (
    "simulate train", "simulate validation", "simulate test", "train the network", "evaluate", "explain",
    "simulate scan", "read the scan", "report",
)  # fmt: skip


def repeat(folder, **options):
    listener = Listening()
    return morphoscope.reproduce("scholz2022", folder, profile="tiny", progress=listener, **options), listener.said


def begun(said):
    """The stages that were run."""
    return [line.removesuffix(" …") for line in said if line.endswith(" …")]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    PROFILES["tiny"] = Profile(
        train=30, validation=15, test=15, scan=20, second_train=32, second_validation=16, epochs=1
    )
    folder = tmp_path_factory.mktemp("study") / "results"
    done, said = repeat(folder)
    yield folder, done, said
    del PROFILES["tiny"]


@pytest.fixture(scope="module")
def continued(study, tmp_path_factory):
    """A copy of the first pass's folder, continued with the second pass."""
    folder = tmp_path_factory.mktemp("continued") / "results"
    shutil.copytree(study[0], folder)
    done, said = repeat(folder, second_pass=True)
    return folder, done, said


def test_every_stage_runs_once_in_order(study):
    _, done, said = study
    assert begun(said) == list(STAGES)
    assert list(done.seconds) == list(STAGES)
    assert sum(done.counts.values()) == 20


def test_finished_stages_are_skipped(study):
    folder, first, _ = study
    page = (folder / "report.html").read_bytes()
    again, said = repeat(folder)
    assert len([line for line in said if line.endswith("skipped")]) == len(STAGES) == len(said)
    assert again.evaluations == first.evaluations
    assert (folder / "report.html").read_bytes() == page


def test_only_a_lost_stage_is_repeated(study):
    folder, first, _ = study
    shutil.rmtree(folder / "atlas")
    again, said = repeat(folder)
    assert begun(said) == ["read the scan"]
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
    assert numbers["scan"] == {"runs": 20, "read_as": done.counts}
    with (folder / "accuracies.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["set"], r["points"]) for r in rows[:3]] == [("train", "all"), ("train", "seen"), ("train", "unseen")]
    assert float(rows[6]["accuracy"]) == done.evaluations["test"].accuracy.value


def test_unseen_points_are_those_of_the_test_set_only(study):
    _, done, _ = study
    assert done.evaluations["train"].unseen.n == done.evaluations["validation"].unseen.n == 0
    assert done.evaluations["test"].unseen.n > 0


def test_a_first_pass_can_be_continued_with_the_second(continued):
    folder, done, said = continued
    assert begun(said) == list(SECOND_STAGES)
    assert done.second_pass.second.atlas.folder == folder / "atlas-second"
    assert len(done.second_pass.second.classifier.classes) == 16
    assert sum(done.second_pass.second.atlas.counts().values()) == 20


def test_the_second_pass_stays_in_the_report(continued):
    folder, first, _ = continued
    page = (folder / "report.html").read_bytes()
    again, said = repeat(folder)
    assert begun(said) == []
    assert again.second_pass.to_dict() == first.second_pass.to_dict()
    assert (folder / "report.html").read_bytes() == page


def test_a_verification_of_its_last_atlas_gets_into_the_report(continued):
    folder, _, _ = continued
    found = morphoscope.verify(folder / "atlas-second", points=2, checks=["other-precision"])
    _, said = repeat(folder)
    assert begun(said) == ["report"]
    assert found.sentence() in html.unescape((folder / "report.html").read_text())


def test_an_interrupted_second_pass_resumes(continued, monkeypatch):
    folder, first, _ = continued
    shutil.rmtree(folder / "classifier-second")

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(passes, "explain", interrupted)
        with pytest.raises(KeyboardInterrupt):
            repeat(folder, second_pass=True)
    again, said = repeat(folder, second_pass=True)
    assert begun(said) == ["explain, second pass", "read the scan, second pass", "report"]
    assert again.second_pass.to_dict() == first.second_pass.to_dict()


def test_second_pass_is_evaluated_on_15_classes_with_16(continued):
    _, done, _ = continued
    test = done.second_pass.second.evaluations["test"]
    assert len(test.classes) == 16
    assert test.support["pi"] == 0
    assert test.recall["pi"] is None
    assert test.accuracy.n == 15


def test_second_pass_is_written(continued):
    folder, done, _ = continued
    text = (folder / "report.html").read_text()
    for words in ("Both passes", "Second pass: class map", "where π is found", "--second-pass", "Cohen&#39;s κ"):
        assert words in text
    for name in ("both_maps", "changes", "class_map-second", "history-second"):
        assert (folder / "figures" / f"{name}.png").is_file()
    numbers = json.loads((folder / "numbers.json").read_text())["second_pass"]
    assert numbers == json.loads(json.dumps(done.second_pass.to_dict()))
    assert numbers["agreement"]["n"] == 20
    assert len(numbers["search"]["nearest"]) == 9
    with (folder / "accuracies.csv").open() as file:
        rows = [(r["pass"], r["set"]) for r in csv.DictReader(file) if r["points"] == "all"]
    assert rows[3:] == [("second", "second-train"), ("second", "second-validation"), ("second", "test")]


def test_the_command_prints_both_accuracies_and_where_pi_is(continued):
    command = ["reproduce", "scholz2022", "--second-pass", "--profile", "tiny", "--out", str(continued[0])]
    said = CliRunner().invoke(root, command)
    assert said.exit_code == 0
    for words in ("second-validation", "20 runs of the scan agree", "Of the 9 scan points nearest to f = 0.068"):
        assert words in said.stdout
    as_json = CliRunner().invoke(root, [*command, "--json"])
    assert json.loads(as_json.stdout)["second_pass"]["agreement"]["n"] == 20


def test_the_time_axis_trains_both_networks_of_the_paper_on_the_same_runs(study, tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(study[0], folder)
    done, said = repeat(folder, time_axis=True)
    assert begun(said) == list(TIME_STAGES)
    found = done.time_axis
    assert {name: one.classifier.input.before for name, one in found.trained.items()} == {
        "scholz2022-2d": (60, 30, 0),
        "scholz2022-3d": tuple(range(3600, -1, -400)),
        "sequence-2d": tuple(range(3600, -1, -400)),
    }
    three, ten = (Plan.load(folder / name / "plan.json") for name in ("test", "test-10"))
    assert [run.seed for run in three.runs] == [run.seed for run in ten.runs]
    for name, one in found.trained.items():
        wrong = sum(c.runs[name] for c in found.confusions())
        assert one.test.accuracy.value == pytest.approx(1 - wrong / 15)
    text = (folder / "report.html").read_text()
    for words in ("Time axis", "with the 3D network", "new with it", "--time-axis", "76,529", "<td>14 h</td>"):
        assert words in text
    numbers = json.loads((folder / "numbers.json").read_text())["time_axis"]
    assert numbers == json.loads(json.dumps(found.to_dict()))
    again, said = repeat(folder)
    assert begun(said) == []
    assert len(said) == len(set(said)) == len(set(STAGES + TIME_STAGES))
    assert again.time_axis.to_dict() == found.to_dict()


def test_what_becomes_of_a_confusion():
    runs = [(4, 0, 0), (4, 2, 0), (4, 4, 0), (4, 5, 0), (0, 1, 0), (0, 0, 1)]
    verdicts = [Confusion("a", "b", dict(zip(TRAINED, each, strict=True))).verdict for each in runs]
    assert verdicts == ["disappears", "fewer", "as many", "more", "new", "of the sequence network only"]


def test_a_network_for_ten_frames_does_not_fit_the_passes(tmp_path):
    with pytest.raises(UsageError, match="scholz2022-3d reads 4 frames or more, but the passes have 3"):
        morphoscope.reproduce("scholz2022", tmp_path / "new", network="scholz2022-3d")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [({"seed": 1}, "seed=0, "), ({"network": "scholz2022-2d"}, "network=periodic-2d")],
)
def test_other_options_need_another_folder(study, options, words):
    with pytest.raises(UsageError, match=words):
        repeat(study[0], **options)


def test_other_folders_are_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="contains other files"):
        morphoscope.reproduce("scholz2022", tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        morphoscope.reproduce("scholz2022", tmp_path / "thesis.tex")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_paper_profile_has_all_runs():
    assert {name: len(PROFILES["paper"].plan(name).runs) for name in SETS} == {
        "train": 750, "validation": 750, "test": 750, "scan": 5481, "second-train": 1600, "second-validation": 1600,
    }  # fmt: skip


def test_quick_profile_has_several_runs_of_every_class():
    for name, classes in (("train", 15), ("validation", 15), ("second-train", 16), ("second-validation", 16)):
        counts = Counter(run.label for run in PROFILES["quick"].plan(name).runs)
        assert len(counts) == classes
        assert min(counts.values()) >= 8


def test_an_interrupted_stage_restarts_and_its_time_adds_up(tmp_path):
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
