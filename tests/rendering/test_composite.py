"""Three frames as one colour picture."""

import numpy as np
import pytest
from PIL import Image

from morphoscope.rendering.composite import composite
from morphoscope.rendering.pictures import save_composite


def test_resting_patterns_are_grey_and_moving_ones_coloured():
    rest = np.repeat(np.random.default_rng(0).random((1, 8, 8)), 3, axis=0).astype(np.float32)
    assert np.ptp(composite(rest), axis=-1).max() == 0
    moving = np.stack([np.roll(rest[0], i, axis=0) for i in range(3)])
    assert np.ptp(composite(moving), axis=-1).max() > 0.1
    ten = np.arange(10, dtype=np.float32)[:, None, None] / 10 + np.zeros((10, 2, 2), np.float32)
    assert composite(ten)[0, 0].tolist() == pytest.approx([0.0, 0.5, 0.9])


def test_many_patterns_have_the_range_that_is_given():
    frames = np.stack([np.full((3, 4, 4), 5.0), np.arange(48.0).reshape(3, 4, 4)])
    drawn = composite(frames, (0.0, 40.0))
    assert np.all(drawn[0] == np.float32(5 / 40))
    assert (drawn[1].min(), drawn[1].max()) == (0, 1)


def test_composite_png_contains_the_concentrations(tmp_path):
    frames = np.random.default_rng(0).random((3, 10, 12))
    pixels = np.asarray(Image.open(save_composite(frames, tmp_path / "u.png")))
    assert np.allclose(pixels / 255, np.moveaxis(frames, 0, 2), atol=0.5 / 255 + 1e-6)


def test_a_uniform_run_gives_a_uniform_png(tmp_path):
    frames = 0.38 + np.random.default_rng(0).uniform(-6e-6, 3e-6, (3, 32, 32))
    pixels = np.asarray(Image.open(save_composite(frames, tmp_path / "u.png", None)))
    assert len(np.unique(pixels)) == 1


def test_values_beyond_the_models_range_are_not_cut_off(tmp_path):
    frames = np.linspace(-0.5, 1.5, 3 * 64).reshape(3, 8, 8)
    pixels = np.asarray(Image.open(save_composite(frames, tmp_path / "u.png", (0.0, 1.0))))
    assert np.allclose(np.moveaxis(pixels, 2, 0) / 255 * 2 - 0.5, frames, atol=1 / 255 + 1e-6)
