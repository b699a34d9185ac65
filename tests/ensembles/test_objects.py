"""Ensembles whose arrays are in an S3 bucket, against a local server."""

import logging
import urllib.request

import numpy as np
import obstore
import pytest
from moto.server import ThreadedMotoServer

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Ensemble, carry_out
from morphoscope.ensembles.places import check_address
from morphoscope.ensembles.runners import ThreadRunner


def scan(points=4):
    return morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, points)}, size=48, until=10)


@pytest.fixture(scope="module")
def server():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    running.start()
    address = "http://{}:{}".format(*running.get_host_and_port())
    urllib.request.urlopen(urllib.request.Request(f"{address}/bucket", method="PUT")).close()
    yield address
    running.stop()


@pytest.fixture(autouse=True)
def _environment(server, monkeypatch):
    values = {"ENDPOINT_URL": server, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "secret", "REGION": "us-east-1"}
    for name, value in values.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def shard(ensemble, number=0):
    return ensemble.shards().name("u", number)


def test_bytes_are_those_of_a_folder_and_damage_is_repaired(tmp_path):
    far = morphoscope.ensemble(scan(), tmp_path / "far", store="s3://bucket/equal/")
    near = morphoscope.ensemble(scan(), tmp_path / "near")
    name = shard(near)
    written = (near.data_folder / name).read_bytes()
    assert far.place.read(name) == written
    assert not far.data_folder.exists()
    assert "secret" not in "".join(p.read_text(errors="replace") for p in far.folder.iterdir())
    far = Ensemble(tmp_path / "far")
    np.testing.assert_array_equal(far.dataset()["u"], near.dataset()["u"])

    damaged = bytearray(written)
    damaged[100] ^= 1
    far.place.objects.put(name, bytes(damaged))
    with pytest.raises(UsageError, match="run 0 is damaged"):
        far.frames(np.arange(4))
    [found] = morphoscope.check(far.folder, repair=True)
    assert (found.file, found.problem) == ("store.json", "run 0: c.0.0.0.0: its checksum differs")
    far = morphoscope.ensemble(scan(), far.folder)  # the folder knows the store
    assert far.place.read(name) == written
    assert morphoscope.check(far.folder) == []


def test_an_interrupted_creation_and_a_missing_shard_are_completed(tmp_path):
    plan = scan(2)
    far = Ensemble.create(plan, tmp_path / "far", store="s3://bucket/again")
    obstore.delete(far.place.objects._store, "zarr.json")  # as if the process had ended before the last object
    done = morphoscope.ensemble(plan, tmp_path / "far", store="s3://bucket/again")
    before = done.place.read(shard(done))
    obstore.delete(far.place.objects._store, shard(done))
    assert morphoscope.ensemble(plan, tmp_path / "far").place.read(shard(done)) == before


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ("s3://nothing/x", "no such bucket"),
        ("s3://bucket/taken", "ensemble of another plan"),
        ("gs://bucket/x", "not supported"),
        ("s3://name:word@bucket/x", "names no bucket"),
        ("s3://bucket", "no usable prefix"),
    ],
)
def test_a_wrong_store_is_one_line_and_leaves_nothing(tmp_path, store, message):
    if store.endswith("taken"):
        Ensemble.create(scan(2), tmp_path / "other" / "first", store=store)
        (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match=message) as caught:
        morphoscope.ensemble(scan(3), tmp_path / "out", store=store)
    assert "\n" not in str(caught.value)
    assert "word@" not in str(caught.value)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_folder_keeps_its_place(tmp_path):
    near = Ensemble.create(scan(2), tmp_path / "near")
    with pytest.raises(UsageError, match="was requested; choose another folder"):
        Ensemble.create(scan(2), near.folder, store="s3://bucket/later")
    far = Ensemble.create(scan(2), tmp_path / "far", store="s3://bucket/kept")
    with pytest.raises(UsageError, match="made in another folder"):
        Ensemble.create(scan(2), tmp_path / "copy", store="s3://bucket/kept")
    with pytest.raises(UsageError, match="can't use an object store"):
        carry_out(scan(2), far.folder, runner=ThreadRunner(1))


def test_a_server_that_does_not_answer_is_no_damage(tmp_path, monkeypatch):
    far = morphoscope.ensemble(scan(2), tmp_path / "far", store="s3://bucket/gone")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(UsageError, match="no server answers"):
        morphoscope.check(far.folder, repair=True)
    assert far.status() == ["done", "done"]


def test_addresses_have_one_form():
    assert check_address("s3://bucket/a/b/") == "s3://bucket/a/b"
