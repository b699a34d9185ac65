"""Every engine against closed forms; the fast one against the one for reading."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphoscope.core.errors import UsageError
from morphoscope.engines import CHECK_EVERY, Grid, Job, engine_names, get_engine
from morphoscope.engines.cpu.engine import CpuEngine, Stepper
from morphoscope.engines.cpu.kernel import lane_count
from morphoscope.engines.initial import InitialCondition, stream
from morphoscope.engines.stability import check_step
from morphoscope.engines.stencils import laplacian
from morphoscope.models import get_model

MODEL = get_model("gray-scott")
LIVE = {"f": 0.03, "k": 0.055}
SIZES = [(128, 128), (96, 80), (50, 37), (40, 200), (4, 4), (5, 7), (33, 48)]


def random_state(shape, seed=0):
    rng = np.random.default_rng(seed)
    state = np.stack([1 - 0.5 * rng.random(shape), 0.3 * rng.random(shape)])
    return state.astype(np.float32)  # so that both engines start from the same numbers


def run(engine, state, steps, *, stencil=9, dt=0.25, parameters=LIVE, model=MODEL):
    grid = Grid(*state.shape[1:], stencil=stencil)
    return engine.run(Job(model, grid, dt, parameters, state, tuple(np.atleast_1d(steps).tolist())))


@pytest.mark.parametrize("stencil", [9, 5])
@pytest.mark.parametrize("shape", SIZES)
def test_cpu_meets_reference(stencil, shape):
    state = random_state(shape)
    fast, slow = (run(get_engine(n), state, 100, stencil=stencil) for n in ("cpu", "reference"))
    error = np.abs(fast.snapshots - slow.snapshots).max() / np.abs(slow.snapshots).max()
    assert error <= 1e-5


@settings(max_examples=15)
@given(st.integers(4, 40), st.integers(4, 70), st.sampled_from([9, 5]), st.integers(1, 30))
def test_cpu_meets_reference_at_any_size(height, width, stencil, steps):
    state = random_state((height, width), seed=height * width)
    fast, slow = (run(get_engine(n), state, steps, stencil=stencil) for n in ("cpu", "reference"))
    assert np.abs(fast.snapshots - slow.snapshots).max() <= 1e-5


@pytest.mark.parametrize("name", engine_names())
@pytest.mark.parametrize("stencil", [9, 5])
@pytest.mark.parametrize(("modes", "shape"), [((1, 2), (32, 32)), ((0, 3), (24, 37)), ((5, 0), (30, 48))])
def test_fourier_mode_decays_by_its_discrete_factor(name, stencil, modes, shape):
    height, width = shape
    angle_y, angle_x = 2 * np.pi * modes[0] / height, 2 * np.pi * modes[1] / width
    wave = np.cos(angle_y * np.arange(height)[:, None] + angle_x * np.arange(width)[None, :])
    cy, cx = np.cos(angle_y), np.cos(angle_x)
    eigenvalue = (1 + cy) * (1 + cx) - 4 if stencil == 9 else 2 * cy + 2 * cx - 4
    steps, dt, diffusivity = 40, 0.25, 0.2
    state = np.stack([wave, np.zeros(shape)])  # f = 0 and v = 0: u only diffuses
    found = run(get_engine(name), state, steps, stencil=stencil, dt=dt, parameters={"f": 0.0, "k": 0.0})
    factor = (1 + dt * diffusivity * eigenvalue) ** steps
    assert np.abs(found.snapshots[0, 0] - factor * wave).max() <= 1e-5


@pytest.mark.parametrize("name", engine_names())
@pytest.mark.parametrize("f", [0.0015, 0.03, 0.119])
def test_trivial_state_is_a_fixed_point_to_the_bit(name, f):
    state = np.stack([np.ones((16, 16)), np.zeros((16, 16))])
    found = run(get_engine(name), state, 1000, parameters={"f": f, "k": 0.055})
    assert np.array_equal(found.snapshots[0], state)


def test_stencils_approach_the_laplacian_at_second_order():
    errors = []
    for cells in (32, 64):
        spacing = 2 * np.pi / cells
        x = np.arange(cells) * spacing
        field = np.sin(x)[:, None] * np.cos(2 * x)[None, :]
        grids = [Grid(cells, cells, spacing, s) for s in (9, 5)]
        errors.append([np.abs(laplacian(field, grid) + 5 * field).max() for grid in grids])
    order = np.log2(np.array(errors[0]) / np.array(errors[1]))
    assert np.allclose(order, 2, atol=0.1)


@pytest.mark.parametrize("levels", [1, 2, 3, 5])
@pytest.mark.parametrize(("shape", "stencil"), [((64, 48), 9), ((4, 5), 9), ((21, 32), 5)])
def test_fused_levels_change_no_bit(levels, shape, stencil):
    state = random_state(shape)
    one = run(CpuEngine(1), state, [1, 7, 50], stencil=stencil)
    many = run(CpuEngine(levels), state, [1, 7, 50], stencil=stencil)
    assert np.array_equal(one.snapshots, many.snapshots)


@given(st.integers(0, 63))
@settings(max_examples=10)
def test_shift_along_y_is_exact(shift):
    state = random_state((64, 48))
    moved = run(CpuEngine(), np.roll(state, shift, axis=1), 60)
    assert np.array_equal(moved.snapshots, np.roll(run(CpuEngine(), state, 60).snapshots, shift, axis=2))


@given(st.integers(0, 47), st.sampled_from([9, 5]))
@settings(max_examples=10)
def test_shift_along_x_is_exact_too(shift, stencil):
    state = random_state((32, 48))
    moved = run(CpuEngine(), np.roll(state, shift, axis=2), 60, stencil=stencil)
    still = run(CpuEngine(), state, 60, stencil=stencil)
    assert np.array_equal(moved.snapshots, np.roll(still.snapshots, shift, axis=3))


@pytest.mark.parametrize("stencil", [9, 5])
def test_rotation_and_reflection_carry_over(stencil):
    state = random_state((48, 48))
    end = run(CpuEngine(), state, 60, stencil=stencil).snapshots[0]
    turned = run(CpuEngine(), np.rot90(state, axes=(1, 2)).copy(), 60, stencil=stencil).snapshots[0]
    mirrored = run(CpuEngine(), state[:, :, ::-1].copy(), 60, stencil=stencil).snapshots[0]
    assert np.abs(turned - np.rot90(end, axes=(1, 2))).max() < 1e-6
    assert np.abs(mirrored - end[:, :, ::-1]).max() < 1e-6


@pytest.mark.parametrize("name", engine_names())
def test_snapshots_do_not_depend_on_each_other(name):
    state = random_state((16, 16))
    together = run(get_engine(name), state, [0, 3, 481, 700])
    alone = [run(get_engine(name), state, s).snapshots[0] for s in (0, 3, 481, 700)]
    assert np.array_equal(together.snapshots, np.stack(alone))
    assert np.array_equal(together.snapshots[0], state)


def test_early_exit_is_lossless_and_computes_less():
    start = InitialCondition("pearson-gamma").state(MODEL, (64, 64), stream(4), {})
    dying = {"f": 0.005, "k": 0.06}
    steps = [59_760, 59_999, 60_000]
    found = run(CpuEngine(), start, steps, parameters=dying)
    assert found.computed_steps < 60_000
    stepper = Stepper(Job(MODEL, Grid(64, 64), 0.25, dying, start, (0,)))
    stepper.advance(59_760)
    assert np.array_equal(found.snapshots[0], stepper.read())


def test_denormals_are_flushed_inside_and_kept_outside():
    tiny = np.float32(1e-40)
    state = np.stack([np.ones((16, 16)), np.full((16, 16), tiny)]).astype(np.float32)
    found = run(CpuEngine(), state, 1)
    assert np.all(found.snapshots[0, 1] == 0)
    assert np.array([tiny], dtype=np.float32)[0] * np.float32(1.5) > 0  # this thread still has denormals


@pytest.mark.parametrize("name", engine_names())
def test_a_run_that_leaves_finite_numbers_is_noticed(name):
    state = np.stack([np.full((8, 8), 1e4), np.full((8, 8), 1e4)])
    found = run(get_engine(name), state, [1, 2000])
    assert found.failed_at is not None
    assert found.failed_at <= 1000
    assert np.isnan(found.snapshots[-1]).all()


def test_check_is_not_later_than_promised():
    assert CHECK_EVERY <= 1000


@pytest.mark.parametrize(
    ("width", "lanes"), [(128, 16), (96, 16), (80, 16), (37, 1), (50, 2), (16, 8), (24, 8), (4, 2)]
)
def test_lanes_are_as_wide_as_the_width_allows(width, lanes):
    assert lane_count(width) == lanes


FUNCTIONS_MODEL = dataclasses.replace(
    MODEL,
    name="functions",
    reaction={
        "u": "f*exp(-u) + tanh(v)/(1 + u**2) - sqrt(abs(u)) + k*v**-1",
        "v": "sin(u)*cos(v) - log(1 + v**2)*f + u**1.5 - f/(k + u)",
    },
)


@pytest.mark.parametrize("shape", [(16, 32), (8, 7)])
def test_every_function_of_the_grammar_compiles_and_agrees(shape):
    state = random_state(shape) + np.float32(0.5)
    fast, slow = (run(get_engine(n), state, 20, dt=0.05, model=FUNCTIONS_MODEL) for n in ("cpu", "reference"))
    assert np.abs(fast.snapshots - slow.snapshots).max() <= 1e-5 * np.abs(slow.snapshots).max()


def test_model_without_reaction_or_diffusion():
    model = dataclasses.replace(MODEL, name="still", reaction={"u": "0", "v": "0"}, diffusion={"u": "0", "v": "Dv"})
    state = random_state((8, 16))
    found = run(CpuEngine(), state, 10, model=model)
    assert np.array_equal(found.snapshots[0, 0], state[0])
    assert np.ptp(found.snapshots[0, 1]) < np.ptp(state[1])


@pytest.mark.parametrize(("stencil", "limit"), [(9, 2.5), (5, 1.25)])
def test_diffusion_limit_is_sharp(stencil, limit):
    grid = Grid(16, 16, stencil=stencil)
    check_step(MODEL, grid, [MODEL.complete({"Du": 0.2})], limit)
    with pytest.raises(UsageError, match=f"exceeds the diffusion limit {limit:g} for Du=0.2.*use dt ≤ {limit:g}"):
        check_step(MODEL, grid, [MODEL.complete({"Du": 0.2})], limit * 1.001)
    checkerboard = np.indices((16, 16)).sum(axis=0) % 2 * 2.0 - 1
    stripes = np.arange(16)[:, None] % 2 * 2.0 - 1 + np.zeros((1, 16))
    fastest = max(np.abs(laplacian(field, grid)).max() for field in (checkerboard, stripes))
    assert limit * 0.2 * fastest == pytest.approx(2.0)


@pytest.mark.parametrize(
    "arguments",
    [{"height": 3}, {"width": 0}, {"width": 10**6}, {"stencil": 7}, {"boundary": "open"}, {"spacing": 0.0}],
)
def test_impossible_grids_are_refused(arguments):
    with pytest.raises(UsageError):
        Grid(**arguments)


def test_jobs_refuse_what_does_not_fit():
    state = random_state((8, 8))
    for wrong in ({"initial": state[:1]}, {"steps": (3, 2)}, {"steps": ()}, {"dt": 9.0}):
        with pytest.raises(UsageError):
            dataclasses.replace(Job(MODEL, Grid(8, 8), 0.25, LIVE, state, (1,)), **wrong)


def test_unknown_engine_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'cpu'"):
        get_engine("cpuu")
