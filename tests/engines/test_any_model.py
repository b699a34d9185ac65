"""Every model, boundary, stencil, size, precision and option: the compiled kernel against the engine for reading."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphoscope.core.errors import UsageError
from morphoscope.engines import Grid, Job, get_engine
from morphoscope.engines.cpu.engine import CpuEngine
from morphoscope.engines.cpu.program import Program
from morphoscope.engines.stability import automatic_step, largest_step
from morphoscope.models import Model, get_model, model_names
from morphoscope.models.spatial import ParameterField, Ramp

KINDS = ("periodic", "no-flux", "dirichlet")
BOUNDARIES = st.sampled_from([f"x={x},y={y}" for x in KINDS for y in KINDS])
SHAPES = st.one_of(
    st.tuples(st.integers(4, 20), st.sampled_from([32, 48, 64])),  # vectors of 16 lanes
    st.tuples(st.integers(4, 12), st.integers(4, 40)),
    st.tuples(st.just(1), st.integers(4, 80)),
)
STIRRED = Model(
    name="stirred",
    reaction={
        "u": "a - u - u*v*v + nu*dx(u) + 0.3*dy(v) + 0.1*laplace(v)",
        "v": "u*v*v - m*v + 0.1*dx(u)**2 + 0.05*u*laplace(v) + 0.1*dy(u*v)",
    },
    diffusion={"u": "2", "v": "1"},
    defaults={"a": 1.0, "nu": 0.3, "m": 0.4},
    background={"u": 1.0, "v": 0.2},
)
CRYSTAL = Model(  # sixth order, three passes
    name="crystal",
    reaction={"u": "0.01*laplace(r*u + u**3 + laplace(laplace(u)) + 2*laplace(u) + u)"},
    defaults={"r": -0.3},
)

TENTH = Model(  # as deep as the grammar goes, of a term that is not linear
    name="tenth",
    reaction={"u": "-0.0005*laplace(laplace(laplace(laplace(u + 0.1*u**2))))"},
)
FOUR = Model(
    name="four",
    reaction={"u": "v*w - u", "v": "z - u*v", "w": "u/(1 + z**2) - w + 0.2*laplace(z)", "z": "tanh(v) - z*w"},
    diffusion={"u": "1", "w": "0.5", "z": "D"},
    defaults={"D": 0.7},
)


def between(model, shape, seed=0):
    """Something between the model's background and its perturbed state, different in every cell."""
    low, high = (np.array([state[s] for s in model.species]) for state in (model.background, model.perturbation))
    share = 0.2 + 0.6 * np.random.default_rng(seed).random((len(low), *shape))
    return (low[:, None, None] + share * (high - low)[:, None, None]).astype(np.float32)


def meet(job, tolerance, levels=None):
    """Both engines run the job; their difference in units of the largest value."""
    fast = CpuEngine(levels).run(job).snapshots
    slow = get_engine("reference").run(job).snapshots
    assert np.isfinite(slow).all()
    assert np.abs(fast - slow).max() <= tolerance * max(np.abs(slow).max(), 1e-3)


def step_for(model, grid, parameters=None):
    own = model.dt or automatic_step(model, grid, model.complete({}))
    return min(own, 0.4 * largest_step(model, grid, model.complete(parameters or {})))


@pytest.mark.parametrize("name", model_names())
@settings(max_examples=5)
@given(BOUNDARIES, SHAPES, st.sampled_from([9, 5]), st.integers(1, 12))
def test_cpu_meets_reference_for_every_model(name, boundary, shape, stencil, steps):
    model = get_model(name)
    grid = Grid(*shape, spacing=model.spacing, stencil=stencil, boundary=boundary)
    meet(Job(model, grid, step_for(model, grid), {}, between(model, shape), (steps,)), 1e-5)


@pytest.mark.parametrize("model", [STIRRED, CRYSTAL, TENTH, FOUR], ids=lambda m: m.name)
@settings(max_examples=15)
@given(BOUNDARIES, SHAPES, st.sampled_from([9, 5]), st.sampled_from([1, 2, 3]), st.booleans())
def test_operators_within_terms_and_of_any_order(model, boundary, shape, stencil, levels, double):
    grid = Grid(*shape, stencil=stencil, boundary=boundary)
    job = Job(model, grid, step_for(model, grid), {}, between(model, shape), (4, 13), double=double)
    meet(job, 1e-12 if double else 1e-5, levels)


@pytest.mark.parametrize("boundary", ["periodic", "no-flux", "x=dirichlet,y=no-flux"])
@pytest.mark.parametrize("model", [STIRRED, CRYSTAL, get_model("gray-scott")], ids=lambda m: m.name)
def test_fused_levels_change_no_bit(model, boundary):
    grid = Grid(9, 32, boundary=boundary)
    job = Job(model, grid, step_for(model, grid), {}, between(model, grid.shape), (1, 7, 23))
    one, many = (CpuEngine(levels).run(job).snapshots for levels in (1, 4))
    assert np.array_equal(one, many)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("laplace(u)", 1),
        ("laplace(3*u + a*v)", 1),
        ("laplace(u**2)", 2),
        ("laplace(laplace(u)) + u*laplace(u)", 2),
        ("dx(dx(u)) + laplace(1) + laplace(a)", 2),
        ("laplace(u**3 - u - laplace(u))", 2),
        ("laplace(laplace(laplace(laplace(u))))", 4),
        ("laplace(laplace(laplace(laplace(u**2))))", 5),
    ],
)
def test_auxiliary_fields_are_only_where_they_are_needed(text, passes):
    model = Model(name="m", reaction={"u": text, "v": "0"}, defaults={"a": 1.0})
    assert len(Program(model).sweeps) == passes


def test_a_parameter_that_varies_is_not_taken_out_of_an_operator():
    model = Model(name="m", reaction={"u": "laplace(a*u)"}, defaults={"a": 1.0})
    grid = Grid(8, 16)
    job = Job(model, grid, 0.05, {"a": Ramp("x", 0.5, 2.0)}, between(model, grid.shape), (20,))
    meet(job, 1e-5)
    assert len(Program(model, frozenset({"a"})).sweeps) == 2
    assert len(Program(model).sweeps) == 1


@settings(max_examples=10)
@given(st.sampled_from(["x", "y"]), st.floats(0.02, 0.06), st.floats(0.02, 0.06), BOUNDARIES)
def test_parameters_may_vary_in_space(axis, start, stop, boundary):
    model = get_model("gray-scott")
    grid = Grid(12, 32, boundary=boundary)
    table = ParameterField.of(np.random.default_rng(1).uniform(0.1, 0.2, grid.shape))
    parameters = {"f": Ramp(axis, start, stop), "Du": table}
    meet(Job(model, grid, 0.25, parameters, between(model, grid.shape), (30,)), 1e-5)


def test_along_a_ramp_every_cell_without_diffusion_lives_by_itself():
    model = get_model("gray-scott")
    ramp = Ramp("x", 0.02, 0.08)
    still = {"Du": 0.0, "Dv": 0.0}
    state = np.stack([np.full((4, 16), 0.6), np.full((4, 16), 0.3)])
    together = CpuEngine().run(Job(model, Grid(4, 16), 0.25, {"f": ramp, **still}, state, (200,))).snapshots[0]
    for column, f in enumerate(ramp.field((4, 16))[0]):
        alone = CpuEngine().run(Job(model, Grid(4, 16), 0.25, {"f": f, **still}, state, (200,))).snapshots[0]
        assert together[:, :, column] == pytest.approx(alone[:, :, 0], rel=2e-5)


def test_one_dimension_is_a_row_of_two():
    model = get_model("gray-scott")
    line = between(model, (1, 96))
    flat = CpuEngine().run(Job(model, Grid(1, 96), 0.25, {}, line, (400,))).snapshots[0]
    plane = CpuEngine().run(Job(model, Grid(8, 96), 0.25, {}, np.repeat(line, 8, axis=1), (400,))).snapshots[0]
    assert np.abs(plane - flat).max() < 1e-5
    assert Grid(1, 96, boundary="dirichlet").boundary == "x=dirichlet,y=no-flux"


DIFFUSION = Model(name="diffusion", reaction={"u": "0"}, diffusion={"u": "D"}, defaults={"D": 1.0})


@pytest.mark.parametrize("engine", ["cpu", "reference"])
@pytest.mark.parametrize(("boundary", "first"), [("no-flux", 0.5), ("dirichlet", 1.0)])
def test_waves_of_a_bounded_axis_decay_at_their_discrete_rate(engine, boundary, first):
    """Cosines of half a cell beyond the edge, sines that vanish one cell beyond it: exact on the grid."""
    cells, mode, steps, dt = 32, 3, 60, 0.2
    if boundary == "no-flux":
        q = np.pi * mode / cells
        wave = np.cos(q * (np.arange(cells) + first))
    else:
        q = np.pi * mode / (cells + 1)
        wave = np.sin(q * (np.arange(cells) + first))
    grid = Grid(8, cells, boundary=f"x={boundary},y=periodic")
    state = np.broadcast_to(wave, (1, 8, cells))
    found = get_engine(engine).run(Job(DIFFUSION, grid, dt, {}, state, (steps,))).snapshots[0, 0]
    factor = (1 + dt * (2 * np.cos(q) - 2)) ** steps
    assert np.abs(found - factor * wave).max() < 1e-5


@pytest.mark.parametrize("boundary", ["periodic", "no-flux", "x=no-flux,y=periodic"])
def test_without_flux_nothing_is_lost(boundary):
    grid = Grid(20, 32, boundary=boundary)
    state = between(DIFFUSION, grid.shape).astype(np.float64)
    found = CpuEngine().run(Job(DIFFUSION, grid, 0.2, {}, state, (500,), double=True)).snapshots[0]
    assert found.mean() == pytest.approx(state.mean(), rel=1e-12)


def test_a_dirichlet_edge_holds_the_background():
    model = dataclasses.replace(get_model("gray-scott"), background={"u": 0.7, "v": 0.1})
    grid = Grid(16, 16, boundary="dirichlet")
    still = {"f": 0.0, "k": 0.0}
    model = dataclasses.replace(model, reaction={"u": "0*f", "v": "0*k"})
    state = np.zeros((2, 16, 16))
    found = CpuEngine().run(Job(model, grid, 1.0, still, state, (20_000,))).snapshots[0]
    assert found[0] == pytest.approx(np.full((16, 16), 0.7), abs=1e-4)
    assert found[1] == pytest.approx(np.full((16, 16), 0.1), abs=1e-4)


def test_doubles_are_doubles():
    model = get_model("gray-scott")
    job = Job(model, Grid(32, 32), 0.25, {}, between(model, (32, 32)), (200,), double=True)
    assert CpuEngine().run(job).snapshots.dtype == np.float64
    meet(job, 1e-12)


@pytest.mark.parametrize(
    "boundary",
    ["open", "x=periodic,z=no-flux", "x=,y=periodic", "x=periodic;y=periodic", "x=periodic,x=no-flux", ""],
)
def test_unknown_boundaries_are_one_line(boundary):
    with pytest.raises(UsageError) as caught:
        Grid(boundary=boundary)
    assert "\n" not in str(caught.value)


def test_other_names_of_boundaries():
    assert Grid(boundary="Neumann").boundary == "no-flux"
    assert Grid(boundary="x=no-flux,y=no-flux").boundary == "no-flux"
    assert Grid(boundary="y=dirichlet").boundary == "x=periodic,y=dirichlet"


def test_a_step_beyond_the_limit_of_fourth_order_is_refused():
    model = Model(name="m", reaction={"u": "-laplace(laplace(u))"})
    assert largest_step(model, Grid(16, 16), model.complete({})) == pytest.approx(2 / 16)
    with pytest.raises(UsageError, match=r"dt=0.2 exceeds the stability limit 0.125 .* use dt ≤ 0.1"):
        Job(model, Grid(16, 16), 0.2, {}, np.zeros((1, 16, 16)), (1,))


def test_the_limit_of_fourth_order_is_sharp():
    model = Model(name="m", reaction={"u": "-laplace(laplace(u))"})
    rough = np.indices((16, 16)).sum(axis=0) % 2 * 2.0 - 1
    for dt, grows in ((0.124, False), (0.125, False)):
        end = get_engine("reference").run(Job(model, Grid(16, 16), dt, {}, rough[None], (50,))).snapshots[0]
        assert (np.abs(end).max() > 1 + 1e-9) == grows


def test_advection_limits_the_step_by_diffusion_over_speed_squared():
    model = Model(name="m", reaction={"u": "c*dx(u)"}, diffusion={"u": "D"}, defaults={"c": 3.0, "D": 0.1})
    assert largest_step(model, Grid(8, 512), model.complete({})) == pytest.approx(2 * 0.1 / 9, rel=0.01)


def test_a_derived_step_bears_what_grows_at_a_wall():
    """Beside a wall u rises to eleven times its steady value; too long a step ends in a finite cycle of two."""
    reaction = {"u": "a - u + u**2*v", "v": "b - u**2*v"}
    model = Model(
        name="tall",
        reaction=reaction,
        diffusion={"u": "1", "v": "40"},
        defaults={"a": 0.1, "b": 0.9},
        background={"u": 1.0, "v": 0.9},
        perturbation={"u": 1.2, "v": 0.7},
    )
    grid = Grid(1, 32, boundary="x=dirichlet,y=no-flux")
    step = automatic_step(model, grid, model.complete({}))
    start = np.array([1.0, 0.9])[:, None, None] * (1 + 0.01 * np.random.default_rng(1).standard_normal((2, 1, 32)))
    ends = [
        CpuEngine().run(Job(model, grid, dt, {}, start.astype(np.float32), (round(200 / dt),))).snapshots[0]
        for dt in (step, step / 4)
    ]
    assert ends[0].min() > 0
    assert ends[0] == pytest.approx(ends[1], abs=0.02)
