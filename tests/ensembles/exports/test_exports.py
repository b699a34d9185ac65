"""Exported runs are read by other programs and come back with the same numbers."""

import numpy as np
import pytest
import tifffile
import xarray

import morphoscope
from morphoscope import UsageError


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    plan = morphoscope.scan_plan(
        "gray-scott", {"k": 0.06}, grid={"f": (0.02, 0.04, 2)}, replicates=2, size=(48, 44), until=40, times=(20, 40),
        boundary="x=periodic,y=no-flux", record=("u", "v"),
    )  # fmt: skip
    return morphoscope.ensemble(plan, tmp_path_factory.mktemp("exports") / "scan")


RUNS = np.arange(4)
BY_POINT = np.array([0, 2, 1, 3])  # the runs by their parameters


def test_netcdf_is_the_data_set(scan, tmp_path):
    path = morphoscope.export(scan, tmp_path / "scan.nc", format="netcdf")
    with xarray.open_dataset(path) as data:
        own = scan.dataset().drop_vars("status")
        xarray.testing.assert_equal(data.load(), own.load())
        assert data.attrs["plan_hash"] == scan.plan.hash
    back = morphoscope.import_patterns(path, tmp_path / "back", model="gray-scott", boundary=scan.plan.grid.boundary)
    for species in ("u", "v"):
        assert np.array_equal(back.frames(RUNS, species), scan.frames(RUNS, species))
    assert back.plan.values("f") == scan.plan.values("f")
    assert (back.plan.times, back.plan.grid.spacing) == (scan.plan.times, scan.plan.grid.spacing)


def test_npz(scan, tmp_path):
    path = morphoscope.export(scan, tmp_path / "scan.npz", format="npz", runs=[3, 0])
    with np.load(path) as found:
        assert np.array_equal(found["v"], scan.frames(np.array([0, 3]), "v"))
        assert (found["t"].tolist(), found["f"].tolist()) == ([20, 40], [0.02, 0.04])
    back = morphoscope.import_patterns(path, tmp_path / "back", species="u,v")
    assert np.array_equal(back.frames(np.arange(2)), scan.frames(np.array([0, 3])))
    assert back.plan.values("f") == [0.02, 0.04]


def test_well_comes_back(scan, tmp_path):
    folder = morphoscope.export(scan, tmp_path / "well", format="well")
    assert sorted(path.name for path in folder.glob("*.hdf5")) == ["gray-scott-0.hdf5", "gray-scott-1.hdf5"]
    back = morphoscope.import_patterns(folder, tmp_path / "back", model="gray-scott")
    for species in ("u", "v"):
        assert np.array_equal(back.frames(RUNS, species), scan.frames(BY_POINT, species))
    assert back.plan.values("f") == pytest.approx([0.02, 0.02, 0.04, 0.04])
    assert (back.plan.times, back.plan.grid.boundary) == (scan.plan.times, scan.plan.grid.boundary)


def test_well_has_its_layout(scan, tmp_path):
    """As https://polymathic-ai.org/the_well/data_format describes it."""
    import h5py

    folder = morphoscope.export(scan, tmp_path / "well", format="well")
    with h5py.File(folder / "gray-scott-1.hdf5") as file:
        assert set(file) == {"boundary_conditions", "dimensions", "scalars", "t0_fields", "t1_fields", "t2_fields"}
        names = list(file.attrs["simulation_parameters"])
        assert names == ["f", "k", "Du", "Dv"]
        assert (file.attrs["f"], file.attrs["n_trajectories"], file.attrs["n_spatial_dims"]) == (0.04, 2, 2)
        field = file["t0_fields/u"]
        assert (field.shape, field.dtype) == ((2, 2, 48, 44), np.float32)
        assert np.array_equal(field[0, 1], scan.frames(np.array([1]))[0, 1].T)
        kinds = {key: item.attrs["bc_type"] for key, item in file["boundary_conditions"].items()}
        assert kinds == {"x_periodic": "PERIODIC", "y_wall": "WALL"}
        assert list(file["t1_fields"].attrs["field_names"]) == []


def test_the_wells_own_loader_opens_it(scan, tmp_path):
    """With the package the-well, which can't be among our test packages: it fixes fsspec to a version of 2024."""
    data = pytest.importorskip("the_well.data")
    folder = morphoscope.export(scan, tmp_path / "well", format="well")
    found = data.WellDataset(path=str(folder), n_steps_input=1, n_steps_output=1, use_normalization=False)
    assert len(found) == 4
    assert found.metadata.field_names[0] == ["u", "v"]
    assert found.metadata.constant_scalar_names == ["f", "k", "Du", "Dv"]
    sample = found[2]
    assert np.array_equal(sample["input_fields"][0, ..., 0].numpy(), scan.frames(np.array([1]))[0, 0].T)
    assert sample["constant_scalars"][0].item() == pytest.approx(0.04)
    assert sample["boundary_conditions"].tolist() == [[2, 2], [0, 0]]


def test_stacks_and_films(scan, tmp_path):
    folder = morphoscope.export(scan, tmp_path / "stacks", format="tiff", runs=[2])
    assert np.array_equal(tifffile.imread(folder / "run-2-v.tif"), scan.frames(np.array([2]), "v")[0])
    back = morphoscope.import_patterns(folder / "run-2-u.tif", tmp_path / "back")
    assert np.array_equal(back.frames(np.array([0])), scan.frames(np.array([2])))
    folder = morphoscope.export(scan, tmp_path / "films", format="mp4", runs=[0])
    films = morphoscope.import_patterns(folder / "run-0-u.mp4", tmp_path / "film")
    assert len(films.plan.times) == 2


def test_refusals(scan, tmp_path):
    for options, match in (
        ({"format": "hdf"}, "unknown format 'hdf'"),
        ({"format": "netcdf"}, "ends with .nc"),
        ({"format": "tiff", "runs": [9]}, "run 9 .* is not done"),
        ({"runs": [0]}, "a page shows all runs"),
    ):
        with pytest.raises(UsageError, match=match):
            morphoscope.export(scan, tmp_path / "out", **options)
    assert not list(tmp_path.iterdir())
    morphoscope.export(scan, tmp_path / "a.npz", format="npz", runs=[0])
    with pytest.raises(UsageError, match="exists already"):
        morphoscope.export(scan, tmp_path / "a.npz", format="npz")
    morphoscope.export(scan, tmp_path / "a.npz", format="npz", overwrite=True)
