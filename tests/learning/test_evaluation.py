import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from morphoscope.core.errors import UsageError
from morphoscope.learning.evaluation import (
    Accuracy,
    Evaluation,
    assess,
    expected_calibration_error,
    fit_temperature,
)
from morphoscope.learning.prediction import Prediction

CLASSES = ("a", "b", "c")


def reading(n, seed=0):
    rng = np.random.default_rng(seed)
    return Prediction(CLASSES, rng.dirichlet([1, 1, 1], n).astype(np.float32)), rng.choice(CLASSES, n).tolist()


@given(st.integers(1, 200), st.integers(0, 100))
def test_figures_are_scikit_learns(n, seed):
    prediction, labels = reading(n, seed)
    seen = np.arange(n) % 2 == 0
    found = assess("set", prediction, labels, seen)
    expected = precision_recall_fscore_support(labels, prediction.names, labels=CLASSES, zero_division=np.nan)
    for values, wanted in ((found.precision, expected[0]), (found.recall, expected[1])):
        got = [np.nan if values[c] is None else values[c] for c in CLASSES]
        assert np.allclose(got, wanted, equal_nan=True)
    assert list(found.support.values()) == expected[3].tolist()
    assert np.sum(found.confusion) == n
    assert found.accuracy.value == pytest.approx(np.trace(found.confusion) / n)
    assert found.seen.n + found.unseen.n == n
    parts = [a.value * a.n for a in (found.seen, found.unseen) if a.value is not None]
    assert sum(parts) == pytest.approx(found.accuracy.value * n)
    assert Evaluation.from_dict(found.to_dict()) == found


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_bootstrap_interval_contains_the_value(flags):
    accuracy = Accuracy.of(np.array(flags))
    assert 0 <= accuracy.low <= accuracy.value <= accuracy.high <= 1


def test_bootstrap_interval_has_the_binomial_width():
    flags = np.arange(1000) < 900
    accuracy = Accuracy.of(flags)
    half = 1.96 * np.sqrt(0.9 * 0.1 / 1000)
    assert (accuracy.high - accuracy.low) / 2 == pytest.approx(half, rel=0.1)


@pytest.mark.parametrize(
    ("right", "low", "high"), [(True, 12 / (12 + 1.96**2), 1), (False, 0, 1.96**2 / (12 + 1.96**2))]
)
def test_runs_that_are_all_right_or_all_wrong_have_wilsons_interval(right, low, high):
    accuracy = Accuracy.of(np.full(12, right))
    assert accuracy.value == right
    assert (accuracy.low, accuracy.high) == pytest.approx((low, high), abs=1e-4)


def test_calibration_error_of_perfect_and_of_boastful_readings():
    rng = np.random.default_rng(0)
    probability = rng.uniform(0.4, 1, 200_000)
    assert expected_calibration_error(probability, rng.random(200_000) < probability) < 0.005
    assert expected_calibration_error(np.full(100, 0.9), np.arange(100) < 50) == pytest.approx(0.4)
    assert expected_calibration_error(np.ones(10), np.ones(10, bool)) == 0


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_temperature_is_found_again(temperature):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (20_000, 4))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    targets = (rng.random(20_000)[:, None] > shares.cumsum(axis=1)).sum(axis=1)
    assert fit_temperature((logits * temperature).astype(np.float32), targets) == pytest.approx(temperature, rel=0.05)


def test_what_is_read_without_error_keeps_its_temperature():
    assert fit_temperature(np.array([[2, 1], [0, 3]], np.float32), np.array([0, 1])) == 1


def test_unknown_labels_and_no_labels_are_refused():
    prediction, _ = reading(2)
    with pytest.raises(UsageError, match="extra: pi"):
        assess("set", prediction, ["a", "pi"], np.ones(2, bool))
    with pytest.raises(UsageError, match="nothing to evaluate"):
        assess("set", Prediction(CLASSES, np.zeros((0, 3), np.float32)), [], np.ones(0, bool))


def test_confusions_are_sorted():
    probabilities = np.eye(3, dtype=np.float32)[[1, 1, 2, 0]]
    found = assess("set", Prediction(CLASSES, probabilities), ["a", "a", "b", "a"], np.ones(4, bool))
    assert found.confused() == [("a", "b", 2), ("b", "c", 1)]
