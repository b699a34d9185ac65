"""Measures of patterns against closed forms: wavelengths with errors, defects, lattices, Minkowski functionals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphoscope.core.errors import UsageError
from morphoscope.descriptors.local_waves import waves_of
from morphoscope.descriptors.patterns import MEASURES, measure_pattern
from tests.ensembles.photographs.patterns import waves

OPEN, PERIODIC = (False, False), (True, True)


def noisy_lattice(rng, count, cells=96):
    """A lattice of plane waves at any angle and phase, with noise as strong as itself."""
    wavelength = cells / rng.uniform(6, 14)
    pattern = waves((cells, cells), wavelength, count, rng.uniform(0, np.pi), rng.uniform(0, 6))
    return pattern / pattern.std() + rng.normal(0, 1, pattern.shape), wavelength


def disordered(rng, cells=96, relative_width=0.1):
    """A part of a random field whose wavenumbers are spread by 10 %, and 2π/√⟨q²⟩."""
    wavelength = cells / 8
    number = np.hypot(np.fft.fftfreq(2 * cells)[:, None], np.fft.fftfreq(2 * cells)[None, :])
    power = np.exp(-(((number * wavelength - 1) / relative_width) ** 2) / 2) / np.maximum(number, 1e-9)
    power[0, 0] = 0
    white = np.fft.fft2(rng.normal(size=number.shape))
    return np.fft.ifft2(white * np.sqrt(power)).real[:cells, :cells], np.sqrt(power.sum() / (power * number**2).sum())


@pytest.mark.parametrize(
    ("make", "within"),
    [
        (lambda rng: noisy_lattice(rng, 1), (0.75, 0.95)),
        (lambda rng: noisy_lattice(rng, 3), (0.75, 0.95)),
        (disordered, (0.5, 0.8)),
    ],
    ids=["stripes", "hexagons", "disordered"],
)
def test_the_error_covers_the_wavelength(make, within):
    """Shares of 30 patterns whose wavelength is within one and two standard errors of the true one."""
    rng = np.random.default_rng(5)
    deviations, errors = [], []
    for _ in range(30):
        field, truth = make(rng)
        found = waves_of(field, OPEN)
        deviations.append((found.wavelength - truth) / found.error)
        errors.append(found.error / truth)
    assert max(errors) < 0.03  # an error that is always large would cover, too
    assert np.abs(deviations).max() < 4
    assert (
        tuple((np.abs(deviations) < k).mean() >= share for k, share in zip((1, 2), within, strict=True)) == (True,) * 2
    )
    assert abs(np.mean(deviations)) < 0.75  # no bias


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("periodic", [OPEN, PERIODIC])
def test_perfect_waves_have_their_wavelength(count, periodic):
    if periodic == PERIODIC:
        angles = [2 * np.pi * k / 3 for k in range(3)][:count]
        y, x = np.mgrid[:120, :120]
        whole = [np.round(np.array([np.cos(a), np.sin(a)]) * 10) for a in angles]
        field = sum(np.cos(2 * np.pi * (q[0] * x + q[1] * y) / 120) for q in whole)
        truth = 120 / np.sqrt(np.mean([q @ q for q in whole]))
    else:
        field, truth = waves((120, 100), 11.3, count), 11.3
    found = measure_pattern(field, spacing=0.5, periodic=periodic).values
    assert found["wavelength"] == pytest.approx(truth / 2, rel=2e-3)
    assert found["wavelength_error"] < 0.01 * truth


def test_hexagons_of_either_polarity():
    bright, dark = (measure_pattern(sign * waves((160, 160), 16.0, 3)) for sign in (1, -1))
    assert (bright.kind, dark.kind) == ("bright spots", "dark spots")
    density = np.sqrt(3) / 2 / 16.0**2  # of a lattice with rows 16 apart
    for found in (bright.values, dark.values):
        assert found["spot_density"] == pytest.approx(density, rel=0.06)
        assert found["hexagonality"] > 0.99
        assert found["hexatic_order"] > 0.99
        assert found["lattice_defects"] == 0
        assert found["circularity"] > 0.95
        assert np.isnan(found["stripe_ends"])
    assert bright.values["euler_density"] == pytest.approx(density, rel=0.2)
    assert dark.values["euler_density"] == pytest.approx(-density, rel=0.2)


def test_two_grains_have_defects_between_them():
    left, right = (waves((160, 160), 14.0, 3, angle) for angle in (0.0, np.pi / 6))
    found = measure_pattern(np.where(np.arange(160) < 80, left, right)).values
    assert 3 <= found["lattice_defects"] < 0.5 * found["lattice_spots"]
    assert found["hexatic_order"] < 0.5 < found["hexagonality"]


def test_squares_are_neither_bright_nor_dark_and_not_hexagonal():
    found = measure_pattern(waves((160, 160), 16.0, 2))
    assert (found.kind, found.values["polarity"]) == ("spots", 0)
    assert found.values["hexagonality"] < 0.3


@pytest.mark.parametrize("number", [0, 1, 2])
def test_dislocations_end_a_stripe(number):
    y, x = np.mgrid[:160, :160]
    places = [(80.5, 50.5), (70.5, 110.5)][:number]
    phase = sum(np.arctan2(y - a, x - b) for a, b in places) + 2 * np.pi * x / 12
    found = measure_pattern(np.cos(phase))
    assert found.kind == "stripes"
    assert found.values["stripe_ends"] == number
    assert found.values["disclinations"] == 0


def test_a_disclination_turns_the_direction_by_half_a_turn():
    """Stripes that go around the end of a line: straight on one side, half circles on the other."""
    y, x = np.mgrid[:160, :160] - 79.5
    distance = np.where(x > 0, np.abs(y), np.hypot(x, y))
    found = measure_pattern(np.cos(2 * np.pi * distance / 12)).values
    assert found["disclinations"] == 1
    straight = measure_pattern(np.cos(2 * np.pi * y / 12)).values
    assert straight["disclinations"] == 0
    assert straight["coherence"] > 0.99
    assert np.isnan(straight["orientation_length"])


def test_the_orientation_is_correlated_as_far_as_the_domains_reach():
    lengths = []
    for size in (20, 40):
        turned = (np.add.outer(np.arange(160) // size, np.arange(160) // size) % 2).astype(bool)
        found = measure_pattern(np.where(turned, waves((160, 160), 8.0, 1, 0.0), waves((160, 160), 8.0, 1, np.pi / 2)))
        lengths.append(found.values["orientation_length"])
    assert lengths[1] == pytest.approx(2 * lengths[0], rel=0.2)
    assert 0.2 * 40 < lengths[1] < 40


def test_minkowski_functionals_of_stripes_are_those_of_geometry():
    field = np.cos(2 * np.pi * (np.arange(240) + 0.5) / 80) * np.ones((90, 1))
    found = measure_pattern(field, spacing=0.1, periodic=PERIODIC).values
    assert found["area_share"] == pytest.approx(0.5, abs=0.03)
    assert found["boundary_density"] == pytest.approx(2 / 8.0)  # two boundaries a wavelength of 8
    assert found["euler_density"] == 0


@given(st.integers(0, 119), st.integers(0, 119))
@settings(max_examples=10)
def test_shifts_of_a_periodic_field_change_nothing(down, right):
    """Spots that an edge cuts are the same spots."""
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:120, :120]
    places = 20 * np.argwhere(np.ones((6, 6))) + rng.uniform(-2, 2, (36, 2))
    apart = [[(axis - place + 60) % 120 - 60 for axis, place in zip((y, x), each, strict=True)] for each in places]
    field = sum(np.exp(-(np.hypot(*each) ** 2) / 25) for each in apart)
    first = measure_pattern(field, periodic=PERIODIC)
    moved = measure_pattern(np.roll(field, (down, right), (0, 1)), periodic=PERIODIC)
    assert first.kind == moved.kind
    for name in ("wavelength", "spot_count", "lattice_defects", "boundary_density", "euler_density", "area_share"):
        assert first.values["spot_count"] == 36
        assert moved.values[name] == pytest.approx(first.values[name], rel=1e-6), name


def test_fields_without_a_pattern():
    names = [measure.name for measure in MEASURES]
    for field in (np.zeros((40, 40)), np.full((40, 40), 3.0), np.random.default_rng(0).normal(size=(64, 64))):
        found = measure_pattern(field)
        assert found.kind == "no pattern"
        assert list(found.values) == names
        assert np.isnan(list(found.values.values())).all()


@pytest.mark.parametrize("field", [np.zeros(5), np.zeros((0, 4)), np.full((20, 20), np.nan), np.zeros((2, 20, 20))])
def test_what_is_no_field_is_one_line(field):
    with pytest.raises(UsageError) as caught:
        measure_pattern(field)
    assert "\n" not in str(caught.value)


@given(st.integers(4, 40), st.integers(4, 40), st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_any_field_can_be_measured(height, width, seed, along, across):
    field = np.random.default_rng(seed).normal(size=(height, width)).cumsum(axis=1)
    found = measure_pattern(field, periodic=(along, across))
    assert all(np.isfinite(value) or np.isnan(value) for value in found.values.values())
