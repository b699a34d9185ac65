"""Interpolation to another cell size, against closed forms."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphoscope.learning.resampling import resampled, starts

NOISE = np.random.default_rng(0).random((2, 24, 20)).astype(np.float32)


def wave(places, cells):
    """A field of known values anywhere, periodic over ``cells``."""
    return 0.6 + np.cos(2 * np.pi * 3 * places / cells + 0.3) + 0.5 * np.sin(2 * np.pi * 5 * places / cells)


@pytest.mark.parametrize("step", [0.5, 0.64, 1.0, 1.37, 2.0])
def test_waves_are_evaluated_between_the_cells(step):
    places = (np.arange(30) + 0.5) * step - 0.5
    field = wave(np.arange(48)[:, None], 48) * wave(np.arange(48), 48)
    found = resampled(field[None].astype(np.float32), step, (30, 30))[0, 0]
    assert found == pytest.approx(wave(places[:, None], 48) * wave(places, 48), abs=2e-6)


def test_the_same_cells_are_kept_and_repeated():
    assert np.array_equal(resampled(NOISE, 1.0, (24, 20))[0], NOISE)
    assert resampled(NOISE, 1.0, (48, 60))[0] == pytest.approx(np.tile(NOISE, (1, 2, 3)), abs=1e-6)


def test_without_periodicity_edges_mirror():
    found = resampled(NOISE, 1.0, (48, 40), (False, False))[0]
    whole = np.concatenate([NOISE, NOISE[:, ::-1]], axis=1)
    assert found == pytest.approx(np.concatenate([whole, whole[..., ::-1]], axis=2), abs=1e-6)


def test_waves_too_short_for_larger_cells_are_left_out():
    x = np.arange(48)
    field = 0.5 + 0.2 * np.cos(2 * np.pi * 4 * x / 48) + 0.2 * np.cos(2 * np.pi * 20 * x / 48)
    found = resampled(np.broadcast_to(field, (1, 48, 48)).astype(np.float32), 2.0, (24, 24))[0, 0]
    places = (np.arange(24) + 0.5) * 2 - 0.5
    assert found == pytest.approx(np.broadcast_to(0.5 + 0.2 * np.cos(2 * np.pi * 4 * places / 48), (24, 24)), abs=1e-6)


@given(st.floats(1, 900), st.integers(8, 200))
def test_windows_cover_the_field_without_leaving_it(length, window):
    begins = starts(length, window)
    assert begins[0] == 0
    assert begins[-1] == pytest.approx(max(length - window, 0))
    assert all(b - a <= window + 1e-6 for a, b in itertools.pairwise(begins))
    assert (len(begins) - 1) * window < max(length, window + 1e-6)


@given(st.floats(0.3, 3), st.integers(8, 40), st.integers(8, 40))
def test_a_constant_stays_and_the_mean_of_a_whole_period_too(step, height, width):
    flat = np.full((1, height, width), 0.37, dtype=np.float32)
    assert resampled(flat, step, (16, 16)) == pytest.approx(
        np.full(resampled(flat, step, (16, 16)).shape, 0.37), abs=1e-5
    )
    finer = resampled(NOISE, 0.5, (48, 40))[0]
    assert finer.mean(axis=(1, 2)) == pytest.approx(NOISE.mean(axis=(1, 2)), abs=1e-5)
