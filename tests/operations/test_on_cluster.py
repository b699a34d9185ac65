"""Operations on stored runs by a cluster of Dask: the results are those of this process."""

import dataclasses
import shutil

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas.descriptors import _open_repeated
from morphoscope.core.errors import DataError, UsageError
from morphoscope.ensembles.describing import measure_on
from morphoscope.ensembles.done_runs import DoneRuns
from morphoscope.ensembles.runners import workers
from morphoscope.ensembles.runners.base import Computation
from morphoscope.ensembles.runners.computations import check_reader, plan_digest
from morphoscope.ensembles.runners.dask import DaskRunner
from morphoscope.ensembles.runners.dispatch import LostClusterError
from morphoscope.learning.classifier import Classifier

CLASSIFIER = "gray-scott-second-pass"
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def client():
    """A cluster of two threads in this process."""
    settings = {"processes": False, "n_workers": 1, "threads_per_worker": 2, "dashboard_address": None}
    with distributed.Client(**settings, set_as_default=False) as client:
        yield client


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Runs in two shards."""
    plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.05, 24)}, size=128, times=(6, 36, 66))
    return morphoscope.ensemble(plan, tmp_path_factory.mktemp("made") / "ensemble")


@pytest.fixture
def copied(made, tmp_path):
    return morphoscope.Ensemble(shutil.copytree(made.folder, tmp_path / "copied"))


@pytest.fixture
def small(tmp_path):
    """Twelve runs of few cells, whose descriptors are soon measured."""
    grid = {"f": (0.02, 0.05, 4), "k": (0.05, 0.065, 3)}
    plan = morphoscope.scan_plan("gray-scott", grid=grid, size=32, times=(40, 70, 100), initial="noise")
    return morphoscope.ensemble(plan, tmp_path / "small")


def test_descriptors_have_the_same_bits(small, client, tmp_path, monkeypatch):
    monkeypatch.setattr("morphoscope.ensembles.describing.BATCH", 5)
    copied = morphoscope.Ensemble(shutil.copytree(small.folder, tmp_path / "copied"))
    by_threads = morphoscope.describe(small).columns
    by_cluster = morphoscope.describe(copied, cluster=client).columns
    assert by_cluster.keys() == by_threads.keys()
    for name, column in by_threads.items():
        assert column.tobytes() == by_cluster[name].tobytes(), name
        assert copied.descriptors()[name].tobytes() == column.tobytes()


def test_an_interruption_keeps_measured_runs_and_withdraws_the_rest(small, client, monkeypatch):
    monkeypatch.setattr("morphoscope.ensembles.describing.BATCH", 4)
    results = DaskRunner.compute

    def interrupted(*arguments):
        for number, result in enumerate(results(*arguments)):
            if number == 2:
                raise KeyboardInterrupt
            yield result

    with monkeypatch.context() as patch:
        patch.setattr(DaskRunner, "compute", interrupted)
        with pytest.raises(KeyboardInterrupt):
            morphoscope.describe(small, cluster=client)
    assert np.isfinite(small.descriptors()["mean"]).sum() == 8
    assert not client.futures
    assert np.isfinite(morphoscope.describe(small, cluster=client).columns["mean"]).all()


def flip(copied, shard):
    path = copied.folder / "data.zarr" / copied.shards().name("u", shard)
    content = bytearray(path.read_bytes())
    content[40] ^= 4
    path.write_bytes(content)


def test_damage_is_found_on_a_cluster_as_here(copied, client, monkeypatch):
    monkeypatch.setattr("morphoscope.ensembles.verification.BATCH_SHARDS", 1)
    assert morphoscope.check(copied.folder, cluster=client) == []
    flip(copied, 0)
    flip(copied, 1)
    found = morphoscope.check(copied.folder, cluster=client)
    assert found == morphoscope.check(copied.folder)
    assert len(found) == 2
    morphoscope.check(copied.folder, repair=True, cluster=client)
    assert copied.status().count("pending") == 2


def test_a_worker_names_the_damaged_run(small, client):
    flip(small, 0)
    with pytest.raises(DataError, match="run 0 is damaged") as refused:
        morphoscope.describe(small, cluster=client)
    assert refused.value.operation == "check"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def one_thread():
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_an_atlas_has_the_same_bytes(made, client, tmp_path, monkeypatch, one_thread):
    for module in ("reading", "classifier"):
        monkeypatch.setattr(f"morphoscope.learning.{module}.BATCH", 9)
    here = morphoscope.scan(CLASSIFIER, made, tmp_path / "here")
    there = morphoscope.scan(CLASSIFIER, made, tmp_path / "there", cluster=client)
    assert set(here.read_by) == {"network"}
    assert contents(there.folder) == contents(here.folder)


def test_theory_and_interpolated_patterns_are_read_the_same(client, tmp_path, monkeypatch, one_thread):
    monkeypatch.setattr("morphoscope.learning.reading._CHUNK", 2)
    monkeypatch.setattr("morphoscope.learning.cluster_reading.BATCH", 3)
    grid = {"k": (0.06, 0.075, 5)}
    plan = morphoscope.scan_plan("gray-scott", {"f": 0.05}, grid=grid, size=40, until=500, record=["v", "u"])
    runs = morphoscope.ensemble(plan, tmp_path / "ensemble")
    here = morphoscope.scan(CLASSIFIER, runs, tmp_path / "here")
    there = morphoscope.scan(CLASSIFIER, runs, tmp_path / "there", cluster=client)
    assert set(here.read_by) == {"network", "theory"}
    assert contents(there.folder) == contents(here.folder)
    runs = there.runs.tolist()
    found = dict(measure_on(DaskRunner(client), there.folder, runs, _open_repeated))  # without the ensemble
    for name, column in there.descriptors.items():
        assert np.array_equal(column, [np.float32(found[run][name]) for run in runs], equal_nan=True), name


def test_a_classifier_that_workers_can_not_load_is_named(made, tmp_path, client):
    trained = Classifier.load(CLASSIFIER)
    with pytest.raises(UsageError, match="was not saved"):
        morphoscope.scan(dataclasses.replace(trained, folder=None), made, tmp_path / "atlas", cluster=client)
    changed = dataclasses.replace(trained, temperature=2.0)
    with pytest.raises(UsageError, match="finds another classifier in gray-scott-second-pass"):
        morphoscope.scan(changed, made, tmp_path / "atlas", cluster=client)
    changed = dataclasses.replace(trained, folder=tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"can't load the classifier .*nowhere"):
        morphoscope.scan(changed, made, tmp_path / "atlas", cluster=client)
    assert not (tmp_path / "atlas").exists()


def computation(place, **changes):
    values = {"plan": plan_digest(place), "open": DoneRuns.open, "settings": (), "compute": len, "call": "call"}
    return Computation(**{"folder": str(place), **values, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"folder": "/nowhere"}, "does not see /nowhere; choose a folder on a file system"),
        ({"plan": "another"}, "has another plan in"),
        ({"version": "0.0.1"}, "install the same version everywhere"),
    ],
)
def test_a_worker_that_can_not_read_says_so(made, changes, message, monkeypatch):
    monkeypatch.setattr(workers, "VISIBLE_SECONDS", 0.0)
    check_reader(computation(made.folder))
    with pytest.raises(UsageError, match=message):
        check_reader(computation(made.folder, **changes))


def test_a_lost_scheduler_is_one_line(small, monkeypatch):
    from distributed import Client, LocalCluster

    monkeypatch.setattr("morphoscope.ensembles.describing.BATCH", 1)
    settings = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with LocalCluster(**settings) as cluster, Client(cluster.scheduler_address, timeout=1) as client:

        class Ending(type(morphoscope.core.progress.SILENT)):
            def message(self, text):
                pass

            def task(self, *_):
                return self

            def __enter__(self):
                return self

            def __exit__(self, *_):
                return False

            def advance(self, count=1, note=""):
                cluster.close()

        with pytest.raises(LostClusterError, match="start the cluster again, and repeat the call"):
            morphoscope.describe(small, cluster=client, progress=Ending())
    assert 0 < np.isfinite(small.descriptors()["mean"]).sum() < 12


def test_threads_of_this_process_and_a_cluster_exclude_each_other(made):
    with pytest.raises(UsageError, match="workers counts threads of this process"):
        morphoscope.describe(made, workers=2, cluster="local:2")
    with pytest.raises(UsageError, match="names no number of processes"):
        morphoscope.check(made.folder, cluster="local:0")
