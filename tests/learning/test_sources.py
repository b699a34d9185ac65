"""All sources of patterns that are accepted, and those that are refused."""

import contextlib
import dataclasses
import shutil
import sqlite3

import numpy as np
import pytest
import tifffile
import xarray
from PIL import Image

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Ensemble
from morphoscope.learning.classifier import Classifier, Input
from morphoscope.learning.datasets import input_of
from morphoscope.learning.patterns import frame_places
from morphoscope.learning.sources import patterns_from
from morphoscope.rendering.pictures import save_composite
from tests.conftest import Listening, tiny_plan

PATTERN = np.random.default_rng(0).random((3, 16, 20)).astype(np.float32)


@pytest.fixture(scope="module")
def reader():
    """A classifier of small patterns; its network is never used."""
    shipped = Classifier.load("gray-scott-second-pass")
    return dataclasses.replace(shipped, input=Input(3, 16, 20, "u", 30.0, (60.0, 30.0)))


def frames(source, reader, **given):
    return patterns_from(source, reader, **given).frames


SHAPES = [
    (PATTERN, PATTERN[None]),
    (PATTERN[0], np.repeat(PATTERN[None, :1], 3, axis=1)),
    (PATTERN[None], PATTERN[None]),
    (np.stack([PATTERN, PATTERN]), np.stack([PATTERN, PATTERN])),
    (np.stack([PATTERN, PATTERN])[:, :1], np.repeat(np.stack([PATTERN, PATTERN])[:, :1], 3, axis=1)),
    (np.round(PATTERN * 255).astype(np.uint8), PATTERN[None]),
    (np.round(PATTERN * 65535).astype(np.uint16), PATTERN[None]),
    (PATTERN.astype(np.float64), PATTERN[None]),
    (PATTERN.tolist(), PATTERN[None]),
]


@pytest.mark.parametrize(("array", "expected"), SHAPES)
def test_python_and_files_read_the_same_arrays(tmp_path, reader, array, expected):
    np.save(tmp_path / "a.npy", array)
    for source in (array, tmp_path / "a.npy", str(tmp_path / "a.npy")):
        assert np.allclose(frames(source, reader), expected, atol=0.5 / 255)


def test_notes_say_what_was_done(reader):
    grey = patterns_from(np.zeros((16, 20), np.uint8), reader)
    assert [note for note in grey.notes if "255 is read as concentration 1" in note]
    assert [note for note in grey.notes if "does not change" in note]
    assert not patterns_from(PATTERN, reader).notes


class TestLabelledArrays:
    @pytest.mark.parametrize(
        ("dims", "array"),
        [
            (("y", "x"), PATTERN[0]),
            (("x", "y"), PATTERN[0].T),
            (("time", "y", "x"), PATTERN),
            (("y", "x", "time"), np.moveaxis(PATTERN, 0, 2)),
            (("run", "time", "y", "x"), PATTERN[None]),
            (("x", "run", "y"), np.moveaxis(PATTERN[:1], 2, 0)),
        ],
    )
    def test_dimensions_count_by_name(self, reader, dims, array):
        found = frames(xarray.DataArray(array, dims=dims), reader)
        assert found.shape == (1, 3, 16, 20)
        assert np.array_equal(found[0, 0], PATTERN[0])

    def test_frames_are_chosen_by_time(self, reader):
        series = xarray.DataArray(np.stack([PATTERN[0] * 0, *PATTERN]), dims=("time", "y", "x"))
        chosen = frames(series.assign_coords(time=[0, 40, 70, 100]), reader)
        assert np.array_equal(chosen[0], PATTERN)
        with pytest.raises(UsageError, match="30 apart"):
            frames(series.assign_coords(time=[0, 100, 200, 300]), reader)

    def test_coordinates_determine_the_cell_size(self, reader):
        field = xarray.DataArray(PATTERN[0], dims=("y", "x"))
        twice = field.assign_coords(y=np.arange(16) * 2.0, x=np.arange(20) * 2.0)
        assert patterns_from(twice, reader).steps.tolist() == [0.5]
        assert patterns_from(twice, reader, cell_size=1).steps.tolist() == [1]
        with pytest.raises(UsageError, match="not equal squares"):
            patterns_from(field.assign_coords(y=np.arange(16) * 2.0, x=np.arange(20)), reader)

    def test_other_dimensions_are_refused(self, reader):
        for dims in (("a", "b"), ("a", "b", "y", "x")):
            array = np.zeros([3, 3, 16, 20][-len(dims) :], np.float32)
            with pytest.raises(UsageError, match="expected y and x"):
                frames(xarray.DataArray(array, dims=dims), reader)

    def test_a_data_set_gives_the_species_that_is_read(self, workshop):
        reader = Classifier.load(workshop / "classifier")
        data = Ensemble(workshop / "validation").dataset()
        found = patterns_from(data.isel(run=slice(0, 2)), reader)
        assert np.array_equal(found.frames, Ensemble(workshop / "validation").frames(np.arange(2)))
        with pytest.raises(UsageError, match="expected 'u'"):
            patterns_from(data.rename(u="w"), reader)


class TestPictures:
    def test_our_composites_are_frames(self, tmp_path, reader):
        save_composite(PATTERN, tmp_path / "u.png", (0.0, 1.0), times=[40, 70, 100])
        assert np.allclose(frames(tmp_path / "u.png", reader), PATTERN, atol=0.5 / 255)
        save_composite(0.4 + 0.1 * PATTERN, tmp_path / "w.png", None)  # in its own range
        assert np.allclose(frames(tmp_path / "w.png", reader), 0.4 + 0.1 * PATTERN, atol=0.1 / 255)

    def test_composites_of_other_times_are_refused(self, tmp_path, reader):
        save_composite(PATTERN, tmp_path / "u.png", times=[0, 100, 200])
        with pytest.raises(UsageError, match="30 apart"):
            frames(tmp_path / "u.png", reader)

    @pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp", "a.npy"])
    def test_photographs_are_refused_and_grey_ones_read(self, tmp_path, reader, name):
        pixels = np.round(np.moveaxis(PATTERN, 0, 2) * 255).astype(np.uint8)
        for file, array in ((name, pixels), (f"grey-{name}", pixels[..., 0]), (f"same-{name}", pixels[..., [0, 0, 0]])):
            np.save(tmp_path / file, array) if name.endswith("npy") else Image.fromarray(array).save(tmp_path / file)
        with pytest.raises(UsageError, match="colour picture"):
            frames(tmp_path / name, reader)
        for grey in (f"grey-{name}", f"same-{name}"):
            assert np.allclose(frames(tmp_path / grey, reader)[0], PATTERN[:1], atol=0.5 / 255)

    def test_float_and_16_bit_tiffs_and_stacks(self, tmp_path, reader):
        tifffile.imwrite(tmp_path / "a.tif", PATTERN[0])
        tifffile.imwrite(tmp_path / "b.tif", np.round(PATTERN[0] * 65535).astype(np.uint16))
        for name in ("a.tif", "b.tif"):
            assert np.allclose(frames(tmp_path / name, reader)[0, 0], PATTERN[0], atol=1e-5)
        tifffile.imwrite(tmp_path / "c.tif", PATTERN, photometric="minisblack")
        assert np.array_equal(frames(tmp_path / "c.tif", reader)[0], PATTERN)

    def test_alpha_is_left_out(self, tmp_path, reader):
        Image.fromarray(np.full((16, 20, 4), 128, dtype=np.uint8)).save(tmp_path / "a.png")
        assert np.allclose(frames(tmp_path / "a.png", reader), 128 / 255)

    def test_a_run_in_one_dimension_is_refused(self, tmp_path, reader):
        morphoscope.simulate("gray-scott", out=tmp_path / "run", size=(40, 1), until=60, initial="noise")
        for name in ("", "snapshots.npz", "u.png"):
            with pytest.raises(UsageError, match=r"one.dimension"):
                patterns_from(tmp_path / "run" / name, reader)


def test_archives_choose_the_frames_by_time(tmp_path, reader):
    series = np.random.default_rng(1).random((5, 16, 20)).astype(np.float32)
    np.savez(tmp_path / "b.npz", u=series, t=[0, 40, 70, 85, 100])
    assert np.array_equal(frames(tmp_path / "b.npz", reader)[0], series[[1, 2, 4]])
    np.savez(tmp_path / "c.npz", u=PATTERN)
    assert np.array_equal(frames(tmp_path / "c.npz", reader)[0], PATTERN)
    np.savez(tmp_path / "a.npz", u=series, v=series, t=[0, 40, 70, 100, 110])
    with pytest.raises(UsageError, match="here at 50, 80, 110"):
        frames(tmp_path / "a.npz", reader)


class TestTimes:
    uneven = Input(3, 16, 20, "u", 5.0, (8.0, 5.0))

    def test_frames_may_be_unevenly_spaced(self):
        assert frame_places((492, 495, 500), self.uneven, "x") == [0, 1, 2]
        assert frame_places((480, 492, 494, 495, 500), self.uneven, "x") == [1, 3, 4]
        with pytest.raises(UsageError, match="3 frames 3 and 5 apart, here at 492, 495, 500"):
            frame_places((490, 495, 500), self.uneven, "x")

    def test_of_a_run_that_is_too_short(self) -> None:
        with pytest.raises(UsageError, match="they span 8; simulate until then or longer"):
            frame_places((2, 5), self.uneven, "x")

    def test_training_keeps_them(self):
        plan = dataclasses.replace(tiny_plan(runs=1), times=(2992.0, 2995.0, 3000.0))
        assert input_of(plan).before == (8.0, 5.0, 0.0)
        assert frame_places(plan.times, input_of(plan), "x") == [0, 1, 2]

    def test_classifiers_that_kept_the_last_interval_only_are_held_to_that(self):
        old = dataclasses.replace(self.uneven, earlier=None)
        assert frame_places((492, 495, 500), old, "x") == [0, 1, 2]
        with pytest.raises(UsageError, match="5 apart"):
            frame_places((490, 494, 500), old, "x")

    def test_evenly_spaced_ones_refuse_uneven_frames(self, reader):
        with pytest.raises(UsageError, match="30 apart"):
            frame_places((10, 70, 100), reader.input, "x")


class TestOtherSizes:
    def test_need_a_cell_size(self, reader):
        with pytest.raises(UsageError, match=r"40x32 cells; expected .*20x16 cells") as caught:
            frames(np.ones((32, 40)), reader)
        assert caught.value.parameter == "cell_size"
        assert (
            patterns_from(np.ones((32, 40)), reader, cell_size=1)
            .notes[-1]
            .endswith("40x32 cells read in up to 4 windows of 20x16, their probabilities averaged")
        )

    def test_resizing_keeps_the_aspect_ratio_and_reports_what_it_changes(self, reader):
        found = patterns_from(np.ones((32, 40)), reader, resize=True)
        assert found.steps.tolist() == [2]
        assert any("stretched by 0.5; this changes its wavelengths" in note for note in found.notes)
        assert patterns_from(np.ones((16, 40)), reader, resize=True).steps.tolist() == [1]

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"cell_size": 0}, "above 0"),
            ({"cell_size": float("nan")}, "above 0"),
            ({"cell_size": 1, "resize": True}, "leave one out"),
            ({"cell_size": 1e-3}, "check the cell size"),
            ({"cell_size": 1e3}, "check the cell size"),
        ],
    )
    def test_nonsense_is_refused(self, reader, given, words):
        with pytest.raises(UsageError, match=words):
            patterns_from(PATTERN, reader, **given)

    def test_runs_know_theirs(self, reader, workshop):
        for source in (Ensemble(workshop / "validation"), workshop / "validation"):
            with pytest.raises(UsageError, match="has its own cell size"):
                patterns_from(source, reader, cell_size=1)


def write_bad_files(folder):
    np.save(folder / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.savez(folder / "objects.npz", u=np.array([{}], dtype=object))
    np.savez(folder / "names.npz", w=PATTERN)
    np.save(folder / "nan.npy", np.full((16, 20), np.nan))
    np.save(folder / "grey.npy", np.full((16, 20), 200.0))
    np.save(folder / "text.npy", np.array(["a"]))
    np.save(folder / "line.npy", np.ones(16))
    np.save(folder / "five.npy", np.ones((1, 1, 1, 16, 20)))
    np.save(folder / "empty.npy", np.ones((0, 3, 16, 20)))
    (folder / "broken.npy").write_bytes(b"\x93NUMPY\x01\x00")
    (folder / "broken.npz").write_bytes(b"PK\x03\x04 broken")
    (folder / "broken.png").write_bytes(b"\x89PNG broken")
    (folder / "broken.tif").write_bytes(b"II*\x00 broken")
    (folder / "a.docx").write_text("text")
    (folder / "folder").mkdir()
    (folder / "well.hdf5").write_bytes(b"\x89HDF\r\n")
    (folder / "x.zarr").mkdir()
    (folder / "x.pkl").write_bytes(b"")
    (folder / "run").mkdir()
    (folder / "run" / "run.json").write_text("{}")
    np.savez(folder / "run" / "snapshots.npz", u=PATTERN)


BAD = {
    "objects.npy": "pickled",
    "objects.npz": "pickled",
    "names.npz": "no array 'u'",
    "nan.npy": "320 numbers that are NaN",
    "grey.npy": "up to 200",
    "text.npy": "expected numbers",
    "line.npy": "expected (y, x)",
    "five.npy": "expected (y, x)",
    "empty.npy": "expected (y, x)",
    "broken.npy": "can't be read",
    "broken.npz": "can't be read",
    "broken.png": "can't be read",
    "broken.tif": "can't be read",
    "a.docx": "unknown file type",
    "folder": "neither an ensemble",
    "absent.png": "does not exist",
    "absent.zarr": "does not exist",
    "well.hdf5": "HDF5 and NetCDF files can't be read yet",
    "x.zarr": "is a Zarr store",
    "x.pkl": "could run code",
    "run": "damaged",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_one_line(tmp_path, reader, name):
    write_bad_files(tmp_path)
    with pytest.raises(UsageError) as caught:
        patterns_from(tmp_path / name, reader)
    assert "\n" not in str(caught.value)
    assert BAD[name] in str(caught.value)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full((3, 16, 20), np.nan), "NaN"),
        (np.where(np.arange(20) == 3, np.inf, PATTERN), "48 numbers that are NaN or infinite"),
        (np.zeros((16, 20), complex), "expected numbers"),
        (np.zeros((2, 16, 20)), "expected"),
        (PATTERN * 300, "scale them"),
    ],
)
def test_bad_arrays_are_one_line(reader, array, words):
    with pytest.raises(UsageError, match=words):
        patterns_from(array, reader)


def test_a_simulated_run_is_the_same_pattern_in_every_form(workshop, tmp_path):
    point = {"f": 0.046, "k": 0.063}
    run = morphoscope.simulate("gray-scott", point, out=tmp_path / "run", size=(64, 64), dt=0.5, until=600)
    reader = Classifier.load(workshop / "classifier")
    forms = [run, tmp_path / "run", tmp_path / "run" / "snapshots.npz", tmp_path / "run" / "u.png", run.species("u")]
    found = [frames(form, reader) for form in forms]
    assert all(np.array_equal(found[0], other) for other in (found[1], found[2], found[4]))
    assert np.allclose(found[0], found[3], atol=0.5 / 255)
    known = [patterns_from(form, reader).plan is not None for form in forms]
    assert known == [True, True, True, True, False]


def test_a_runs_picture_for_people_points_to_the_run(workshop, tmp_path):
    morphoscope.simulate("gray-scott", out=tmp_path / "run", size=(64, 64), dt=0.5, until=60)
    with pytest.raises(UsageError, match="give the run's folder"):
        morphoscope.classify(workshop / "classifier", tmp_path / "run" / "picture.png")


class TestWhatARunKnows:
    """A run that does not fit the classifier is refused or reported, by classify and scan alike."""

    def run(self, folder, **settings):
        settings = {"size": (64, 64), "until": 300, "dt": 0.5} | settings
        return morphoscope.simulate(
            settings.pop("model", "gray-scott"), settings.pop("point", {}), out=folder, **settings
        )

    def test_other_times_are_refused(self, workshop, tmp_path):
        self.run(tmp_path / "run", times=(100, 200, 300))
        for name in ("", "u.png", "snapshots.npz"):
            with pytest.raises(UsageError, match=r"30 apart, here at 240, 270, 300"):
                morphoscope.classify(workshop / "classifier", tmp_path / "run" / name)

    def test_more_times_than_needed_are_no_harm(self, workshop, tmp_path):
        run = self.run(tmp_path / "run", times=(100, 240, 255, 270, 300))
        found = frames(run, Classifier.load(workshop / "classifier"))
        assert np.array_equal(found[0], run.species("u")[[1, 3, 4]])

    def test_another_species_is_refused(self, workshop, tmp_path):
        plan = dataclasses.replace(tiny_plan(runs=1), record=("v",), until=300.0, times=(240.0, 270.0, 300.0))
        morphoscope.ensemble(plan, tmp_path / "v")
        for read in (morphoscope.classify, lambda c, d: morphoscope.scan(c, d, tmp_path / "atlas")):
            with pytest.raises(UsageError, match="has v; the classifier reads 'u'"):
                read(workshop / "classifier", tmp_path / "v")
        assert not (tmp_path / "atlas").exists()

    def test_another_model_is_reported(self, workshop, tmp_path):
        run = self.run(tmp_path / "run", model="schnakenberg", until=100.0, dt=None, times=(40, 70, 100))
        words = "trained on gray-scott, .* is schnakenberg"
        with pytest.warns(UserWarning, match=words):
            found = morphoscope.classify(workshop / "classifier", run)
        assert any("schnakenberg" in note for note in found.notes)
        told = Listening()
        morphoscope.classify(workshop / "classifier", tmp_path / "run", progress=told)
        assert any("schnakenberg" in text for text in told.said)

    def test_another_ratio_of_diffusion_is_reported(self, workshop, tmp_path):
        run = self.run(tmp_path / "run", point={"Dv": 0.05})
        with pytest.warns(UserWarning, match="ratio of the diffusion coefficients"):
            morphoscope.classify(workshop / "classifier", run)


def unfinished(source, folder, runs):
    """A copy of an ensemble in which only the first runs are done."""
    shutil.copytree(source, folder)
    with contextlib.closing(sqlite3.connect(folder / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("DELETE FROM runs WHERE run >= ?", (runs,))
    return folder


def test_runs_that_are_left_out_are_reported(workshop, tmp_path):
    part = unfinished(workshop / "validation", tmp_path / "part", 5)
    told = Listening()
    assert len(morphoscope.classify(workshop / "classifier", part, progress=told)) == 5
    atlas = morphoscope.scan(workshop / "classifier", part, tmp_path / "atlas", progress=told)
    assert atlas.runs.tolist() == [0, 1, 2, 3, 4]
    assert len([text for text in told.said if "5 of 12 runs are done and read; 7 not simulated yet" in text]) == 2


def test_an_ensemble_with_nothing_done_is_refused(workshop, tmp_path):
    nothing = unfinished(workshop / "validation", tmp_path / "nothing", 0)
    for read in (morphoscope.classify, lambda c, d: morphoscope.scan(c, d, tmp_path / "atlas")):
        with pytest.raises(UsageError, match="none of 12 runs is done"):
            read(workshop / "classifier", nothing)
    assert not (tmp_path / "atlas").exists()
