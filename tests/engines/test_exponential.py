"""The exponential integrator: its order and its stability by measurement, against SciPy and explicit Euler."""

import numpy as np
import pytest

from morphoscope.engines import Grid, Job, get_engine
from morphoscope.engines.cpu.engine import Rate
from morphoscope.engines.exponential import SpectralTransform
from morphoscope.engines.stability import largest_step
from morphoscope.engines.stencils import right_hand_side
from morphoscope.models import Model, get_model

KINDS = ("periodic", "no-flux", "dirichlet")
BOUNDARIES = [f"x={x},y={y}" for x in KINDS for y in KINDS]
SWIFT = Model(name="swift", reaction={"u": "r*u - u - 2*laplace(u) - laplace(laplace(u)) - u**3"}, defaults={"r": 0.3})
SPLIT = Model(name="split", reaction={"c": "laplace(c**3 - c - laplace(c))"})


def start(model, shape):
    rng = np.random.default_rng(0)
    middle = np.array([model.background[s] for s in model.species])
    return middle[:, None, None] + 0.1 * rng.standard_normal((len(middle), *shape))


def end(model, grid, dt, until, integrator="etdrk2", engine="reference"):
    job = Job(model, grid, dt, {}, start(model, grid.shape), (round(until / dt),), integrator=integrator)
    return get_engine(engine).run(job).snapshots[0]


def exact(model, grid, until):
    """SciPy's solution of the same equations on the same grid."""
    from scipy.integrate import solve_ivp

    state = start(model, grid.shape)
    rate = right_hand_side(Job(model, grid, 1e-3, {}, state, (1,)))
    found = solve_ivp(
        lambda t, y: rate(y.reshape(state.shape)).ravel(),
        (0, until),
        state.ravel(),
        method="DOP853",
        rtol=1e-9,
        atol=1e-11,
    )
    return found.y[:, -1].reshape(state.shape)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_waves_there_and_back(boundary):
    waves = SpectralTransform(Grid(7, 12, boundary=boundary))
    field = np.random.default_rng(1).standard_normal((2, 7, 12))
    assert np.abs(waves.backward(waves.forward(field)) - field).max() < 1e-12


@pytest.mark.parametrize("boundary", ["periodic", "no-flux", "dirichlet", "x=no-flux,y=periodic"])
@pytest.mark.parametrize("model", [SWIFT, SPLIT, get_model("gray-scott")], ids=lambda m: m.name)
def test_order_is_two(model, boundary):
    grid = Grid(8, 12, boundary=boundary)
    truth = exact(model, grid, 2.0)
    coarse, fine = (np.abs(end(model, grid, dt, 2.0) - truth).max() for dt in (0.05, 0.025))
    assert np.log2(coarse / fine) == pytest.approx(2, abs=0.2)
    assert fine < 1e-4


@pytest.mark.parametrize(("model", "far"), [(SWIFT, 20.0), (SPLIT, 3.0)], ids=lambda x: getattr(x, "name", x))
def test_it_is_stable_far_beyond_eulers_limit(model, far):
    grid = Grid(16, 24, spacing=0.5)
    dt = far * largest_step(model, grid, model.complete({}))
    found = end(model, grid, dt, 500 * dt)
    assert np.abs(found).max() < 2


def test_linear_waves_are_exact_at_any_step():
    model = Model(name="m", reaction={"u": "0.3*u - laplace(laplace(u))"})
    grid = Grid(16, 16)
    job = Job(model, grid, 5.0, {}, start(model, grid.shape), (1,), integrator="etdrk2")
    found = get_engine("reference").run(job).snapshots[0]
    waves = np.fft.fft2(job.initial[0])
    q = 2 * np.pi * np.fft.fftfreq(16)
    laplace = grid.symbols(q[None, :], q[:, None])[0]
    expected = np.fft.ifft2(waves * np.exp(5.0 * (0.3 - laplace**2))).real
    assert np.abs(found[0] - expected).max() < 1e-12


def test_cpu_meets_reference():
    for model in (SWIFT, SPLIT, get_model("gray-scott")):
        fast, slow = (end(model, Grid(16, 32), 0.1, 5.0, engine=name) for name in ("cpu", "reference"))
        assert fast.dtype == np.float32
        assert np.abs(fast - slow).max() < 1e-5


@pytest.mark.parametrize("boundary", ["periodic", "dirichlet", "x=no-flux,y=periodic"])
@pytest.mark.parametrize("name", ["gray-scott", "klausmeier", "swift-hohenberg", "complex-ginzburg-landau"])
def test_compiled_rate_meets_numpy(name, boundary):
    model = get_model(name)
    grid = Grid(9, 32, spacing=model.spacing, boundary=boundary)
    state = start(model, grid.shape)
    job = Job(model, grid, 1e-3, {}, state, (1,), double=True)
    slow = right_hand_side(job)(state)
    assert np.abs(Rate(job)(state) - slow).max() < 1e-12 * np.abs(slow).max()


def test_a_state_at_rest_stays_to_the_bit():
    """Steps add changes, and the rate of the background is exactly 0."""
    model, grid = get_model("gray-scott"), Grid(16, 32)
    state = np.stack([np.ones(grid.shape), np.zeros(grid.shape)])
    job = Job(model, grid, 0.5, {}, state, (100,), integrator="etdrk2")
    assert np.array_equal(get_engine("cpu").run(job).snapshots[0], state)


def test_it_meets_euler_of_small_steps():
    grid = Grid(12, 16)
    assert np.abs(end(SWIFT, grid, 0.05, 2.0) - end(SWIFT, grid, 0.001, 2.0, "euler")).max() < 1e-3
