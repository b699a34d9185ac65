import numpy as np
import pytest
from PIL import Image

from morphoscope.rendering.pictures import picture_note, save_composite, save_space_time

FRAMES = np.random.default_rng(0).random((5, 8, 6)).astype(np.float32)


def test_a_composite_states_what_its_colours_are(tmp_path):
    save_composite(FRAMES, tmp_path / "u.png", (0.0, 2.0), times=[0, 10, 20, 30, 40])
    with Image.open(tmp_path / "u.png") as image:
        note = picture_note(image)
        pixels = np.asarray(image)
    assert note == {"kind": "composite", "low": 0.0, "high": 2.0, "times": [0.0, 20.0, 40.0]}
    restored = note["low"] + np.moveaxis(pixels, 2, 0) / 255 * (note["high"] - note["low"])
    assert restored == pytest.approx(FRAMES[[0, 2, 4]], abs=1 / 255)


def test_a_composite_states_its_range(tmp_path):
    save_composite(0.3 + 0.1 * FRAMES, tmp_path / "u.png", None)
    with Image.open(tmp_path / "u.png") as image:
        note = picture_note(image)
    assert (note["low"], note["high"]) == pytest.approx((0.3 + 0.1 * FRAMES.min(), 0.3 + 0.1 * FRAMES.max()))
    assert note["times"] == []


def test_other_pictures_say_nothing(tmp_path):
    save_space_time(FRAMES[:, :1], tmp_path / "line.png")
    with Image.open(tmp_path / "line.png") as image:
        assert picture_note(image) == {"kind": "space-time"}
    photograph = Image.fromarray(np.zeros((4, 4, 3), np.uint8))
    assert picture_note(photograph) is None
    for text in ("", "[]", "5", '{"kind": "composite"}', '{"kind": "composite", "low": "a", "high": 1}'):
        photograph.info["morphoscope"] = text
        assert picture_note(photograph) is None
