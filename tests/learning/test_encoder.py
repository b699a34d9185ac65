"""Encoders: features of patterns of any model, without classes."""

import json
import shutil

import numpy as np
import pytest

import morphoscope
from morphoscope import DataError, Encoder, UsageError
from morphoscope.learning.encoder import ENCODER_FILE
from morphoscope.models import model_names


@pytest.fixture(scope="module")
def encoder():
    return Encoder.shipped()


def waves(count=3, frames=3, size=64, seed=0):
    """Standing waves of some lengths, and noise that moves."""
    random = np.random.default_rng(seed)
    x = np.arange(size)
    found = 0.5 + 0.3 * np.cos(2 * np.pi * np.arange(2, 2 + count)[:, None, None, None] * x / size)
    return (found + 0.01 * random.normal(size=(count, frames, size, size))).astype(np.float32)


def test_features_have_one_shape_for_any_frames_and_grid(encoder):
    for frames, size in ((1, 64), (3, 64), (5, 64), (2, 100), (3, 128)):
        found = encoder.features(waves(2, frames, size))
        assert found.shape == (2, 256)
        assert found.dtype == np.float32


def test_features_are_computed_in_batches_as_alone(encoder):
    frames = waves(70, size=32)
    alone = np.concatenate([encoder.features(frames[i : i + 1]) for i in (0, 63, 64, 69)])
    np.testing.assert_allclose(encoder.features(frames)[[0, 63, 64, 69]], alone, rtol=1e-4, atol=1e-5)
    assert encoder.features(frames[:0]).shape == (0, 256)


def test_shifts_by_sixteen_cells_are_exact_symmetries(encoder):
    frames = waves()
    shifted = np.roll(frames, (16, 48), axis=(2, 3))
    np.testing.assert_allclose(encoder.features(shifted), encoder.features(frames), rtol=1e-4, atol=1e-5)


def test_one_frame_is_a_pattern_that_does_not_change(encoder):
    last = waves()[:, -1:]
    still = np.repeat(last, 3, axis=1)
    np.testing.assert_allclose(encoder.features(last), encoder.features(still), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        (np.ones((3, 64, 64)), "shape (3, 64, 64); an encoder reads (n, frames, height, width)"),
        (np.ones((1, 3, 16, 64)), "32x32 cells or more"),
        (np.full((1, 3, 64, 64), np.nan), "NaN or infinite"),
    ],
)
def test_what_is_no_pattern_is_refused_in_one_line(encoder, frames, words):
    with pytest.raises(UsageError) as error:
        encoder.features(frames)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_saved_encoder_is_the_same_and_can_be_checked(encoder, tmp_path):
    copy = Encoder(encoder.module, encoder.provenance)
    copy.save(tmp_path / "mine")
    again = Encoder.open(tmp_path / "mine")
    assert again.hash == encoder.hash
    assert repr(again) == "Encoder('mine', 256 features)"
    assert np.array_equal(again.features(waves()), encoder.features(waves()))
    assert morphoscope.check(tmp_path / "mine") == []
    with pytest.raises(UsageError, match="contains an earlier result"):
        copy.save(tmp_path / "mine")


def test_damaged_folders_are_told(encoder, tmp_path):
    def copied():
        shutil.rmtree(tmp_path / "x", ignore_errors=True)
        return shutil.copytree(encoder.folder, tmp_path / "x")

    weights = copied() / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"abcd")
    with pytest.raises(DataError, match="SHA-256"):
        Encoder.open(tmp_path / "x")
    assert [finding.file for finding in morphoscope.check(tmp_path / "x")] == ["weights.safetensors"]
    (copied() / "weights.safetensors").unlink()
    with pytest.raises(DataError, match="does not exist"):
        Encoder.open(tmp_path / "x")
    description = json.loads((copied() / ENCODER_FILE).read_text())
    description.pop("sha256")
    for changed, words in (({"format": 99}, "update morphoscope"), ({"network": "x"}, "missing or invalid")):
        (tmp_path / "x" / ENCODER_FILE).write_text(json.dumps({**description, **changed}))
        with pytest.raises(DataError, match=words):
            Encoder.open(tmp_path / "x")


def test_folders_that_are_none_and_files_that_may_run_code_are_refused(tmp_path):
    with pytest.raises(DataError, match="no encoder at"):
        Encoder.open(tmp_path / "missing")
    with pytest.raises(DataError, match="is not an encoder"):
        Encoder.open(tmp_path)
    (tmp_path / "weights.pt").write_bytes(b"x")
    with pytest.raises(DataError, match="could run code"):
        Encoder.open(tmp_path / "weights.pt")


def test_the_shipped_encoder_is_small_and_knows_all_models(encoder):
    assert sum(path.stat().st_size for path in encoder.folder.iterdir()) < 4_000_000
    trained = {entry["name"] for entry in encoder.provenance["training"]}
    assert trained == {f"{name}-scan" for name in model_names()}
