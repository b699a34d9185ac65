"""Descriptors are kept with the ensemble and with the atlas, and are columns and colours there."""

import csv
import dataclasses
import json
import shutil
import threading

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.locking import folder_lock
from morphoscope.descriptors import BY_NAME, NAMES, measure
from morphoscope.ensembles import Ensemble, carry_out
from morphoscope.ensembles.stored_descriptors import names_for
from tests.conftest import Listening, tiny_plan

PLAN = dataclasses.replace(tiny_plan(runs=2, size=48), until=200.0, times=(100.0, 150.0, 200.0))


class Interrupting(Listening):
    def advance(self, *_, **__):
        raise KeyboardInterrupt


def test_an_ensemble_keeps_its_descriptors(tmp_path):
    ensemble = carry_out(PLAN, tmp_path / "e")
    assert ensemble.descriptors() == {}
    with pytest.raises(KeyboardInterrupt):
        morphoscope.describe(ensemble, progress=Interrupting())
    half = np.isfinite(ensemble.descriptors()["mean"])
    assert 1 <= half.sum() < 6
    found = morphoscope.describe(tmp_path / "e", csv=tmp_path / "d.csv", workers=2)
    data = Ensemble(tmp_path / "e").dataset()
    for name in NAMES:
        assert data[name].dims == ("run",)
        assert data[name].attrs["units"] == BY_NAME[name].unit
        assert data[name].attrs["long_name"] == BY_NAME[name].meaning
        assert np.array_equal(data[name].values, found.columns[name], equal_nan=True)
    own = measure(ensemble.frames(np.array([3]))[0], times=PLAN.times)
    assert own == pytest.approx({name: found.columns[name][3] for name in NAMES}, nan_ok=True)
    with (tmp_path / "d.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["run", "f", "k", "seed", *NAMES]
    assert float(rows[3]["mean"]) == pytest.approx(own["mean"], rel=1e-5)
    assert rows[3]["period"] == ""
    with pytest.raises(UsageError, match=r"ends with \.csv"):
        morphoscope.describe(tmp_path / "e", csv=tmp_path / "d.txt")
    with pytest.raises(UsageError, match="use 1 or more"):
        morphoscope.describe(carry_out(PLAN, tmp_path / "e2"), workers=0)
    with pytest.raises(DataError, match="neither an ensemble nor an atlas"):
        morphoscope.describe(tmp_path)


def test_another_method_is_measured_anew_and_taken_names_are_left_out(tmp_path):
    import zarr

    ensemble = carry_out(PLAN, tmp_path / "e")
    morphoscope.describe(ensemble)
    zarr.open_group(ensemble.data_folder, mode="r+")["mean"].attrs["method"] = 0
    assert ensemble.descriptors() == {}
    assert len(morphoscope.describe(ensemble).columns) == len(NAMES)
    named = dataclasses.replace(
        PLAN.model,
        reaction={"mean": "-mean"},
        diffusion={"mean": "period"},
        defaults={"period": 0.1},
        ranges={"period": (0, 1)},
        meanings={"period": "diffusion coefficient"},
        background={"mean": 0.0},
        perturbation={"mean": 1.0},
        plane=("period", "period"),
        shown="mean",
    )
    taken = dataclasses.replace(
        PLAN, model=named, record=("mean",), runs=(dataclasses.replace(PLAN.runs[0], parameters=named.complete({})),)
    )
    assert set(NAMES) - set(names_for(taken)) == {"mean", "period"}


@pytest.fixture
def bare(workshop, tmp_path):
    """An atlas as earlier versions wrote it, with neither descriptors, nor checksums, nor its ensemble at hand."""
    shutil.copytree(workshop / "atlas", tmp_path / "atlas")
    metadata = json.loads((tmp_path / "atlas" / "atlas.json").read_text())
    old = {name: value for name, value in metadata.items() if name not in ("files", "sha256")}
    (tmp_path / "atlas" / "atlas.json").write_text(json.dumps(old))
    (tmp_path / "atlas" / "descriptors.npz").unlink()
    return tmp_path / "atlas"


def test_an_atlas_has_the_descriptors_of_its_runs(workshop, bare):
    read = Atlas(workshop / "atlas")
    again = measure(read.frames(np.array([5]))[0], times=read.plan.times)
    assert again == pytest.approx({name: read.descriptors[name][5] for name in NAMES}, rel=1e-6, nan_ok=True)
    assert "wavelength" in read.variables()
    assert "period" not in read.variables()  # three frames have none
    assert Atlas(bare).descriptors == {}
    assert "wavelength" not in Atlas(bare).variables()
    found = morphoscope.describe(bare)
    assert len(found.runs) == 12
    for name in NAMES:
        assert np.allclose(Atlas(bare).descriptors[name], read.descriptors[name], rtol=1e-6, equal_nan=True)
    assert (bare / "points.csv").read_text() == (workshop / "atlas" / "points.csv").read_text()


def test_a_map_is_coloured_by_a_descriptor(workshop, bare, tmp_path):
    morphoscope.class_map(workshop / "atlas", tmp_path / "m.svg", color="wavelength")
    text = (tmp_path / "m.svg").read_text()
    assert "dominant wavelength (length)" in text
    undefined = int(np.isnan(Atlas(workshop / "atlas").descriptors["wavelength"]).sum())
    assert (f"undefined ({undefined})" in text) == (undefined > 0)
    with pytest.raises(UsageError, match="has no wavelength yet"):
        morphoscope.class_map(bare, tmp_path / "n.svg", color="wavelength")
    with pytest.raises(UsageError, match="undefined for every run"):
        morphoscope.class_map(workshop / "atlas", tmp_path / "n.svg", color="period")


def test_damaged_descriptors_are_reported(bare):
    (bare / "descriptors.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match="damaged"):
        Atlas(bare).variables()
    np.savez(bare / "descriptors.npz", mean=np.zeros(3))
    with pytest.raises(DataError, match="expected 12 numbers"):
        Atlas(bare).variables()


def test_description_as_json_and_summary(workshop):
    found = morphoscope.describe(workshop / "atlas")
    assert len(json.loads(json.dumps(found.rows(), allow_nan=False))) == 12
    assert [row[0] for row in found.summary()] == list(NAMES)
    assert {row[0]: row[2] for row in found.summary()}["period"] == 0


def test_the_shipped_atlas_has_its_descriptors():
    atlas = Atlas("gray-scott")
    position = atlas.members("pi")[0]
    again = measure(atlas.frames(np.array([position]))[0], times=atlas.plan.times)
    kept = {name: atlas.descriptors[name][position] for name in NAMES}
    for name in ("activity", "drift_speed"):  # of a pattern nearly at rest: the last bits
        assert again.pop(name) == pytest.approx(kept.pop(name), abs=1e-5)
    assert again == pytest.approx(kept, rel=1e-3, abs=1e-4, nan_ok=True)
    assert np.nanmedian(atlas.descriptors["wavelength"][atlas.members("lambda")]) == pytest.approx(14, abs=1)


def test_one_process_measures(tmp_path):
    ensemble = carry_out(PLAN, tmp_path / "e")
    failed = []

    def measure_too():
        with pytest.raises(UsageError, match="is in use: simulating by this process") as caught:
            morphoscope.describe(tmp_path / "e")
        failed.append(caught.value)

    with folder_lock(ensemble.folder, "simulating"):
        thread = threading.Thread(target=measure_too)
        thread.start()
        thread.join()
    assert failed
    assert ensemble.descriptors() == {}
