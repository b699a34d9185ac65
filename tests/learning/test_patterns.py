import numpy as np
import pytest
import tifffile
from PIL import Image

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.learning.classifier import Input
from morphoscope.learning.patterns import read_patterns

EXPECTED = Input(3, 16, 20, "u", 30.0)
PATTERN = np.random.default_rng(0).random((3, 16, 20)).astype(np.float32)


@pytest.mark.parametrize(
    ("array", "frames"),
    [
        (PATTERN, PATTERN[None]),
        (PATTERN[0], np.repeat(PATTERN[None, :1], 3, axis=1)),
        (np.moveaxis(PATTERN, 0, 2), PATTERN[None]),
        (PATTERN[None], PATTERN[None]),
        (np.stack([PATTERN, PATTERN]), np.stack([PATTERN, PATTERN])),
        (np.round(PATTERN * 255).astype(np.uint8), PATTERN[None]),
        (PATTERN.astype(np.float64), PATTERN[None]),
    ],
)
def test_arrays_of_every_accepted_shape(tmp_path, array, frames):
    np.save(tmp_path / "a.npy", array)
    assert np.allclose(read_patterns(tmp_path / "a.npy", EXPECTED), frames, atol=0.5 / 255)


def test_archives_choose_the_frames_by_time(tmp_path):
    series = np.random.default_rng(1).random((5, 16, 20)).astype(np.float32)
    np.savez(tmp_path / "a.npz", u=series, v=series, t=[0, 40, 70, 100, 110])
    assert np.allclose(read_patterns(tmp_path / "a.npz", EXPECTED), series[-1])  # 80 and 50 are missing
    np.savez(tmp_path / "b.npz", u=series, t=[0, 40, 70, 85, 100])
    assert np.array_equal(read_patterns(tmp_path / "b.npz", EXPECTED)[0], series[[1, 2, 4]])
    np.savez(tmp_path / "c.npz", u=PATTERN)
    assert np.array_equal(read_patterns(tmp_path / "c.npz", EXPECTED)[0], PATTERN)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
def test_images_are_frames_as_colours(tmp_path, name):
    pixels = np.round(np.moveaxis(PATTERN, 0, 2) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / name)
    assert np.allclose(read_patterns(tmp_path / name, EXPECTED)[0], PATTERN, atol=0.5 / 255)
    Image.fromarray(pixels[..., 0]).save(tmp_path / f"grey-{name}")
    assert np.allclose(read_patterns(tmp_path / f"grey-{name}", EXPECTED)[0], PATTERN[:1], atol=0.5 / 255)


def test_float_and_16_bit_tiffs(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", PATTERN[0])
    tifffile.imwrite(tmp_path / "b.tif", np.round(PATTERN[0] * 65535).astype(np.uint16))
    for name in ("a.tif", "b.tif"):
        assert np.allclose(read_patterns(tmp_path / name, EXPECTED)[0, 0], PATTERN[0], atol=1e-5)


def test_alpha_is_left_out(tmp_path):
    pixels = np.full((16, 20, 4), 128, dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert read_patterns(tmp_path / "a.png", EXPECTED).shape == (1, 3, 16, 20)


def test_resizing_only_when_asked(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((32, 40), dtype=np.float32))
    with pytest.raises(UsageError, match=r"40x32 cells; accepted: .*20x16 cells.*--resize"):
        read_patterns(tmp_path / "a.npy", EXPECTED)
    assert np.allclose(read_patterns(tmp_path / "a.npy", EXPECTED, resize=True), 1)


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


@pytest.mark.parametrize(
    "name",
    ["objects.npy", "objects.npz", "names.npz", "nan.npy", "grey.npy", "text.npy", "line.npy", "five.npy", "empty.npy",
     "broken.npy", "broken.npz", "broken.png", "broken.tif", "a.docx", "folder", "absent.png"],
)  # fmt: skip
def test_bad_files_are_one_line(tmp_path, name):
    write_bad_files(tmp_path)
    with pytest.raises(UsageError) as caught:
        read_patterns(tmp_path / name, EXPECTED)
    assert "\n" not in str(caught.value)


def test_a_simulated_run_is_read_from_its_folder_its_file_and_its_picture(workshop, tmp_path):
    morphoscope.simulate(
        "gray-scott", {"f": 0.046, "k": 0.063}, out=tmp_path / "run", size=(64, 64), dt=0.5, until=3000
    )
    readings = [
        morphoscope.classify(workshop / "classifier", tmp_path / "run" / name)
        for name in ("", "snapshots.npz", "u.png")
    ]
    assert np.array_equal(readings[0].probabilities, readings[1].probabilities)
    assert np.allclose(readings[0].probabilities, readings[2].probabilities, atol=0.05)
