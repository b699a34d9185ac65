"""A run that is watched: the same bits, and signs of life also from slow steps."""

import time

import numpy as np
import pytest

from morphoscope.engines import ENGINES, Grid, Job, get_engine
from morphoscope.engines.base import march
from morphoscope.engines.initial import InitialCondition, stream


def job(model, steps, **options):
    grid = Grid(16, 24)
    start = InitialCondition.parse("spots:count=2").state(model, grid.shape, stream(0), model.complete({}))
    return Job(model, grid, 0.25, {}, start, steps, **options)


@pytest.mark.parametrize("engine", list(ENGINES))
@pytest.mark.parametrize("integrator", ["euler", "etdrk2"])
def test_watching_changes_no_bit(gray_scott, engine, integrator):
    task = job(gray_scott, (0, 7, 601), integrator=integrator)
    seen = []
    watched = get_engine(engine).run(task, lambda step, read: seen.append((step, read())))
    alone = get_engine(engine).run(task)
    assert np.array_equal(watched.snapshots, alone.snapshots)
    steps = [step for step, _ in seen]
    assert steps == sorted(steps)
    assert steps[-1] == 601
    assert np.array_equal(seen[-1][1], alone.snapshots[-1])


def test_steps_that_are_left_out_are_reported(gray_scott):
    """The background is a fixed point: all further steps are left out."""
    background = np.stack([np.full((16, 24), gray_scott.background[s]) for s in gray_scott.species])
    seen = []
    task = Job(gray_scott, Grid(16, 24), 0.25, {}, background, (100_000,))
    result = get_engine("cpu").run(task, lambda step, read: seen.append(step))
    assert result.computed_steps < 2000
    assert seen[-1] == 100_000


def test_slow_steps_are_reported_one_by_one(gray_scott):
    task, seen = job(gray_scott, (4,)), []
    state = np.zeros(task.initial.shape)

    def advance(count):
        time.sleep(0.12 * count)

    march(task, state, advance, state.copy, lambda step, read: seen.append(step))
    assert seen == [1, 2, 3, 4]
