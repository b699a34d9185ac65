import numpy as np
import pytest

from morphoscope.descriptors.spectrum import dominant_wavelength, power_spectrum, radial_spectrum


def wave(shape, waves_y, waves_x):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return 0.5 + 0.3 * np.cos(2 * np.pi * (waves_y * y / shape[0] + waves_x * x / shape[1]))


@pytest.mark.parametrize("shape", [(64, 64), (48, 96), (33, 50)])
def test_the_power_adds_up_to_the_variance(shape):
    field = np.random.default_rng(0).random(shape)
    assert power_spectrum(field).sum() == pytest.approx(field.var(), rel=1e-12)


@pytest.mark.parametrize(("waves", "length"), [((8, 0), 8.0), ((0, 4), 16.0), ((3, 4), 64 / 5)])
def test_a_wave_has_its_length(waves, length):
    field = wave((64, 64), *waves)
    assert dominant_wavelength(field) == pytest.approx(length)
    assert dominant_wavelength(field, spacing=0.5) == pytest.approx(length / 2)
    q, power = radial_spectrum(field)
    assert q[np.argmax(power)] == pytest.approx(1 / length)
    assert power.sum() == pytest.approx(0.3**2 / 2)


def test_a_homogeneous_field_has_none():
    assert np.isnan(dominant_wavelength(np.full((32, 32), 0.4)))
