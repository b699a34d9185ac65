"""Photographs with the flaws of experiments, and drawn pictures without pattern."""

import numpy as np
import pytest

from morphoscope.learning.identifying.canonical import canonical_views
from morphoscope.learning.identifying.photographed import photographed
from morphoscope.learning.identifying.rough import processed_or_rough, rough
from morphoscope.learning.identifying.unpatterned import broad_noise, grains, single_pixels


def hexagons(side=160, wavelength=16.0):
    """From 0 to 1."""
    y, x = np.mgrid[:side, :side] * (2 * np.pi / wavelength)
    angles = np.arange(3) * np.pi / 3
    field = sum(np.cos(np.cos(a) * x + np.sin(a) * y) for a in angles)
    return (field - field.min()) / np.ptp(field)


def test_a_rough_picture_is_another_one_from_0_to_1_and_the_same_for_the_same_seed():
    for seed in range(25):
        first, again = (rough(hexagons(), np.random.default_rng(seed), 2.0) for _ in range(2))
        assert np.array_equal(first, again)
        assert first.min() == 0
        assert first.max() == 1
        assert np.abs(first - hexagons()).mean() > 1e-3


def test_most_rough_pictures_keep_their_wavelength():
    near = []
    for seed in range(30):
        picture = processed_or_rough(hexagons(), np.random.default_rng(seed), 1.6)
        near.append(abs(canonical_views(picture, 1).wavelength / 16 - 1) < 0.1)
    assert np.mean(near) >= 0.8


def test_photographs_are_changed_by_what_is_given():
    def black(picture, random, scale):
        return np.zeros_like(picture)

    def spread(process):
        return photographed(hexagons(), np.random.default_rng(0), (96, 100), 1.0, process)[0].std()

    assert spread(black) < 0.5 * spread(rough)


@pytest.mark.parametrize("draw", [broad_noise, single_pixels, grains])
def test_pictures_without_pattern_are_drawn_from_a_seed(draw):
    for seed in range(12):
        first, again = (draw(np.random.default_rng(seed), 97) for _ in range(2))
        assert first.shape == (97, 97)
        assert np.array_equal(first, again)
        assert np.ptp(first) > 0


def test_broad_noise_has_no_narrow_ring():
    """The width of its ring is a third of the middle or more; a pattern's is a tenth."""
    waves = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256)[None])
    for seed in range(20):
        field = broad_noise(np.random.default_rng(seed), 256)
        power = np.abs(np.fft.fft2(field - field.mean())) ** 2
        middle = np.sum(power * waves) / power.sum()
        width = np.sqrt(np.sum(power * (waves - middle) ** 2) / power.sum())
        assert width > 0.3 * middle
