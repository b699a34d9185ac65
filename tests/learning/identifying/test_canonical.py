"""Canonical views: the same whatever scale, contrast, sign and light a picture has."""

import numpy as np
import pytest

from morphoscope import UsageError
from morphoscope.learning.identifying.canonical import CLOSE, SIDE, WIDE, canonical_views, pattern_wavelength
from morphoscope.learning.identifying.photographed import photographed


def spots(side, wavelength, angle=0.3):
    """Bright hexagonal spots: three plane waves."""
    y, x = np.mgrid[:side, :side].astype(float)
    q = 2 * np.pi / wavelength
    return sum(np.cos(q * (np.cos(a + angle) * x + np.sin(a + angle) * y)) for a in np.pi / 3 * np.arange(3))


def dominant_period(view):
    power = np.abs(np.fft.fft2(view - view.mean())) ** 2
    q = np.hypot(*np.meshgrid(*(np.fft.fftfreq(n) for n in view.shape), indexing="ij"))
    near = q > 0.02
    return float(power[near].sum() / (power[near] * q[near]).sum())


@pytest.mark.parametrize("wavelength", [9.0, 24.0, 70.0])
def test_a_view_has_its_pixels_a_wavelength(wavelength):
    views = canonical_views(spots(480, wavelength))
    assert views.wavelength == pytest.approx(wavelength, rel=0.04)
    assert dominant_period(views.wide[0]) == pytest.approx(WIDE, rel=0.1)
    assert dominant_period(views.close[0]) == pytest.approx(CLOSE, rel=0.15)
    assert not views.inverted


def test_contrast_sign_and_light_do_not_matter():
    field = spots(300, 25)
    y, x = np.mgrid[-1:1:300j, -1:1:300j]
    plain = canonical_views(field)
    other = canonical_views(7 - 0.02 * field + 0.05 * (x - 0.5 * y + x**2))
    assert other.inverted
    assert other.wavelength == pytest.approx(plain.wavelength, rel=0.02)
    for name in ("wide", "close"):
        pairs = zip(getattr(plain, name), getattr(other, name), strict=True)
        assert min(np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs) > 0.97


def test_windows_lie_inside_and_a_small_picture_is_mirrored():
    assert canonical_views(spots(400, 12)).stacked().shape == (4, 2, SIDE, SIDE)
    few = canonical_views(spots(64, 20))
    assert few.stacked().shape == (1, 2, SIDE, SIDE)
    assert np.isfinite(few.stacked()).all()


def test_large_pictures_keep_their_wavelength():
    assert canonical_views(spots(1500, 60)).wavelength == pytest.approx(60, rel=0.02)
    assert canonical_views(spots(1500, 6)).wavelength == pytest.approx(6, rel=0.02)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((20, 20)), "32 pixels or more"),
        (np.zeros((64, 64, 3)), "32 pixels or more"),
        (np.full((64, 64), np.nan), "NaN"),
        (np.full((64, 64), 3.0), "uniform"),
    ],
)
def test_what_is_no_picture_is_refused(picture, message):
    with pytest.raises(UsageError, match=message):
        canonical_views(picture)


def test_a_synthetic_photograph_keeps_the_wavelength():
    random = np.random.default_rng(1)
    field = np.cos(2 * np.pi * 12 * np.arange(128) / 128) * np.ones((128, 1))
    for _ in range(4):
        picture, scale = photographed(field, random, (160, 400))
        assert picture.min() >= 0
        assert picture.max() <= 1
        assert pattern_wavelength(picture) == pytest.approx(128 / 12 * scale, rel=0.05)
