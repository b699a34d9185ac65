"""Colour scales: honest ranges, a floor for contrast, round ticks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphoscope.rendering.scale import SMALLEST_CONTRAST, colour_range, scaled, shared_range, ticks

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def drawn(field, **known):
    """Grey levels with the range of the field's own."""
    return np.round(scaled(field, colour_range(field, **known)) * 255)


def noise(level, around):
    return around + level * np.random.default_rng(0).uniform(-1, 1, (32, 32))


@pytest.mark.parametrize(
    ("level", "around"), [(4.5e-6, 0.38), (1e-4, 1.0), (0.4, 1000.0), (1e-12, 1e-6), (0.0, 0.0), (0.0, 5.0)]
)
def test_rounding_is_drawn_uniform(level, around):
    assert np.ptp(drawn(noise(level, around))) == 0


@pytest.mark.parametrize(("level", "around"), [(5.0, 1005.0), (1e-6, 2e-6), (0.5, 0.0), (1e-3, 0.3)])
def test_patterns_of_any_size_use_all_colours(level, around):
    assert np.ptp(drawn(noise(level, around))) == 255


def test_small_variation_relative_to_typical_values_is_drawn_uniform():
    faint = noise(1e-5, 0.0)
    assert np.ptp(drawn(faint, magnitude=0.5)) == 0
    assert np.ptp(drawn(faint, shown=(-0.5, 0.5))) <= 1
    assert np.ptp(drawn(faint)) == 255


@given(NUMBERS, NUMBERS, st.floats(0, 1e6))
def test_a_range_is_wide_enough_and_contains_all_values(one, other, magnitude):
    low, high = colour_range([one, other, np.nan], magnitude=magnitude)
    assert low < high
    assert low <= min(one, other) <= max(one, other) <= high
    assert high - low > SMALLEST_CONTRAST * max(abs(one), abs(other), magnitude)


def test_one_run_astray_does_not_stretch_the_scale_of_all():
    lowest, highest = np.zeros(200), np.ones(200)
    highest[7] = 1e6
    lowest[9] = np.nan
    assert shared_range(lowest, highest) == (0.0, 1.0)
    assert shared_range([], [], shown=(0.0, 2.0)) == (0.0, 2.0)
    assert shared_range([], []) == colour_range([np.nan]) == (0.0, 1.0)


def test_one_of_few_runs_with_extreme_values_does_not_darken_the_others():
    assert shared_range([-5.0] + [0.0] * 14 + [0.5], [1.0] * 15 + [10.0]) == (-0.25, 1.25)
    assert shared_range([0.0] * 16, [1.0] * 12 + [3.0] * 4) == (0.0, 3.0)


def test_a_few_patterns_among_many_uniform_runs_keep_their_contrast():
    assert shared_range([1.0] * 97 + [0.1] * 3, [1.0] * 97 + [2.0] * 3) == (0.1, 2.0)
    assert shared_range([0.0] * 16 + [9.0], [1.0] * 16 + [9.0]) == (0.0, 1.25)  # one uniform run far from the others


@pytest.mark.parametrize("logarithmic", [False, True])
@given(st.floats(1e-9, 1e6), st.floats(1e-3, 1e5))
def test_a_colour_bar_has_three_ticks_or_more_inside(logarithmic, low, share):
    high = low * (1 + share)
    found = ticks(low, high, logarithmic=logarithmic)
    assert 3 <= len(found) <= 12
    assert sorted(set(found)) == found
    assert low - 1e-6 * (high - low) <= found[0] < found[-1] <= high + 1e-6 * (high - low)


def test_narrow_logarithmic_scales_have_ticks_too():
    assert ticks(9.0, 11.0, logarithmic=True) == [9.0, 9.5, 10.0, 10.5, 11.0]
