import csv
import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

import morphoscope
from morphoscope.atlas import Atlas, ordered, symbol
from morphoscope.atlas.reader import find_classifier
from morphoscope.atlas.thumbnails import SIDE
from morphoscope.core.errors import DataError, UsageError
from morphoscope.descriptors import NAMES
from morphoscope.learning.classifier import Classifier
from morphoscope.rendering.composite import composite
from tests.conftest import Listening
from tests.records import change_record


@pytest.fixture
def copy(workshop, tmp_path):
    """The tiny ensemble and its atlas, to be damaged."""
    shutil.copytree(workshop / "validation", tmp_path / "validation")
    shutil.copytree(workshop / "atlas", tmp_path / "atlas")
    return tmp_path / "atlas"


def test_points_csv_has_what_was_read(workshop):
    atlas = Atlas(workshop / "atlas")
    with (workshop / "atlas" / "points.csv").open() as file:
        rows = list(csv.DictReader(file))
    read = ["class", "probability", "margin", "read_by", "known", "unknown", "set"]
    assert list(rows[0]) == ["f", "k", "seed", *read, *NAMES]
    assert len(rows) == 12
    for row, run in zip(rows, atlas.plan.runs, strict=True):
        assert (float(row["f"]), float(row["k"])) == (dict(run.parameters)["f"], dict(run.parameters)["k"])
        assert int(row["seed"]) == run.seed
        assert 0 <= float(row["margin"]) <= float(row["probability"]) <= 1


def test_reading_is_the_classifiers(workshop):
    atlas = Atlas(workshop / "atlas")
    prediction = morphoscope.classify(workshop / "classifier", workshop / "validation")
    assert np.array_equal(atlas.reading.probabilities, prediction.probabilities)
    assert sum(atlas.counts().values()) == 12


def test_members_are_sorted_by_certainty_and_complete(workshop):
    atlas = Atlas(workshop / "atlas")
    members = [atlas.members(name) for name in atlas.classes]
    assert sorted(np.concatenate(members).tolist()) == list(range(12))
    for positions in members:
        assert np.all(np.diff(atlas.reading.probability[positions]) <= 0)


def test_frames_are_the_ensembles(workshop):
    atlas = Atlas(workshop / "atlas")
    assert np.array_equal(atlas.frames(np.array([3, 1])), atlas.ensemble.frames(np.array([3, 1])))


def test_agreement_with_itself_and_with_another_reading(workshop, tmp_path):
    atlas = Atlas(workshop / "atlas")
    same = atlas.agreement(atlas)
    assert (same.n, same.share, same.differences) == (12, 1.0, [])
    shutil.copytree(workshop / "atlas", tmp_path / "atlas")
    change(tmp_path / "atlas")
    turned = np.roll(np.load(tmp_path / "atlas" / "probabilities.npy"), 1, axis=1)
    np.save(tmp_path / "atlas" / "probabilities.npy", turned)
    other = atlas.agreement(Atlas(tmp_path / "atlas"))
    assert other.share == 0
    assert sum(count for *_, count in other.differences) == 12


def test_agreement_needs_common_runs(workshop, tmp_path):
    morphoscope.scan(workshop / "classifier", workshop / "train", tmp_path / "other")
    with pytest.raises(UsageError, match="no run in common"):
        morphoscope.agree(workshop / "atlas", tmp_path / "other")


def test_without_its_ensemble_an_atlas_simulates_what_it_shows(copy):
    kept = Atlas(copy).frames(np.array([0, 7]))
    shutil.rmtree(copy.parent / "validation")
    atlas = Atlas(copy)
    assert len(atlas.points()) == 12
    assert atlas.ensemble is None
    assert np.array_equal(atlas.frames(np.array([0, 7])), kept)


def test_another_ensemble_at_its_path_is_refused(copy, workshop):
    shutil.rmtree(copy.parent / "validation")
    shutil.copytree(workshop / "train", copy.parent / "validation")
    with pytest.raises(DataError, match="is not the ensemble"):
        Atlas(copy).frames(np.array([0]))


def test_thumbnails_are_the_patterns_small(workshop):
    atlas = Atlas(workshop / "atlas")
    sheet = np.asarray(Image.open(io.BytesIO(atlas.thumbnails(0))), dtype=float) / 255
    assert atlas.thumbnails(1) is None
    assert sheet.shape == (SIDE, 12 * SIDE, 3)
    for position, pattern in enumerate(composite(atlas.frames(np.arange(12)))):
        small = sheet[:, position * SIDE : (position + 1) * SIDE]
        assert np.abs(small - pattern).mean() < 0.05  # the patterns have 64 × 64 cells


def test_variables_and_nearest_readings(workshop):
    atlas = Atlas(workshop / "atlas")
    variables = atlas.variables()
    assert {"margin", "probability", "entropy", "P(kappa)", "f", "k"} <= set(variables)
    assert all(values.shape == (12,) for values in variables.values())
    assert sum(variables[f"P({name})"] for name in atlas.classes) == pytest.approx(np.ones(12), abs=1e-5)
    nearest = atlas.positions({"f": 0.046, "k": 0.063}, 4)
    assert {atlas.plan.runs[run].label for run in atlas.runs[nearest]} == {"kappa"}
    with pytest.raises(UsageError, match="did you mean 'f'"):
        atlas.positions({"F": 0.1})


def test_an_atlas_is_found_in_its_study(workshop):
    assert Atlas(workshop).folder == workshop / "atlas"


def test_damage_is_reported(copy):
    description = json.loads((copy / "atlas.json").read_text())
    (copy / "atlas.json").write_text(json.dumps({**description, "classes": ["a"]}))
    with pytest.raises(DataError, match="damaged"):
        Atlas(copy)
    (copy / "probabilities.npy").unlink()
    with pytest.raises(DataError, match="damaged"):
        Atlas(copy)
    (copy / "atlas.json").write_text(json.dumps({"format": 7}))
    with pytest.raises(DataError, match="not an atlas of format"):
        Atlas(copy)


def test_an_atlas_is_not_written_over(workshop, tmp_path):
    morphoscope.scan(workshop / "classifier", workshop / "validation", tmp_path / "a")
    with pytest.raises(UsageError, match="overwrite it"):
        morphoscope.scan(workshop / "classifier", workshop / "validation", tmp_path / "a")


def test_unknown_class_names_the_nearest(workshop):
    with pytest.raises(UsageError, match="did you mean 'kappa'"):
        Atlas(workshop / "atlas").members("kapa")


def test_symbols_and_order():
    assert [symbol(n) for n in ("alpha", "lambda", "pi", "L", "stripes")] == ["α", "λ", "π", "L", "stripes"]
    assert ordered(["L", "mu", "H", "alpha", "lambda"]) == ["alpha", "lambda", "mu", "H", "L"]


def test_a_classifier_of_another_model_is_reported(workshop, tmp_path):
    plan = morphoscope.scan_plan(
        "schnakenberg", grid={"b": (0.8, 1.0, 2)}, size=(64, 64), until=100.0, times=(40, 70, 100)
    )
    morphoscope.ensemble(plan, tmp_path / "other")
    told = Listening()
    morphoscope.scan(workshop / "classifier", tmp_path / "other", tmp_path / "atlas", progress=told)
    assert any("trained on gray-scott" in text and "is schnakenberg" in text for text in told.said)
    morphoscope.scan(workshop / "classifier", workshop / "validation", tmp_path / "own", progress=(own := Listening()))
    assert not own.said


def change(folder, **values):
    change_record(folder / "atlas.json", **values)


def test_an_atlas_without_the_entry_was_read_by_the_network(copy):
    change(copy, read_by=None)
    assert set(Atlas(copy).read_by) == {"network"}
    change(copy, read_by={"theory": [2, 5], "variance": [3]})
    assert np.flatnonzero(Atlas(copy).read_by == "theory").tolist() == [2, 5]
    assert Atlas(copy).read_by[3] == Atlas(copy).reading.read_by[3] == "variance"


class TestItsClassifier:
    @pytest.fixture
    def study(self, copy, workshop):
        shutil.copytree(workshop / "classifier", copy.parent / "classifier")
        return copy.parent

    def test_is_found_by_a_relative_path_wherever_both_are_moved(self, study, workshop, tmp_path):
        kept = Atlas(study / "atlas").metadata["classifier"]
        assert (kept["name"], kept["path"]) == ("classifier", "../classifier")
        assert kept["hash"] == Classifier.load(workshop / "classifier").hash
        moved = study.rename(tmp_path.parent / f"{tmp_path.name}-moved")
        assert find_classifier(Atlas(moved / "atlas")).folder.resolve() == (moved / "classifier").resolve()

    def test_another_in_its_place_is_not_it(self, study):
        other = Classifier.load(study / "classifier")
        other.temperature *= 2
        other.save(study / "classifier", overwrite=True)
        assert find_classifier(Atlas(study / "atlas")) is None
        shutil.rmtree(study / "classifier")
        assert find_classifier(Atlas(study / "atlas")) is None

    def test_siblings_are_not_searched_once_the_path_is_kept(self, study):
        (study / "classifier").rename(study / "renamed")
        assert find_classifier(Atlas(study / "atlas")) is None

    def test_of_an_old_atlas_is_found_next_to_it(self, study):
        kept = Atlas(study / "atlas").metadata["classifier"]
        change(study / "atlas", classifier={k: v for k, v in kept.items() if k not in ("name", "hash", "path")})
        (study / "classifier").rename(study / "renamed")
        assert find_classifier(Atlas(study / "atlas")).name == "renamed"

    def test_a_shipped_one_is_found_by_name(self, workshop, tmp_path):
        atlas = morphoscope.scan("gray-scott-second-pass", workshop / "validation", tmp_path / "atlas")
        kept = atlas.metadata["classifier"]
        assert (kept["name"], kept["path"]) == ("gray-scott-second-pass", None)
        assert find_classifier(atlas).name == "gray-scott-second-pass"
