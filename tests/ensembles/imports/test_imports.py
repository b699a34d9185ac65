"""Files of other people become ensembles with the same numbers; what can't be read is refused in one line."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import morphoscope
from morphoscope import DataError, Plan, UsageError
from tests.ensembles.imports.files import FRAMES, GREY, HEIGHT, WIDTH, write_all
from tests.ensembles.imports.files import write_well as well_file


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    write_all(folder)
    return folder


# file → (frames, largest error, times, cell, boundary, species, parameters)
HALF, SIXTEEN, LOSSY = 0.5 / 255 + 1e-6, 0.5 / 65535 + 1e-6, 8 / 255
COUNTED, TENTHS = (0, 1, 2, 3, 4), (0, 0.1, 0.2, 0.3, 0.4)
EXPECTED = {
    "plain.npy": (5, 0, COUNTED, 1, "no-flux", "u", "number"),
    "columns.npy": (5, 0, COUNTED, 1, "no-flux", "u", "number"),
    "plain.npz": (5, 0, (0, 2, 4, 6, 8), 1, "no-flux", "u v", "number"),
    "five.mat": (5, 0, (0, 3, 6, 9, 12), 1, "no-flux", "u", "number"),
    "seven.mat": (5, 0, COUNTED, 1, "no-flux", "u", "number"),
    "any.h5": (5, 0, COUNTED, 1, "no-flux", "run_u", "number"),
    "grid.csv": (1, 1e-7, (0,), 1, "no-flux", "u", "number"),
    "grid.txt": (1, 1e-7, (0,), 1, "no-flux", "u", "number"),
    "grey.png": (1, HALF, (0,), 1, "no-flux", "u", "number"),
    "colours.jpg": (1, LOSSY, (0,), 1, "no-flux", "u", "number"),
    "deep.png": (1, SIXTEEN, (0,), 1, "no-flux", "u", "number"),
    "moving.gif": (5, HALF, TENTHS, 1, "no-flux", "u", "number"),
    "lzw.tif": (1, HALF, (0,), 1, "no-flux", "u", "number"),
    "floats.tif": (5, 0, COUNTED, 1, "no-flux", "u", "number"),
    "deep.tif": (5, SIXTEEN, COUNTED, 1, "no-flux", "u", "number"),
    "film.mp4": (5, LOSSY, TENTHS, 1, "no-flux", "u", "number"),
    "film.avi": (5, LOSSY, TENTHS, 1, "no-flux", "u", "number"),
    "three.nc": (5, 0, (0, 2, 4, 6, 8), 0.5, "no-flux", "u", "f"),
    "four.nc": (5, 0, (0, 2, 4, 6, 8), 0.5, "no-flux", "u", "f"),
    "group.zarr": (5, 0, (0, 2, 4, 6, 8), 0.5, "no-flux", "u", "f"),
    "well.hdf5": (5, 0, (0, 10, 20, 30, 40), 2 / 31, "x=periodic,y=no-flux", "A B", "F k D"),
    "bench.h5": (5, 0, COUNTED, 0.125, "no-flux", "u v", "Du k"),
}


def test_every_file_is_expected(files):
    assert {path.name for path in files.iterdir()} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_becomes_an_ensemble_with_its_numbers(files, tmp_path, name):
    frames, error, times, cell, boundary, species, parameters = EXPECTED[name]
    made = morphoscope.import_patterns(files / name, tmp_path / "out")
    plan, found = made.plan, made.frames(np.array([0]))
    assert found.shape == (1, frames, HEIGHT, WIDTH)
    assert np.abs(found[0] - FRAMES[:frames]).max() <= error
    assert plan.times == pytest.approx(times)
    assert plan.grid.spacing == pytest.approx(cell, rel=1e-5)
    assert (plan.grid.boundary, " ".join(plan.record), " ".join(plan.parameter_names)) == (
        boundary,
        species,
        parameters,
    )
    assert set(made.status()) == {"done"}
    assert plan.imported.files[0].name == name
    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.load(tmp_path / "out" / "plan.json").hash == plan.hash
    assert morphoscope.check(tmp_path / "out") == []


def test_several_runs_of_a_file_and_what_is_known_of_them(files, tmp_path):
    made = morphoscope.import_patterns(files / "four.nc", tmp_path / "four")
    assert (made.labels(), made.plan.values("f"), made.plan.imported.unit) == (["A", None], [0.1, 0.2], "mm")
    assert np.array_equal(made.frames(np.array([1]))[0], 1 - FRAMES)
    data = made.dataset()
    assert data.x.attrs["units"] == "mm"
    assert data.source.values.tolist() == ["four.nc", "four.nc"]
    bench = morphoscope.import_patterns(files / "bench.h5", tmp_path / "bench", fields="v", frames="1:5:2")
    assert bench.frames(np.array([2])).shape == (1, 2, HEIGHT, WIDTH)
    assert np.array_equal(bench.frames(np.array([2]))[0], 1 - FRAMES[1::2])
    assert bench.plan.times == (1, 3)


def test_a_named_model_takes_species_and_parameters(files, tmp_path):
    made = morphoscope.import_patterns(
        files / "well.hdf5", tmp_path / "out", model="gray-scott", parameters={"Du": 2e-5}, scale="0.5 mm"
    )
    assert made.plan.record == ("u", "v")
    assert made.plan.parameter_names == ("f", "k", "Du", "D")
    assert (made.plan.values("f")[0], made.plan.values("D")) == (0.03, [1, 2])
    assert (made.plan.grid.spacing, made.plan.imported.unit) == (0.5, "mm")
    assert np.array_equal(made.frames(np.array([1]), "v")[0], ((1 - FRAMES) / 2).astype(np.float32))


def photographs(folder, count=4):
    folder.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(GREY[number]).save(folder / f"{number}.png")
    return folder


def test_a_folder_with_a_table(tmp_path):
    folder = photographs(tmp_path / "photographs")
    rows = [f"{n}.png,{'AB'[n % 2]},{n / 2},{n % 2},gel {n}" for n in (2, 0, 3)]
    (folder / "metadata.csv").write_text("\n".join(["file,class,conc (mM),lambda,remark", *rows]))
    made = morphoscope.import_patterns(folder, tmp_path / "out", scale="0.1mm")
    assert made.labels() == ["A", "A", "B"]
    assert made.plan.parameter_names == ("conc_mM", "lambda_")
    assert made.plan.values("conc_mM") == [1, 0, 1.5]
    assert made.plan.model.meanings["conc_mM"] == "conc (mM)"
    assert [file.name for file in made.plan.imported.files] == ["2.png", "0.png", "3.png"]
    assert made.frames(np.array([1]))[0, 0] == pytest.approx(GREY[0] / 255, abs=1e-6)


def test_subfolders_are_classes(tmp_path):
    for name in ("spots", "stripes"):
        photographs(tmp_path / "photographs" / name, 2)
    made = morphoscope.import_patterns(tmp_path / "photographs", tmp_path / "out")
    assert made.labels() == ["spots", "spots", "stripes", "stripes"]


def test_axes_and_sizes_can_be_given(tmp_path):
    np.save(tmp_path / "runs.npy", FRAMES)
    made = morphoscope.import_patterns(tmp_path / "runs.npy", tmp_path / "runs", axes="run,y,x")
    assert made.frames(np.arange(5)).shape == (5, 1, HEIGHT, WIDTH)
    np.save(tmp_path / "channels.npy", np.stack([FRAMES, 1 - FRAMES], axis=-1))
    made = morphoscope.import_patterns(tmp_path / "channels.npy", tmp_path / "channels", axes="time,y,x,field")
    assert made.plan.record == ("u0", "u1")
    np.save(tmp_path / "column.npy", FRAMES[0].reshape(-1, 1))
    with pytest.raises(DataError, match="width and height") as error:
        morphoscope.import_patterns(tmp_path / "column.npy", tmp_path / "column")
    assert error.value.parameter == "size"
    made = morphoscope.import_patterns(tmp_path / "column.npy", tmp_path / "column", size=(WIDTH, HEIGHT))
    assert np.array_equal(made.frames(np.array([0]))[0, 0], FRAMES[0])


def test_what_works_on_an_imported_ensemble(files, tmp_path):
    made = morphoscope.import_patterns(files / "grey.png", tmp_path / "out", scale="0.1mm")
    table = morphoscope.describe(made)
    assert table.columns["wavelength"][0] == pytest.approx(0.8, rel=0.02)
    assert ("wavelength", "mm") in [row[:2] for row in table.summary()]
    morphoscope.montage(made, out=tmp_path / "montage.png")
    morphoscope.class_map(made, tmp_path / "map.png", color="wavelength")
    assert morphoscope.annotate(made, "stripes", [0], who="ada") == 1
    read = morphoscope.classify("gray-scott-second-pass", made)
    assert len(read.names) == 1  # one frame is a pattern at rest


def test_imported_runs_are_not_simulated(files, tmp_path):
    made = morphoscope.import_patterns(files / "well.hdf5", tmp_path / "out", model="gray-scott", boundary="periodic")
    for attempt in (
        lambda: morphoscope.ensemble(made.plan, tmp_path / "again"),
        lambda: morphoscope.ensemble(tmp_path / "out" / "plan.json", tmp_path / "again", limit=1),
    ):
        with pytest.raises(UsageError, match=r"imported from well\.hdf5, and can't be simulated"):
            attempt()
    assert not (tmp_path / "again").exists()


def test_theory_needs_a_model(files, tmp_path):
    for model, known in (("gray-scott", True), (None, False)):
        made = morphoscope.import_patterns(files / "well.hdf5", tmp_path / str(known), model=model, fields="A")
        assert bool(made.plan.model.equations()) is known
        assert bool(morphoscope.open_atlas(made).theory_lines((0.0, 0.1), (0.0, 0.1))) is known


def test_earlier_versions_refuse_such_plans(files, tmp_path):
    morphoscope.import_patterns(files / "plain.npy", tmp_path / "out")
    assert json.loads((tmp_path / "out" / "plan.json").read_text())["format"] == 5


def test_a_damaged_run_is_imported_again(files, tmp_path):
    made = morphoscope.import_patterns(files / "bench.h5", tmp_path / "out")
    shard = next(path for path in (tmp_path / "out").rglob("*") if path.parent.name == "u" and path.name[0] == "c")
    content = bytearray(shard.read_bytes())
    content[20] ^= 255
    shard.write_bytes(content)
    (finding,) = morphoscope.check(tmp_path / "out")
    assert "import the same files again" in finding.remedy
    again = morphoscope.import_patterns(files / "bench.h5", tmp_path / "out")
    assert morphoscope.check(tmp_path / "out") == []
    assert np.array_equal(again.frames(np.array([0]))[0], FRAMES)
    assert again.plan.hash == made.plan.hash
    with pytest.raises(UsageError, match="another plan"):
        morphoscope.import_patterns(files / "plain.npy", tmp_path / "out")


def refused(tmp_path, path, match, **options):
    with pytest.raises(UsageError, match=match) as error:
        morphoscope.import_patterns(path, tmp_path / "out", **options)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_refusals_leave_nothing(files, tmp_path):
    refused(tmp_path, tmp_path / "none.png", "does not exist")
    refused(tmp_path, files / "plain.npy", "unknown axis 'z'", axes="z,y,x")
    refused(tmp_path, files / "plain.npy", "scale 'big'", scale="big")
    refused(tmp_path, files / "plain.npz", "no field 'w'", fields="w")
    refused(tmp_path, files / "plain.npy", "one different name", species="u,v")
    refused(tmp_path, files / "plain.npy", "unknown species 'q'", model="gray-scott", species="q")
    refused(tmp_path, files / "plain.npy", r"frames '1:2:x'", frames="1:2:x")
    refused(tmp_path, files / "plain.npy", r"0 frames", frames="7:9")
    refused(tmp_path, [files / "plain.npy", files / "grey.png"], "different ensembles")
    (tmp_path / "model.pkl").write_bytes(b"cos\nsystem\n")
    refused(tmp_path, tmp_path / "model.pkl", "could run code")
    np.save(tmp_path / "objects.npy", np.array([{}, {}]), allow_pickle=True)
    refused(tmp_path, tmp_path / "objects.npy", "pickled objects")
    broken = FRAMES.copy()
    broken[3, 2, 1] = np.nan
    np.save(tmp_path / "nan.npy", broken)
    refused(tmp_path, tmp_path / "nan.npy", "1 values that are NaN")


def test_a_bad_file_after_good_ones_leaves_nothing(tmp_path):
    folder = photographs(tmp_path / "photographs")
    content = (folder / "3.png").read_bytes()
    (folder / "3.png").write_bytes(content[: len(content) - 40])
    refused(tmp_path, folder, r"3\.png can't be read")


def test_bombs_are_refused(tmp_path):
    import h5py
    import zarr

    with h5py.File(tmp_path / "bomb.h5", "w") as file:
        file.create_dataset("u", (10_000, 512, 512), np.float32, chunks=(1, 512, 512))
    refused(tmp_path, tmp_path / "bomb.h5", "would expand")
    with h5py.File(tmp_path / "chunk.h5", "w") as file:
        file.create_dataset("u", (20_000, 64, 64), np.float32, chunks=(20_000, 64, 64), compression="gzip")
    refused(tmp_path, tmp_path / "chunk.h5", "pieces of more than")
    zarr.create_array(str(tmp_path / "piece.zarr"), shape=(34, 1024, 1024), dtype="f4", chunks=(34, 1024, 1024))
    refused(tmp_path, tmp_path / "piece.zarr", "pieces of more than 134,217,728")
    well_file(tmp_path / "places.h5", runs=1)
    with h5py.File(tmp_path / "places.h5", "r+") as file:
        del file["dimensions/x"]
        file["dimensions"].create_dataset("x", 20_000_000, np.float64, chunks=(2**20,))
    refused(tmp_path, tmp_path / "places.h5", "at most 67,108,864 of times, places")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.create_dataset("u", (8, 8), np.uint8, external=[("/etc/passwd", 0, 64)])
    refused(tmp_path, tmp_path / "other.h5", "other files")
    np.savez_compressed(tmp_path / "bomb.npz", u=np.zeros((40, 1024, 1024), np.float64))
    refused(tmp_path, tmp_path / "bomb.npz", "at most")
    (tmp_path / "film.mp4").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    refused(tmp_path, tmp_path / "film.mp4", "is no film")


def test_an_ensemble_with_other_files_is_left_alone(files, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="other files"):
        morphoscope.import_patterns(files / "plain.npy", tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_parameters_differ_between_files(tmp_path):
    for number, path in enumerate(("one.h5", "two.h5")):
        well_file(tmp_path / path, runs=1 + number)
    made = morphoscope.import_patterns([tmp_path / "one.h5", tmp_path / "two.h5"], tmp_path / "out")
    assert made.plan.imported.sources() == ["one.h5", "two.h5", "two.h5"]
    assert made.plan.values("D") == [1, 1, 2]
    shutil.rmtree(tmp_path / "out")


def test_a_large_file_needs_little_memory(tmp_path):
    """300 MiB that take no room on the disk, in runs of 2 MiB; the file's own pages are mapped, not allocated."""
    import tracemalloc

    shape = (150, 2, 512, 512)
    header = np.lib.format.open_memmap(tmp_path / "large.npy", mode="w+", dtype=np.float32, shape=shape)
    del header
    tracemalloc.start()
    try:
        made = morphoscope.import_patterns(tmp_path / "large.npy", tmp_path / "out")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(made.plan.runs) == 150
    assert peak < 64 * 2**20
