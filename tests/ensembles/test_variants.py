"""Variants of a plan change one thing, and the runs stay comparable."""

import dataclasses

import numpy as np
import pytest

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.engines.initial import InitialCondition, stream
from morphoscope.ensembles.execution import repeat_runs
from morphoscope.ensembles.variants import VARIANTS, half_spacing, other_seed, other_stencil, twice_time


@pytest.fixture
def plan():
    return morphoscope.scan_plan("gray-scott", grid={"f": (0.03, 0.04, 3)}, size=(48, 48), until=60, times=(50, 60))


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_changes_the_numbers_but_not_the_parameters(plan, name):
    varied = VARIANTS[name](plan)
    assert varied.hash != plan.hash
    assert [run.parameters for run in varied.runs] == [run.parameters for run in plan.runs]
    assert varied.times[-1] - varied.times[0] == plan.times[-1] - plan.times[0]


def test_the_refined_start_is_the_same_function_of_space(plan):
    fine = half_spacing(plan)
    assert fine.grid.height * fine.grid.spacing == plan.grid.height * plan.grid.spacing
    run = plan.runs[1]
    coarse = plan.initial.state(plan.model, plan.grid.shape, stream(run.seed), run.parameters)
    state = fine.initial.state(plan.model, fine.grid.shape, stream(run.seed), run.parameters)
    assert np.array_equal(state, np.kron(coarse, np.ones((1, 2, 2))))


def _four_times_finer(plan):
    grid = dataclasses.replace(plan.grid, height=4 * plan.grid.height, width=4 * plan.grid.width, spacing=0.25)
    start = InitialCondition("refined", (("of", str(plan.initial)), ("factor", 4)))
    return dataclasses.replace(plan, dt=plan.dt / 16, grid=grid, initial=start)


def test_the_order_of_convergence_is_two(plan):
    early = dataclasses.replace(plan, until=10.0, times=(10.0,), double=True)
    coarse, fine = (repeat_runs(p, [0])[0, 0] for p in (early, half_spacing(early)))
    finest = repeat_runs(_four_times_finer(early), [0])[0, 0]

    def on_coarse(field):
        factor = len(field) // len(coarse)
        return field.reshape(len(coarse), factor, len(coarse), factor).mean(axis=(1, 3))

    errors = [np.sqrt(np.mean((on_coarse(a) - on_coarse(b)) ** 2)) for a, b in ((coarse, fine), (fine, finest))]
    assert errors[0] < 0.01
    assert 1.8 < np.log2(errors[0] / errors[1]) < 2.3


def test_an_equation_of_fourth_order_gets_a_smaller_step():
    plan = morphoscope.scan_plan("swift-hohenberg", size=(32, 32), until=1.0, integrator="euler")
    assert half_spacing(plan).dt <= plan.dt / 8


def test_twice_the_time_keeps_the_distance_of_frames(plan):
    varied = twice_time(plan)
    assert (varied.until, varied.times) == (120.0, (110.0, 120.0))


def test_other_seeds_are_all_different(plan):
    seeds = {run.seed for run in (*plan.runs, *other_seed(plan).runs)}
    assert len(seeds) == 2 * len(plan.runs)


def test_what_can_not_be_varied_is_told(plan):
    line = morphoscope.scan_plan("gray-scott", {"f": 0.03}, size=(64, 1), until=10)
    with pytest.raises(UsageError, match="one dimension"):
        other_stencil(line)
    assert half_spacing(line).grid.shape == (1, 128)
    array = InitialCondition.of_array(np.zeros((2, 48, 48)))
    with pytest.raises(UsageError, match="given as an array"):
        half_spacing(dataclasses.replace(plan, initial=array))
