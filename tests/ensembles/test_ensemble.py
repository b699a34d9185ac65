import dataclasses
import hashlib
import itertools
import threading
import time

import numpy as np
import pytest
import xarray
import zarr

from morphoscope.core.errors import DataError, UsageError
from morphoscope.engines import Grid, get_engine
from morphoscope.engines.cpu.engine import CpuEngine
from morphoscope.ensembles import Ensemble, carry_out
from morphoscope.ensembles.jobs import run_job
from morphoscope.ensembles.plan import Run
from morphoscope.ensembles.sampling import scan_plan
from morphoscope.ensembles.settings import Settings
from morphoscope.models import Model
from tests.conftest import Listening, tiny_plan

PLAN = dataclasses.replace(tiny_plan(size=48), until=200.0, times=(100.0, 150.0, 200.0))


def digest(folder):
    files = sorted(p for p in (folder / "data.zarr").rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def gated(runs):
    """The engine's ``run``, where all runs but the first ones go on until they are given up."""
    begun, run = itertools.count(), CpuEngine.run

    def run_or_wait(self, job, watch=None):
        if next(begun) < runs:
            return run(self, job, watch)
        while True:
            watch(0, None)
            time.sleep(0.001)

    return run_or_wait


class Interrupting(Listening):
    """A reporter that presses Ctrl-C after some runs."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def advance(self, *_, **__):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_same_bytes_whatever_the_threads_and_interruptions(tmp_path, monkeypatch):
    carry_out(PLAN, tmp_path / "one", workers=1)
    carry_out(PLAN, tmp_path / "many", workers=4)
    with monkeypatch.context() as patch:
        patch.setattr(CpuEngine, "run", gated(8))
        patch.setattr("morphoscope.ensembles.runners.threads._PIECE_RUNS", 1)  # a piece ends with its last run
        with pytest.raises(KeyboardInterrupt):
            carry_out(PLAN, tmp_path / "cut", workers=2, progress=Interrupting(5))
    cut = Ensemble(tmp_path / "cut")
    assert 5 <= cut.status().count("done") < len(PLAN.runs)
    assert "pending" in cut.status()
    carry_out(PLAN, tmp_path / "cut", workers=3)
    assert set(cut.status()) == {"done"}
    assert digest(tmp_path / "one") == digest(tmp_path / "many") == digest(tmp_path / "cut")


def test_a_run_is_the_same_alone_or_among_others(tmp_path):
    whole = carry_out(PLAN, tmp_path / "whole")
    alone = carry_out(dataclasses.replace(PLAN, runs=(PLAN.runs[7],)), tmp_path / "alone")
    assert np.array_equal(alone.frames(np.array([0]))[0], whole.frames(np.array([7]))[0])
    direct = get_engine("cpu").run(run_job(PLAN, PLAN.runs[7]))
    assert np.array_equal(direct.snapshots[:, 0], whole.frames(np.array([7]))[0])


def test_opens_as_a_dataset_with_names_and_units(tmp_path):
    ensemble = carry_out(dataclasses.replace(PLAN, record=("u", "v")), tmp_path / "e")
    data = ensemble.dataset()
    assert data["u"].dims == data["v"].dims == ("run", "time", "y", "x")
    assert data["u"].shape == (12, 3, 48, 48)
    assert {"f", "k", "seed", "label", "status", "time", "y", "x"} <= set(data.coords)
    assert data["time"].values.tolist() == [100.0, 150.0, 200.0]
    assert data["u"].attrs["units"] == data["f"].attrs["units"] == "1"
    assert data["label"].values[0] == "kappa"
    assert set(data["status"].values) == {"done"}
    assert np.array_equal(data["u"].isel(run=2).values, ensemble.frames(np.array([2]))[0])
    chosen = data.where((data.label == "H").compute(), drop=True)
    assert chosen.sizes["run"] == 4


def test_the_arrays_open_with_their_coordinates(tmp_path):
    """As a reader opens them who has xarray but not this package."""
    plan = dataclasses.replace(PLAN, record=("v",), grid=Grid(40, 48, spacing=0.5))
    ensemble = carry_out(plan, tmp_path / "e")
    data = xarray.open_zarr(tmp_path / "e" / "data.zarr", consolidated=False)
    assert set(data.data_vars) == {"v"}
    assert set(data.coords) == {"run", "time", "y", "x", "f", "k", "seed", "label"}
    assert data["time"].values.tolist() == [100.0, 150.0, 200.0]
    assert data["y"].values.tolist() == [0.25 + 0.5 * i for i in range(40)]
    assert data["f"].values.tolist() == plan.values("f")
    assert data["seed"].values.tolist() == [run.seed for run in plan.runs]
    assert [str(label) for label in data["label"].values] == [run.label for run in plan.runs]
    assert data["f"].attrs == {"units": "1", "long_name": PLAN.model.meanings["f"]}
    assert all("long_name" in data[name].attrs for name in data.variables)
    assert data.attrs["plan_hash"] == plan.hash
    ours = ensemble.dataset()
    for name in data.coords:
        assert [str(v) for v in ours[name].values] == [str(v) for v in data[name].values]
    assert data["v"].sel(run=3, time=150.0).shape == (40, 48)


def test_an_older_folder_gets_coordinates_when_it_goes_on(tmp_path):
    carry_out(PLAN, tmp_path / "e")
    group = zarr.open_group(tmp_path / "e" / "data.zarr", mode="r+")
    for name in ("time", "y", "x", "run", "f", "k", "seed", "label"):
        del group[name]
    group.attrs.clear()
    assert "f" in Ensemble(tmp_path / "e").dataset().coords
    carry_out(PLAN, tmp_path / "e")
    assert "f" in xarray.open_zarr(tmp_path / "e" / "data.zarr", consolidated=False).coords


def test_species_with_the_name_of_an_axis_keep_it(tmp_path):
    model = Model(name="m", reaction={"x": "-x", "seed": "-seed"}, initial="noise", dt=0.5)
    plan = scan_plan(model, record=("x", "seed"), settings=Settings(size=(8, 8), until=1.0, times=(1.0,)))
    data = carry_out(plan, tmp_path / "e").dataset()
    assert data["seed"].dims == ("run", "time", "y", "x")
    assert np.isfinite(data["seed"].values).all()


def test_provenance_keeps_who_began_and_who_went_on(tmp_path, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        carry_out(PLAN, tmp_path / "e", workers=1, progress=Interrupting(2))
    before = Ensemble(tmp_path / "e").provenance()
    assert {"engine", "plan_hash", "morphoscope", "numpy", "python"} <= before.keys()
    with pytest.raises(KeyboardInterrupt):
        carry_out(PLAN, tmp_path / "e", workers=1, progress=Interrupting(2))
    assert Ensemble(tmp_path / "e").provenance() == before
    monkeypatch.setattr("morphoscope.ensembles.execution.versions", lambda: {"morphoscope": "9.9"})
    for _ in range(2):
        after = carry_out(PLAN, tmp_path / "e").provenance()
        assert after.pop("continued") == [{"engine": "cpu", "plan_hash": PLAN.hash, "morphoscope": "9.9"}]
        assert after == before


def test_a_folder_whose_creation_was_interrupted_goes_on(tmp_path):
    """It says first what it is, so that the same call makes the rest."""
    PLAN.save(tmp_path / "e" / "plan.json")
    assert set(carry_out(PLAN, tmp_path / "e").status()) == {"done"}


def test_a_failing_run_does_not_stop_the_others(tmp_path):
    wild = Run(PLAN.model.complete({"f": 0.03}), 3)
    model = dataclasses.replace(
        PLAN.model, reaction={"u": "f*(1 - u) - u*v**2", "v": "u*v**2 - (f + k)*v + 1000*(f - 0.02)*v**3"}
    )
    tame = Run(PLAN.model.complete({"f": 0.02}), 4)
    plan = dataclasses.replace(PLAN, model=model, runs=(wild, tame, wild))
    ensemble = carry_out(plan, tmp_path / "e")
    assert ensemble.status() == ["failed", "done", "failed"]
    entries = ensemble.ledger.entries()
    assert 0 < entries[0].failed_at <= 1000
    assert entries[1].failed_at is None
    assert ensemble.usable().tolist() == [1]
    assert np.isnan(ensemble.frames(np.array([0]))[0, -1]).all()


def test_another_plan_or_another_thing_in_the_folder_is_refused(tmp_path):
    carry_out(PLAN, tmp_path / "e")
    with pytest.raises(UsageError, match=r"another plan: grid\.stencil .9 stored, 5 requested"):
        carry_out(dataclasses.replace(PLAN, grid=dataclasses.replace(PLAN.grid, stencil=5)), tmp_path / "e")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="contains other files"):
        carry_out(PLAN, tmp_path / "other")
    (tmp_path / "file").write_text("precious")
    with pytest.raises(UsageError, match="is a file"):
        carry_out(PLAN, tmp_path / "file")
    assert sorted(p.name for p in (tmp_path / "other").iterdir()) == ["thesis.tex"]


def test_another_engine_does_not_continue(tmp_path):
    plan = dataclasses.replace(PLAN, runs=PLAN.runs[:1], until=1.0, times=(1.0,))
    assert carry_out(plan, tmp_path / "e").provenance()["engine"] == "cpu"
    with pytest.raises(UsageError, match="was simulated with engine 'cpu', but 'reference' was requested"):
        carry_out(plan, tmp_path / "e", engine="reference")
    assert Ensemble(tmp_path / "e").provenance()["engine"] == "cpu"


def test_a_plan_that_cannot_start_leaves_nothing(tmp_path):
    small = dataclasses.replace(PLAN, grid=dataclasses.replace(PLAN.grid, height=16, width=16))
    for plan, options in ((small, {}), (PLAN, {"workers": 0}), (PLAN, {"engine": "gpu"})):
        with pytest.raises(UsageError):
            carry_out(plan, tmp_path / "e", **options)
        assert not (tmp_path / "e").exists()


@pytest.mark.parametrize("missing", ["plan.json", "ledger.sqlite", "data.zarr"])
def test_damaged_folders_are_one_line(tmp_path, missing):
    import shutil

    carry_out(dataclasses.replace(PLAN, runs=PLAN.runs[:1]), tmp_path / "e")
    path = tmp_path / "e" / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(UsageError):
        Ensemble(tmp_path / "e")


def test_a_ledger_that_is_no_database_is_refused(tmp_path):
    carry_out(dataclasses.replace(PLAN, runs=PLAN.runs[:1]), tmp_path / "e")
    (tmp_path / "e" / "ledger.sqlite").write_text("no database at all, but long enough to look at" * 20)
    with pytest.raises(DataError, match="damaged"):
        Ensemble(tmp_path / "e")


def test_workers_run_at_once(tmp_path):
    """Two runs that wait for each other end only if they run at the same time."""
    meeting = threading.Barrier(2, timeout=20)

    class Meeting:
        name = "meeting"

        def run(self, job, watch=None):
            meeting.wait()
            return get_engine("reference").run(job)

    from morphoscope.ensembles import execution

    original = execution.get_engine
    execution.get_engine = lambda name: Meeting()
    try:
        plan = dataclasses.replace(PLAN, runs=PLAN.runs[:2], until=1.0, times=(1.0,))
        assert set(carry_out(plan, tmp_path / "e", workers=2).status()) == {"done"}
    finally:
        execution.get_engine = original
