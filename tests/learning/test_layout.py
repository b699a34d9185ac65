"""Patterns in a plane by their features."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from morphoscope.core.errors import UsageError
from morphoscope.learning.layout import LEAST, Layout

KINDS = np.repeat(np.arange(3), 20)


def features(seed=0):
    """Three groups of patterns; some features are constant, one is very large for one pattern."""
    random = np.random.default_rng(seed)
    found = random.normal(size=(3, 40)).astype(np.float32)[KINDS] + 0.2 * random.normal(size=(len(KINDS), 40))
    found[:, :5] = 1
    found[0, 6] = 1e4
    return found.astype(np.float32)


@pytest.fixture(scope="module")
def layout():
    return Layout.of(features())


def test_similar_patterns_are_neighbours(layout):
    distances = cdist(layout.coordinates, layout.coordinates) + 10 * np.eye(len(KINDS))
    assert np.array_equal(KINDS[distances.argmin(axis=1)], KINDS)
    assert layout.trustworthiness > 0.9
    assert np.abs(layout.coordinates).max() == pytest.approx(1)


def test_the_same_features_give_the_same_places(layout):
    assert np.array_equal(Layout.of(features()).coordinates, layout.coordinates)


def test_others_are_placed_among_patterns_like_them(layout):
    own = layout.place(features())
    np.testing.assert_allclose(own, layout.coordinates, atol=1e-3)
    middles = np.stack([layout.coordinates[kind == KINDS].mean(axis=0) for kind in range(3)])
    between = (features()[:-1] + features()[1:]) / 2
    same = KINDS[:-1] == KINDS[1:]
    assert np.array_equal(cdist(layout.place(between), middles).argmin(axis=1)[same], KINDS[:-1][same])


def test_few_patterns_are_enough_but_not_any_number():
    assert Layout.of(features()[:LEAST]).coordinates.shape == (LEAST, 2)
    with pytest.raises(UsageError, match=f"{LEAST - 1} patterns; {LEAST} or more can be laid out"):
        Layout.of(features()[: LEAST - 1])
