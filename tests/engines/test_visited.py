"""A derived time step belongs to the scale of the model, whatever unit its concentrations have."""

import numpy as np
import pytest

import morphoscope
from morphoscope.engines import Grid
from morphoscope.engines.exponential_step import check_exponential_step, default_step
from morphoscope.engines.initial import InitialCondition
from morphoscope.engines.stability import automatic_step
from morphoscope.engines.visited import reference_states, starting_states
from morphoscope.models import Model, get_model, model_names
from morphoscope.models.typed import typed_model

STEADY = InitialCondition("steady")


def schnakenberg(unit):
    """Schnakenberg's model with concentrations in multiples of 1/unit."""
    reaction = {"u": f"a - u + u**2*v*{unit**-2!r}", "v": f"b - u**2*v*{unit**-2!r}"}
    return typed_model(reaction, {"u": "1", "v": "40"}, {"a": 0.1 * unit, "b": 0.9 * unit})


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize("integrator", ["euler", "etdrk2"])
def test_the_step_does_not_depend_on_the_unit(unit, integrator):
    grid = Grid(16, 16)
    steps = []
    for model in (schnakenberg(unit), schnakenberg(1.0)):
        steps.append(default_step(model, grid, model.complete({}), integrator, STEADY))
    if integrator == "euler":
        assert steps[0] == steps[1]
    assert 0.1 < steps[0] / steps[1] < 10


def test_a_pattern_grows_in_tiny_units_as_in_large_ones():
    """Formerly dt was 2e-13, float32 did not resolve a step, and the run ended with the noise that it began with."""
    tiny, usual = (morphoscope.simulate(schnakenberg(unit), size=32, until=60, times=[60]) for unit in (2.0**-20, 1.0))
    assert tiny.plan.dt == usual.plan.dt
    assert tiny.states * 2.0**20 == pytest.approx(usual.states, rel=0.02)
    assert np.ptp(tiny.states[-1, 0]) > 2 * np.ptp(tiny.initial[0])
    assert tiny.warnings == ()


def test_reference_states_are_the_models_own_or_at_its_scale():
    for name in model_names():
        model = get_model(name)
        assert reference_states(model, model.complete({})) == [model.background, model.perturbation]
    model = schnakenberg(1e-6)
    (state,) = reference_states(model, model.complete({}))
    assert state == pytest.approx({"u": 1e-6, "v": 9e-7})
    check_exponential_step(model, Grid(16, 16), (model.complete({}),), 0.25)


def test_named_initial_conditions_start_at_background_and_perturbed_state():
    model = schnakenberg(1e-6)
    parameters = model.complete({})
    assert starting_states(model, parameters, InitialCondition("noise")) == [model.background, model.perturbation]
    array = InitialCondition("array", (("sha256", "0"),))
    assert starting_states(model, parameters, array) == reference_states(model, parameters)


def test_noise_around_the_steady_state_counts():
    """Four standard deviations of 1 % of 1005 are 40, where the rate of (u − 1005)³ is 3·40²."""
    model = typed_model({"u": "(u - 1005) - (u - 1005)**3"}, {"u": "1"}, {})
    step = automatic_step(model, Grid(16, 16), model.complete({}), STEADY)
    assert 0.05 < step * 3 * 40.16**2 <= 0.25


def test_a_model_without_a_steady_state_is_taken_at_its_named_states():
    model = Model(name="growing", reaction={"u": "1 + u**2"})
    states = starting_states(model, model.complete({}), STEADY)
    assert states == [{"u": 0.0}, {"u": 1.0}]
