"""Textures: invariances, known values, and what they tell apart."""

import numpy as np
import pytest

from morphoscope.core.errors import UsageError
from morphoscope.descriptors.texture import _smoothed, texture


@pytest.fixture(scope="module")
def frames():
    """Three frames of smooth noise that changes, on a square periodic grid."""
    rng = np.random.default_rng(1)
    waves = np.fft.rfft2(rng.normal(size=(2, 64, 64)))
    number = np.hypot(np.fft.fftfreq(64)[:, None] * 64, np.fft.rfftfreq(64)[None] * 64)
    one, other = np.fft.irfft2(waves * np.exp(-((number - 6) ** 2) / 4))
    return np.stack([one, one + 0.1 * other, one + 0.3 * other])


@pytest.mark.parametrize(
    "moved",
    [
        lambda f: np.roll(f, (5, 11), (1, 2)),
        lambda f: f[:, ::-1],
        lambda f: f[:, :, ::-1],
        lambda f: f.transpose(0, 2, 1),
    ],
    ids=["shift", "up-down", "left-right", "transposed"],
)
def test_symmetries_of_the_grid_change_nothing(frames, moved):
    before, after = texture(frames), texture(moved(frames))
    assert before.keys() == after.keys()
    # Windows of an even width are off by half a cell after a reflection; everything else is exact.
    for name, value in before.items():
        loose = name.startswith(("local_spread", "movement_", "mean_spread"))
        assert after[name] == pytest.approx(value, abs=0.02 if loose else 1e-9), name


def test_known_values_of_stripes():
    stripes = np.cos(2 * np.pi * 8 * np.arange(128) / 128) * np.ones((128, 1))
    found = texture(stripes[None])
    assert found["skewness"] == pytest.approx(0, abs=1e-12)
    assert found["log_kurtosis"] == pytest.approx(np.log(1.5))  # of a cosine: 3/8 divided by 1/4
    assert found["band_6"] == pytest.approx(1)  # 8 waves per 128 cells
    assert found["coherence_3"] == pytest.approx(1)
    assert found["euler_0.5"] == 0  # stripes around the torus have no ends
    assert found["perimeter_0.5"] == pytest.approx(16 / 128)
    assert "movement" not in found


def test_euler_counts_spots():
    y, x = np.mgrid[:96, :96]
    spots = sum(np.exp(-((y - r) ** 2 + (x - c) ** 2) / 18) for r in (16, 48, 80) for c in (16, 48, 80))
    assert np.sinh(texture(spots[None])["euler_0.5"]) * 3 == pytest.approx(9)
    assert np.sinh(texture(-spots[None])["euler_0.5"]) * 3 == pytest.approx(-9)


def test_scale_and_offset_change_levels_only(frames):
    before, after = texture(frames), texture(3 * frames + 1)
    assert {n for n in before if abs(before[n] - after[n]) > 1e-6} == {"value_5", "value_50", "value_95"}


def test_one_dimension_and_bad_input():
    line = np.sin(2 * np.pi * 5 * np.arange(96) / 96)[None, None]
    assert np.isfinite(list(texture(np.repeat(line, 2, axis=0)).values())).all()
    with pytest.raises(UsageError, match="homogeneous"):
        texture(np.ones((2, 8, 8)))
    with pytest.raises(UsageError, match="expected"):
        texture(np.ones((8, 8)))


@pytest.mark.parametrize("shape", [(128, 128), (50, 81), (1, 200), (16, 16)])
def test_gaussians_are_those_of_scipy(shape):
    from scipy import ndimage

    fields = np.random.default_rng(0).normal(size=(2, *shape))
    for scale, found in zip((1.5, 6.0), _smoothed(fields, (1.5, 6.0)), strict=True):
        expected = [ndimage.gaussian_filter(field, scale, mode="wrap") for field in fields]
        assert found == pytest.approx(np.array(expected), abs=1e-13)
