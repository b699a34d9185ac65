import shutil

import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.reader import find_classifier
from morphoscope.core.errors import UsageError
from tests.conftest import Listening
from tests.records import change_record


@pytest.fixture
def atlas(workshop, tmp_path):
    for name in ("validation", "classifier", "atlas"):
        shutil.copytree(workshop / name, tmp_path / name)
    return Atlas(tmp_path / "atlas")


def test_a_second_pass_knows_the_class_that_a_person_made(atlas, tmp_path):
    kappa = [int(run) for run in atlas.runs if atlas.plan.runs[run].label == "kappa"]
    assert morphoscope.annotate(atlas, "swirls", kappa, who="ada", why="they turn") == 4
    said = Listening()
    after = morphoscope.refine(atlas, tmp_path / "next", runs_per_class=4, epochs=30, seed=3, progress=said)
    assert set(after.classes) == {"swirls", "lambda", "H"}
    assert after.counts()["swirls"] == 4
    assert after.annotations.current().keys() == atlas.annotations.current().keys()
    again = Listening()
    morphoscope.refine(atlas, tmp_path / "next", runs_per_class=4, epochs=30, seed=3, progress=again)
    assert sum("skipped" in line for line in again.said) == 4
    with pytest.raises(UsageError, match="seed=3"):
        morphoscope.refine(atlas, tmp_path / "next", runs_per_class=4, epochs=30, seed=4)


def test_without_its_ensemble_the_scan_is_simulated_again(atlas, tmp_path):
    shutil.rmtree(tmp_path / "validation")
    atlas = Atlas(tmp_path / "atlas")
    morphoscope.annotate(atlas, "kappa", [0], who="ada")
    after = morphoscope.refine(atlas, tmp_path / "next", runs_per_class=2, epochs=1)
    assert (tmp_path / "next" / "scan").is_dir()
    assert atlas.agreement(after).n == 12


def test_nothing_annotated_leaves_nothing(atlas, tmp_path):
    with pytest.raises(UsageError, match="nothing in"):
        morphoscope.refine(atlas, tmp_path / "next")
    assert not (tmp_path / "next").exists()


def test_runs_that_are_not_there_are_refused(atlas):
    with pytest.raises(UsageError, match="run 99 is not in"):
        morphoscope.annotate(atlas, "kappa", [0, 99], who="ada")
    with pytest.raises(UsageError, match="expected a word"):
        morphoscope.annotate(atlas, "no word", [0], who="ada")
    assert atlas.annotations.log() == []


def of_another_model(atlas):
    """The atlas as another model's classifier would have read it."""
    rows = [{"parameters": {"A": 4.5, "B": 7.0}, "class": "stripes", "runs": 8}] * 3
    change_record(atlas.folder / "atlas.json", training_rows=rows)
    return Atlas(atlas.folder)


def test_training_points_of_another_model_are_left_out(atlas, tmp_path):
    """They failed with "unknown parameter" after the annotations had been made."""
    atlas = of_another_model(atlas)
    morphoscope.annotate(atlas, "swirls", [0, 1], who="ada")
    with pytest.raises(UsageError, match=r"at least 2 classes.*3 points.*another model"):
        morphoscope.refine(atlas, tmp_path / "next")
    assert not (tmp_path / "next").exists()
    morphoscope.annotate(atlas, "stripes", [4, 5], who="ada")
    heard = Listening()
    after = morphoscope.refine(atlas, tmp_path / "next", runs_per_class=2, epochs=1, progress=heard)
    assert set(after.classes) == {"swirls", "stripes", "homogeneous"}  # the last by theory
    assert set(find_classifier(after).classes) == {"swirls", "stripes"}
    assert any("3 points" in line and "belong to another model" in line for line in heard.said)
