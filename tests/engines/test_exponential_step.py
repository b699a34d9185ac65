"""The step that is chosen for the exponential integrator: accurate and stable, by measurement."""

import numpy as np
import pytest

from morphoscope.core.errors import UsageError
from morphoscope.engines import Grid, Job, get_engine
from morphoscope.engines.exponential_step import check_exponential_step, default_step, fitting_step
from morphoscope.engines.initial import InitialCondition, stream
from morphoscope.engines.stability import largest_step
from morphoscope.models import get_model

# Model, time in which its pattern forms, how many of Euler's own steps the chosen one is at least as long as.
CASES = [
    ("brusselator", 5.0, 2),
    ("cahn-hilliard", 20.0, 8),
    ("complex-ginzburg-landau", 5.0, 4),
    ("gray-scott", 200.0, 2),
    ("lengyel-epstein", 4.0, 8),
    ("swift-hohenberg", 20.0, 1),
]
TOLERANCE = 0.05  # root mean square error beside a fine step, of the pattern's standard deviation


def end(model, grid, start, dt, until, integrator):
    steps = round(until / dt)
    job = Job(model, grid, until / steps, {}, start, (steps,), integrator=integrator, double=True)
    return get_engine("cpu").run(job).snapshots[0]


@pytest.mark.parametrize(("name", "until", "times"), CASES, ids=[name for name, *_ in CASES])
def test_the_chosen_step_is_long_and_accurate(name, until, times):
    model = get_model(name)
    grid = Grid(40, 40, spacing=model.spacing)
    start = InitialCondition.parse(model.initial).state(model, grid.shape, stream(0), model.complete({}))
    dt = default_step(model, grid, model.complete({}), "etdrk2")
    assert dt >= times * model.dt
    fine, finer = (end(model, grid, start, model.dt / n, until, "euler") for n in (8, 16))
    truth = 2 * finer - fine  # Euler's error of first order cancels
    error = np.sqrt(np.mean((end(model, grid, start, dt, until, "etdrk2") - truth) ** 2))
    assert error < TOLERANCE * np.std(truth, axis=(1, 2)).max()


def test_smaller_cells_do_not_shorten_it():
    """The linear part, which cells make stiff, is exact."""
    model = get_model("cahn-hilliard")
    coarse, fine = (Grid(32, 32, spacing=model.spacing / n) for n in (1, 4))
    row = model.complete({})
    assert default_step(model, fine, row, "etdrk2") > 0.1 * default_step(model, coarse, row, "etdrk2")
    assert largest_step(model, fine, row) < 0.01 * largest_step(model, coarse, row)


def test_a_step_that_is_too_long_is_refused_and_blows_up_or_distorts():
    model, grid = get_model("complex-ginzburg-landau"), Grid(32, 32)
    row = model.complete({})
    check_exponential_step(model, grid, (row,), default_step(model, grid, row, "etdrk2"))
    with pytest.raises(UsageError, match=r"unstable for integrator etdrk2.*use dt ≤ "):
        check_exponential_step(model, grid, (row,), 2.0)
    with pytest.raises(UsageError, match="invalid time step"):
        check_exponential_step(model, grid, (row,), float("nan"))


@pytest.mark.parametrize(
    ("limit", "times", "expected"),
    [(0.08, (30.0,), 0.08), (0.08, (1.0,), 0.05), (0.4, (100.0, 7.0), 0.25), (0.4, (np.pi,), 0.4), (5.0, (2.0,), 2.0)],
)
def test_steps_fit_to_times(limit, times, expected):
    assert fitting_step(limit, times) == expected
