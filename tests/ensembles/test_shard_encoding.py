"""The bytes of a shard are those that Zarr writes."""

import threading

import numpy as np
import pytest
import zarr

import morphoscope
from morphoscope.ensembles.arrays import STORAGES, create_arrays
from morphoscope.ensembles.shard_encoding import shard_encoder


@pytest.fixture
def plan(monkeypatch):
    monkeypatch.setattr("morphoscope.ensembles.arrays._SHARD_RUNS", 5)
    return morphoscope.scan_plan("gray-scott", replicates=8, size=48, times=[1, 2, 3], until=3, dt=1)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("shard", [slice(0, 5), slice(5, 8)], ids=["full", "last"])
@pytest.mark.parametrize("main", [True, False], ids=["main thread", "other thread"])
def test_equals_zarr(plan, tmp_path, storage, shard, main):
    create_arrays(plan, tmp_path, storage)
    array = zarr.open_group(tmp_path)["u"].with_config({"write_empty_chunks": True})
    random = np.random.default_rng(3)
    values = random.random((shard.stop - shard.start, 3, 48, 48)).astype(array.dtype)
    values[0] = 0.5  # compresses well
    values[1] = np.nan  # a run that is not done
    array[shard] = values
    [written] = (path for path in (tmp_path / "u").iterdir() if path.name != "zarr.json")
    found = []
    encode = shard_encoder(array, 5)
    if main:
        found.append(encode(values))
    else:
        thread = threading.Thread(target=lambda: found.append(encode(values)))
        thread.start()
        thread.join()
    assert found == [written.read_bytes()]


def test_an_array_of_another_layout_is_left_to_zarr(tmp_path):
    for codecs in ([zarr.codecs.ZstdCodec()], [zarr.codecs.GzipCodec(), zarr.codecs.Crc32cCodec()], []):
        array = zarr.create_array(tmp_path, name="u", shape=(4, 1, 2, 2), chunks=(1, 1, 2, 2), shards=(2, 1, 2, 2),
                                  dtype="f4", compressors=codecs, overwrite=True)  # fmt: skip
        assert shard_encoder(array, 2) is None
    assert shard_encoder(zarr.create_array(tmp_path, name="v", shape=(4, 2), chunks=(1, 2), dtype="f4"), 1) is None


def test_an_array_with_other_shards_is_left_to_zarr(plan, tmp_path):
    create_arrays(plan, tmp_path)
    array = zarr.open_group(tmp_path)["u"]
    assert shard_encoder(array, 5) is not None
    assert shard_encoder(array, 4) is None
