"""An ensemble that no classifier has read: its map, its contact sheet, its annotations, its first classifier."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.bare import BareAtlas
from morphoscope.atlas.classes import class_colours, free_colour
from morphoscope.atlas.reader import find_classifier
from morphoscope.atlas.thumbnails import COLUMNS, SIDE
from morphoscope.atlas.views import with_labels, with_plane
from morphoscope.core.errors import DataError, UsageError
from tests.conftest import Listening
from tests.reports.test_figures import texts


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model without a classifier, with three parameters that vary: patterns and homogeneous runs."""
    folder = tmp_path_factory.mktemp("bare") / "scan"
    grid = {"A": (1.5, 3.0, 2), "B": (3.0, 9.0, 2), "Dv": (5.0, 8.0, 2)}
    plan = morphoscope.scan_plan("brusselator", grid=grid, size=(32, 32), until=120, initial="noise")
    morphoscope.ensemble(plan, folder)
    return folder


@pytest.fixture
def bare(made):
    return morphoscope.open_atlas(made)


def test_classes_are_those_of_the_variance_of_the_last_frames(bare):
    last = bare.ensemble.frames(bare.runs)[:, -1]
    uniform = last.std(axis=(1, 2), dtype=np.float64) <= 1e-4 * np.maximum(1.0, np.abs(last.mean(axis=(1, 2))))
    assert 0 < uniform.sum() < len(uniform)
    assert [name == "homogeneous" for name in bare.reading.names] == uniform.tolist()
    assert set(bare.read_by) == {"variance"}
    assert find_classifier(bare) is None


def test_descriptors_are_computed_once_and_kept(bare, made):
    stored = morphoscope.Ensemble(made).descriptors()
    assert np.array_equal(bare.descriptors["wavelength"], stored["wavelength"][bare.runs], equal_nan=True)
    said = Listening()
    assert isinstance(morphoscope.open_atlas(morphoscope.Ensemble(made), progress=said), BareAtlas)
    assert said.said == []


def test_a_folder_that_can_not_be_written_has_a_map_too(tmp_path, monkeypatch):
    plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 2)}, size=(40, 40), until=20)
    morphoscope.ensemble(plan, tmp_path / "scan")
    said = Listening()

    def refused(*_, **__):
        raise UsageError("can't write scan: read-only file system")

    monkeypatch.setattr("morphoscope.atlas.bare.describe_ensemble", refused)
    atlas = morphoscope.open_atlas(tmp_path / "scan", progress=said)
    assert np.isfinite(atlas.descriptors["mean"]).all()
    assert "descriptors are not stored" in said.said[0]


def test_map_says_which_parameters_share_a_square(bare):
    assert bare.varying == ("A", "B", "Dv")
    text = texts(morphoscope.class_map(bare, color="mean", theory=False))
    assert "Dv = 5 … 8 (one square for all)" in text
    one = with_plane(bare, ("Dv", "A"))
    assert len(one.in_plane.first) == 4
    assert one.in_plane.runs.tolist() == [2, 2, 2, 2]
    text = texts(morphoscope.class_map(bare, color="mean", theory=False, plane=("Dv", "A")))
    assert "B = 3 … 9 (one square for all)" in text
    for wrong in (("A", "q"), ("A", "A")):
        with pytest.raises(UsageError):
            morphoscope.class_map(bare, plane=wrong)


def test_squares_show_the_mean_over_what_they_hide(bare):
    values = bare.descriptors["mean"]
    averaged = with_plane(bare, ("A", "B")).in_plane.averaged(values)
    same = (bare.values("A") == bare.values("A")[3]) & (bare.values("B") == bare.values("B")[3])
    assert averaged[3] == pytest.approx(values[same].mean())


def test_contact_sheet_is_sorted_and_counts_all(bare):
    figure = morphoscope.montage(bare, sort="variance")
    assert figure.get_suptitle().startswith("all: 8 patterns, by variance, ascending")
    labels = [text.get_text() for text in figure.axes[0].texts]
    values = [float(label.split()[-1]) for label in labels]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(bare.descriptors["variance"].max(), rel=5e-3)
    with pytest.raises(UsageError, match="did you mean 'variance'"):
        morphoscope.montage(bare, sort="varience")


def test_annotations_stay_with_the_ensemble_and_colour_the_map(bare, made):
    morphoscope.annotate(bare, "flat", [0], who="ada")
    morphoscope.annotate(made, "spots", [2, 6], who="ada")
    labelled = with_labels(morphoscope.open_atlas(made))
    assert labelled.counts()["spots"] == 2
    assert labelled.counts()["flat"] == 1
    assert "spots  (2)" in texts(morphoscope.class_map(made, color="label", theory=False))
    colours = [colour for name, (_, colour) in bare.class_styles().items() if name in ("flat", "spots")]
    assert len(set(colours)) == 2
    for _ in range(2):
        bare.annotations.undo("ada")


def test_a_class_that_is_added_has_another_colour_than_those_before(bare):
    """Also if its name comes first in the order of the classes."""
    atlas = morphoscope.open_atlas(bare.folder)
    before = atlas.class_styles()["pattern"]
    morphoscope.annotate(atlas, "a", [0], who="ada")
    styles = atlas.class_styles()
    assert styles["pattern"] == before
    assert styles["a"][1] != styles["pattern"][1]
    atlas.annotations.undo("ada")


def test_new_classes_get_free_colours():
    first = free_colour("one", [])
    assert free_colour("two", [first]) != first
    assert free_colour("kappa", [first]) == class_colours(["kappa"])["kappa"]


def test_refine_makes_the_first_classifier(made, tmp_path):
    bare = morphoscope.open_atlas(made)
    names = np.array(bare.reading.names)
    for name in ("homogeneous", "pattern"):
        given = "waves" if name == "pattern" else "flat"
        morphoscope.annotate(bare, given, bare.runs[names == name].tolist(), who="ada")
    after = morphoscope.refine(made, tmp_path / "first", runs_per_class=4, epochs=2)
    assert isinstance(after, Atlas)
    assert {"flat", "waves"} <= set(after.classes)
    assert len(after.annotations.current()) == 8
    for _ in range(2):
        bare.annotations.undo("ada")


@pytest.fixture
def annotated(made, tmp_path):
    """A copy of the ensemble with two runs rejected and the others divided into two classes, of which one is large."""
    folder = shutil.copytree(made, tmp_path / "scan")
    for name, runs in (("low", [0, 1, 2, 3]), ("high", [4, 5, 6, 7]), ("ambiguous", [0])):
        morphoscope.annotate(folder, name, runs, who="ada")
    return folder


class TestAnnotationsAreLabels:
    def test_too_few_to_divide_are_refused(self, annotated):
        with pytest.raises(UsageError, match=r"too few labelled runs \(high: 4, low: 3\); annotate at least 4"):
            morphoscope.train(annotated, epochs=1)

    def test_a_classifier_is_trained_on_them(self, annotated, tmp_path):
        morphoscope.annotate(annotated, "low", [0], who="ada")
        made = morphoscope.train(annotated, out=tmp_path / "classifier", epochs=1)
        assert made.classes == ("high", "low")
        assert (made.provenance["training"]["runs"], made.provenance["validation"]["runs"]) == (6, 2)

    def test_a_validation_set_can_be_annotated_too(self, annotated):
        made = morphoscope.train(annotated, annotated, epochs=1)
        assert (made.provenance["training"]["runs"], made.provenance["validation"]["runs"]) == (7, 7)

    def test_a_classifier_is_compared_with_them(self, annotated, tmp_path):
        made = morphoscope.train(annotated, annotated, epochs=1)
        assert morphoscope.evaluate(made, annotated).support == {"high": 4, "low": 3}
        assert morphoscope.evaluate(made, annotated, over_time=True, times=[120]).labels.count("low") == 3
        assert len(morphoscope.explain(made, annotated, tmp_path / "saliency").classes) == 2

    def test_without_any_the_message_names_them(self, made):
        with pytest.raises(DataError, match=r"none of 8 runs has a label; .* or annotate runs"):
            morphoscope.train(made, made)


def test_thumbnails_and_page_need_no_reading(bare, tmp_path):
    assert bare.thumbnails(0).startswith(b"RIFF")
    assert bare.thumbnails(1) is None
    page = morphoscope.export(bare, tmp_path / "page")
    assert (page.parent / "points.csv").read_text().count("pattern") == bare.counts()["pattern"]


def test_one_dimension_shows_its_frames_over_each_other(tmp_path):
    plan = morphoscope.scan_plan("schnakenberg", grid={"b": (0.8, 1.0, 2)}, size=(96, 1), until=60)
    atlas = morphoscope.open_atlas(morphoscope.ensemble(plan, tmp_path / "line"))
    figure = morphoscope.montage(atlas)
    assert "from above: t = " in texts(figure)
    with Image.open(io.BytesIO(atlas.thumbnails(0))) as sheet:
        assert sheet.size == (2 * SIDE, SIDE)
        assert np.ptp(np.asarray(sheet.convert("L"))[: SIDE // 4].astype(int)) > 20  # a band, not one line
    assert COLUMNS > 2


def test_an_ensemble_without_finished_runs_says_so(tmp_path):
    plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 2)}, size=(40, 40), until=20)
    morphoscope.Ensemble.create(plan, tmp_path / "scan")
    with pytest.raises(UsageError, match="none of 2 runs is done"):
        morphoscope.open_atlas(tmp_path / "scan")
    with pytest.raises(DataError, match="is not an atlas"):
        morphoscope.open_atlas(tmp_path)
