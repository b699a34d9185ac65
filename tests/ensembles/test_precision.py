"""A run says where float32 is too coarse for it, and only there."""

import numpy as np
import pytest

import morphoscope
from morphoscope.models import Model
from morphoscope.models.typed import typed_model

WALLS = Model(name="walls", reaction={"u": "tanh(u - c) - 0.5*(u - c)"}, diffusion={"u": "1"}, defaults={"c": 0.0})


def walls_around(level, **settings):
    start = level + np.where(np.arange(32) < 16, -1.0, 1.0) * np.ones((1, 32, 1))
    return morphoscope.simulate(WALLS, {"c": level}, initial=start, dt=0.1, until=20, **settings)


def test_cancellation_of_an_expanded_formula_is_noticed():
    """(u − 1005)³ is added up from terms of 10⁹, which float32 rounds to 32: the pattern is noise."""
    model = typed_model({"u": "1e-4*(u - 1005) - 1e-4*(u - 1005)**3"}, {"u": "1"}, {})
    settings = {"initial": "steady:amplitude=1e-4", "size": 32, "dt": 0.02, "until": 20}
    with pytest.warns(UserWarning, match=r"where rounding in float32 amounts to .*double"):
        run = morphoscope.simulate(model, **settings)
    assert "\n" not in run.warnings[0]
    exact = morphoscope.simulate(model, double=True, **settings)
    assert exact.warnings == ()
    assert np.abs(run.states[-1] - exact.states[-1]).max() > 0.02  # the warning is true


def test_a_pattern_of_few_last_digits_is_noticed():
    with pytest.warns(UserWarning, match=r"where float32 has steps of 0\.0078"):
        walls_around(1e5)
    assert walls_around(1e5, double=True).warnings == ()
    assert walls_around(0.0).warnings == ()


def test_a_step_below_the_resolution_is_noticed():
    """The state does not change, but it is not a steady state."""
    with pytest.warns(UserWarning, match="u stands still because a step"):
        run = morphoscope.simulate("schnakenberg", size=32, dt=1e-9, until=10)
    assert run.computed_steps < run.plan.steps[-1]


def test_true_steady_states_are_silent():
    uniform = morphoscope.simulate("gray-scott", {"f": 0.005, "k": 0.05}, size=48, until=15000)
    assert uniform.computed_steps < uniform.plan.steps[-1]
    spots = morphoscope.simulate("gray-scott", {"f": 0.046, "k": 0.063}, size=48, until=30000, dt=0.5)
    assert np.ptp(spots.states[-1, 0]) > 0.3
    assert uniform.warnings == spots.warnings == ()
