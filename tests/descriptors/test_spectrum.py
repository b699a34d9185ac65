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
    assert q[np.argmax(power)] == pytest.approx(2 * np.pi / length)
    assert power.sum() == pytest.approx(0.3**2 / 2)


def test_a_homogeneous_field_has_none():
    assert np.isnan(dominant_wavelength(np.full((32, 32), 0.4)))


@pytest.mark.parametrize("magnitude", [1.0, 0.3])
def test_noise_of_rounding_has_no_spectrum(magnitude):
    noise = 0.38 + 1e-10 * np.random.default_rng(0).standard_normal((32, 32))
    assert not power_spectrum(noise, magnitude).any()
    q, power = radial_spectrum(noise, magnitude=magnitude)
    assert len(q) == 16
    assert not power.any()


def test_what_is_faint_depends_on_the_size_of_typical_values():
    faint = 2e-6 + 1e-6 * wave((32, 32), 0, 4)
    assert np.isnan(dominant_wavelength(faint))
    assert dominant_wavelength(faint, magnitude=2e-6) == pytest.approx(8)
    assert dominant_wavelength(faint.astype(np.float32), magnitude=2e-6) == pytest.approx(8)


def test_wavenumbers_are_those_of_theory():
    """The fastest wave of theory and the pattern that it becomes have wavenumbers of one definition."""
    import morphoscope
    from morphoscope.descriptors import measure

    (mode,) = morphoscope.analyze("schnakenberg").modes
    made = morphoscope.simulate("schnakenberg", until=60, size=(64, 64), seed=1)
    spacing = made.plan.grid.spacing
    found = measure(made.species("u")[-1:], spacing=spacing)
    assert mode.q * mode.wavelength == pytest.approx(2 * np.pi)
    assert found["wavenumber"] == pytest.approx(mode.q, rel=0.35)
