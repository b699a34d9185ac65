"""Whether a picture is inside what a model produces: p-values against those that are known."""

import numpy as np
import pytest

from morphoscope.learning.identifying.compatibility import LEAST, Compatibility, Fit, repeatable_directions
from morphoscope.learning.identifying.readers import Embedded


def cloud(random, count, mean=0.0):
    """Embeddings with correlated components."""
    return mean + random.standard_normal((count, 6)) @ np.triu(np.ones((6, 6)))


def test_p_values_of_new_pictures_are_uniform():
    random = np.random.default_rng(0)
    fit = Fit.of(cloud(random, 400), cloud(random, 400))
    p = fit.p_values(cloud(random, 4000))
    for level in (0.05, 0.2, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=0.03)
    assert fit.p_values(cloud(random, 50, mean=40.0)) == pytest.approx(np.full(50, 1 / 401))


def test_distance_is_that_of_mahalanobis():
    random = np.random.default_rng(1)
    training, new = cloud(random, 20_000), cloud(random, 20)
    shifted = new - training.mean(axis=0)
    exact = np.sqrt(np.sum(shifted * np.linalg.solve(np.cov(training.T), shifted.T).T, axis=1))
    assert Fit.of(training, new).distance(new) == pytest.approx(exact, rel=0.02)


def test_a_p_value_counts_equal_distances():
    fit = Fit(np.zeros(1, np.float32), np.eye(1, dtype=np.float16), np.array([1, 2, 2, 3], np.float32))
    p = fit.p_values(np.array([[0.0], [2.0], [2.5], [4.0]]))
    assert p == pytest.approx([1.0, 0.8, 0.4, 0.2])


def test_one_picture_can_be_compatible_with_many_models_or_with_none():
    random = np.random.default_rng(2)
    means = (0.0, 0.2, 30.0)  # two models look alike
    training, judged = (
        Embedded(np.concatenate([cloud(random, n, mean) for mean in means]), np.repeat(np.arange(3), n))
        for n in (400, 100)
    )
    found = Compatibility.of(("a", "b", "c"), training, judged)
    p = found.p_values(np.zeros(6))
    assert p["a"] > LEAST
    assert p["b"] > LEAST
    assert p["c"] < LEAST
    assert max(found.p_values(np.full(6, -30.0)).values()) < LEAST


def test_arrays_hold_everything_and_old_identifiers_have_none():
    random = np.random.default_rng(3)
    made = Compatibility({"a": Fit.of(cloud(random, 100), cloud(random, 50))})
    copy = Compatibility.from_arrays(("a",), made.arrays())
    embedding = cloud(random, 1)[0]
    assert copy is not None
    assert copy.p_values(embedding) == made.p_values(embedding)
    grown = copy.joined({"b": Fit.of(cloud(random, 100), cloud(random, 50))})
    assert list(grown.p_values(embedding)) == ["a", "b"]
    assert Compatibility.from_arrays(("a",), {}) is None


def test_a_picture_is_compatible_if_it_is_like_patterns_from_noise_or_like_ordered_ones():
    random = np.random.default_rng(5)
    usual, ordered = (Fit.of(cloud(random, 400, mean), cloud(random, 200, mean)) for mean in (0.0, 30.0))
    made = Compatibility({"a": usual, "b": usual}, ordered={"a": ordered})
    copy = Compatibility.from_arrays(("a", "b"), made.arrays())
    assert copy is not None
    for embedding in (np.zeros(6), np.full(6, 30.0), np.full(6, 15.0)):
        p = copy.p_values(embedding)
        assert p == made.p_values(embedding)
        assert p["a"] == max(float(fit.p_values(embedding[None])[0]) for fit in (usual, ordered))
        assert p["b"] == usual.p_values(embedding[None])[0]
    assert copy.p_values(np.full(6, 30.0))["a"] > LEAST
    assert copy.p_values(np.full(6, 30.0))["b"] < LEAST
    new = np.concatenate([cloud(random, 1000), cloud(random, 1000, 30.0)])
    assert np.mean([copy.p_values(each)["a"] <= LEAST for each in new]) < LEAST + 0.03


def test_directions_leave_out_what_changes_between_pictures_of_one_pattern():
    """Patterns differ in two features, their pictures in all others."""
    random = np.random.default_rng(4)
    patterns = np.repeat(np.arange(60), 5)
    picture = 2 * random.standard_normal((300, 30))
    picture[:, [3, 7]] = 4 * random.standard_normal((60, 2))[patterns] + 0.3 * random.standard_normal((300, 2))
    directions = repeatable_directions(picture, patterns)
    assert directions.shape == (30, 24)
    first = directions[:, :2]
    inside = np.linalg.norm(first[[3, 7]], axis=0) / np.linalg.norm(first, axis=0)
    assert inside == pytest.approx(np.ones(2), abs=0.05)


def test_models_are_compared_in_directions_that_are_stored():
    random = np.random.default_rng(5)
    training, judged = (
        Embedded(np.concatenate([cloud(random, n), cloud(random, n, 9.0)]), np.repeat(np.arange(2), n))
        for n in (400, 100)
    )
    one = np.eye(6, 1, dtype=np.float32)  # the first feature alone
    found = Compatibility.of(("a", "b"), training, judged, one)
    copy = Compatibility.from_arrays(("a", "b"), found.arrays())
    assert copy is not None
    elsewhere = np.array([0.0, 50, 50, 50, 50, 50])
    assert copy.p_values(elsewhere) == found.p_values(elsewhere) == found.p_values(np.zeros(6))
    assert found.p_values(elsewhere)["a"] > LEAST > found.p_values(elsewhere)["b"]
    grown = found.joined({"c": found.fit_of(cloud(random, 100), cloud(random, 50))})
    assert grown.p_values(elsewhere)["c"] > LEAST
