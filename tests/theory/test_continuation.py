"""Branches of steady states through parameter space, against closed forms."""

import numpy as np
import pytest

from morphoscope.models import Model, get_model
from morphoscope.theory import homogeneous_states
from morphoscope.theory.continuation import continued


def gray_scott_lower(f, k):
    """The steady state with small u: u = (1 − √(1 − 4 (f + k)² / f)) / 2, NaN where it does not exist."""
    with np.errstate(invalid="ignore"):
        return (1 - np.sqrt(1 - 4 * (f + k) ** 2 / f)) / 2


def test_each_branch_of_gray_scott_is_followed_where_it_exists():
    model = get_model("gray-scott")
    f, k = (axis.ravel() for axis in np.meshgrid(np.linspace(0.003, 0.09, 25), np.linspace(0.02, 0.07, 25)))
    start = {**model.defaults, "f": 0.035, "k": 0.055}
    low, middle, high = homogeneous_states(model, start)
    ends = {**model.defaults, "f": f, "k": k}
    lower = gray_scott_lower(f, k)
    found = {
        name: continued(model, s.values, start, ends)[:, 0] for name, s in zip("lmh", (low, middle, high), strict=True)
    }
    assert found["l"] == pytest.approx(lower, abs=1e-9, nan_ok=True)
    assert found["m"] == pytest.approx(1 - lower, abs=1e-9, nan_ok=True)
    assert found["h"] == pytest.approx(np.ones(len(f)))
    assert 100 < np.isnan(lower).sum() < 525  # both sides of the fold are in the test


def test_a_branch_that_folds_back_is_lost_and_not_replaced_by_another():
    """u' = r + u − u³: for r beyond 2/√27 only the upper state exists; no branch leads there from the lower one."""
    model = Model(name="fold", reaction={"u": "r + u - u**3"}, defaults={"r": 0.0})
    found = continued(model, {"u": -1.0}, {"r": 0.0}, {"r": [0.2, 0.5]})[:, 0]
    assert found[0] == pytest.approx(np.sort(np.roots([-1, 0, 1, 0.2]).real)[0])
    assert np.isnan(found[1])


def test_models_without_parameters_keep_their_states():
    model = Model(name="still", reaction={"u": "u - u**3"})
    assert continued(model, {"u": 1.0}, {}, {}) == pytest.approx(np.array([[1.0]]))
