"""Numbers rounded to 12 decimal digits at once are those that text would give."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from morphoscope.ensembles.digits import rounded


def by_text(values):
    return np.array([float(f"{value:.12g}") for value in values.tolist()], dtype=float)


def assert_same_bits(values):
    assert rounded(values).tobytes() == by_text(values).tobytes()


@given(arrays.arrays(np.float64, st.integers(0, 8), elements=st.floats(allow_nan=False)))
def test_any_numbers(values):
    assert_same_bits(values)


@given(st.integers(10**11, 10**12 - 1), st.integers(-30, 30), st.integers(-3, 3))
def test_halves_and_their_neighbours(digits, exponent, steps):
    """Text of 13 digits that ends with 5 is where the scaled value alone can't decide."""
    half = float(f"{digits}.5e{exponent}")
    assert_same_bits(np.array([half + steps * np.spacing(half), -half]))


@given(st.integers(-25, 25), st.integers(-4, 4))
def test_powers_of_ten_and_their_neighbours(exponent, steps):
    power = float(f"1e{exponent}")
    assert_same_bits(np.array([power + steps * np.spacing(power)]))


def test_many_random_numbers():
    random = np.random.default_rng(5)
    assert_same_bits(random.random(20_000) * 10.0 ** random.integers(-14, 24, 20_000))


def test_zeros_keep_their_sign_and_what_is_not_finite_stays():
    assert_same_bits(np.array([0.0, -0.0, np.inf, -np.inf]))
    assert np.isnan(rounded(np.array([np.nan])))
