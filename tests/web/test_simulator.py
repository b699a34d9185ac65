"""The simulator in Chromium beside the reference engine: same states after 200 steps, to rounding in float32."""

import numpy as np
import pytest

from morphoscope.descriptors.spectrum import dominant_wavelength
from morphoscope.engines import Grid, Job
from morphoscope.engines.reference import ReferenceEngine
from morphoscope.models import Model, Ramp, get_model, model_names
from morphoscope.web.server.live_site import LiveSettings, LiveSite
from morphoscope.web.server.program import program
from tests.web.clients import running

STEPS = 200
TOLERANCE = 5e-6  # of the largest value; rounding adds up to 1e-6 in 200 steps of the least favourable model

#: All that formulas may contain: products of operators, nested ones, powers of negative numbers, three species.
MIXED = Model(
    name="mixed",
    reaction={
        "u": "dx(u*laplace(v)) - dy(dx(u)) + tanh(u) - abs(v)**1.5 + (u + v)**12/(1 + u**2)**12 + exp(-u**2) - 2**u/10",
        "v": "u*dx(v) - sqrt(abs(u))/(3 + v) + 0.01*laplace(laplace(laplace(u))) - v**3*a",
        "w": "a**12 + b*log(1 + u**2)*w - w",
    },
    diffusion={"u": "a", "v": "1", "w": "b"},
    defaults={"a": 0.5, "b": 0.3},
    background={"u": 0.5, "v": 0.2, "w": 0.1},
    dt=0.002,
)

#: What the processor computes without shaders, in all its instructions.
RATIONAL = Model(
    name="rational",
    reaction={
        "u": "dx(u*laplace(v)) - dy(dx(u)) - abs(v)*sqrt(1 + u**2)/3 + (u + v)**13/(1 + u**2)**12 - 1/sqrt(2 + v)",
        "v": "u*dx(v) + 0.01*laplace(laplace(laplace(u))) - v**3*a - dy(u**2 - v)",
        "w": "a**12 + b*w/(1 + u**2) - w",
    },
    diffusion={"u": "a", "v": "1", "w": "b"},
    defaults={"a": 0.5, "b": 0.3},
    background={"u": 0.5, "v": 0.2, "w": 0.1},
    dt=0.002,
)

#: As many species as there can be, some of which no operator reads.
FOUR = Model(
    name="four",
    reaction={"u": "v - u*w", "v": "u - v + dx(x)", "w": "a*x - w**2", "x": "u*v - x + laplace(laplace(u))/50"},
    diffusion={"u": "a", "v": "1", "w": "0", "x": "2"},
    defaults={"a": 0.5},
    background={"u": 0.5, "v": 0.2, "w": 0.1, "x": 0.3},
    dt=0.01,
)

#: Nothing but a reaction, and a species that does not diffuse.
SLOW = Model(name="slow", reaction={"u": "-u/2", "v": "u - v"}, diffusion={"v": "1"}, background={"u": 1.0}, dt=0.01)

BACKENDS = ("webgl2", "webassembly", "webgpu")

RUN = """async ([program, options, start, steps, ramps, backends]) => {
  const found = [];
  for (const backend of backends) {
    const canvas = (window.canvas ??= document.createElement('canvas'));
    const simulator = await Morphoscope.openSimulator(canvas, program, {...options, backend});
    for (const [name, axis, low, high] of ramps) simulator.setRamp(name, axis, low, high);
    simulator.reset(start.map((values) => Float32Array.from(values)));
    simulator.step(steps);
    const state = (await simulator.read()).map((values) => [...values]), extremes = await simulator.extremes(0);
    simulator.free();
    found.push([state, extremes, simulator.backend]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def tab(request):
    """A page on which scripts can use the simulator."""
    request.getfixturevalue("needs_browser")
    chromium = request.getfixturevalue("_running_browser")
    with running(LiveSite(LiveSettings())) as server:
        opened = chromium.new_page()
        opened.goto(server.address.url)
        opened.locator(".live-menu").wait_for()
        yield opened
        opened.close()


def start_of(model, shape, seed=0):
    """Between background and perturbed state, rough."""
    rng = np.random.default_rng(seed)
    low, high = (np.array(list(each.values()))[:, None, None] for each in (model.background, model.perturbation))
    state = low + (high - low) * rng.random((1, *shape)) + 0.02 * rng.random((len(low), *shape))
    return state.astype(np.float32)


def compared(tab, model, grid, parameters=None, dt=None):
    """The states of the reference engine, and of the simulator with each backend; the start; the latters' extremes."""
    start, step = start_of(model, grid.shape), dt or model.dt
    job = Job(model, grid, step, model.complete(parameters or {}), start, (STEPS,))
    reference = ReferenceEngine().run(job).snapshots[0]
    options = {
        "width": grid.width, "height": grid.height, "stencil": grid.stencil, "spacing": grid.spacing, "dt": step,
        "boundary": [grid.along("x"), grid.along("y")],
    }  # fmt: skip
    ramps = [[name, ramp.axis, ramp.start, ramp.stop] for name, ramp in (parameters or {}).items()]
    values = [species.ravel().astype(float).tolist() for species in start]
    made = program(model)
    ways = tab.evaluate(RUN, [made, options, values, STEPS, ramps, BACKENDS])
    quick = made["kernel"] is not None and not ramps
    assert [backend for _, _, backend in ways] == ["webgl2", "webassembly" if quick else "webgl2", "webgpu"]
    found = [np.array(state).reshape(reference.shape) for state, _, _ in ways]
    return reference, np.array(found), start, [extremes for _, extremes, _ in ways]


@pytest.mark.parametrize("name", model_names())
def test_every_built_in_model_runs_as_in_python(tab, name):
    model = get_model(name)
    reference, found, start, extremes = compared(tab, model, Grid(24, 32, spacing=model.spacing))
    size = np.abs(reference).max()
    assert np.abs(found - reference).max() < TOLERANCE * size
    assert np.abs(reference - start).max() > 1e4 * TOLERANCE * size  # the state has changed
    assert program(model)["kernel"] is not None
    for state, measured in zip(found, extremes, strict=True):
        first = state[0]
        assert measured["finite"]
        np.testing.assert_allclose([measured["low"], measured["high"]], [first.min(), first.max()], rtol=1e-6)
        np.testing.assert_allclose(measured["mean"], first.mean(), atol=1e-5 * size)


@pytest.mark.parametrize(
    ("model", "shape", "stencil", "boundary", "parameters", "dt"),
    [
        ("gray-scott", (20, 30), 5, "no-flux", {}, None),
        ("gray-scott", (20, 33), 9, "x=dirichlet,y=no-flux", {"f": Ramp("x", 0.02, 0.04)}, None),
        ("klausmeier", (20, 34), 9, "x=no-flux,y=dirichlet", {"m": Ramp("y", 0.3, 0.6)}, 0.0005),
        ("swift-hohenberg", (20, 32), 9, "x=no-flux,y=dirichlet", {"r": Ramp("y", 0.1, 0.4)}, None),
        ("swift-hohenberg", (20, 30), 5, "x=dirichlet,y=no-flux", {"r": Ramp("x", 0.1, 0.4)}, 0.01),
        ("swift-hohenberg", (1, 32), 5, "dirichlet", {}, 0.01),
        ("brusselator", (1, 64), 9, "no-flux", {}, None),
        (SLOW, (4, 9), 9, "periodic", {}, None),
        (FOUR, (19, 18), 9, "x=no-flux,y=dirichlet", {}, None),
        (FOUR, (16, 20), 5, "periodic", {"a": Ramp("y", 0.4, 0.6)}, None),
        (MIXED, (16, 20), 9, "x=dirichlet,y=periodic", {"b": Ramp("x", 0.1, 0.4)}, None),
        (MIXED, (16, 20), 5, "no-flux", {}, None),
        (RATIONAL, (16, 22), 9, "x=dirichlet,y=periodic", {}, None),
        (RATIONAL, (17, 21), 9, "x=no-flux,y=dirichlet", {}, None),
        (RATIONAL, (16, 20), 5, "x=periodic,y=no-flux", {}, None),
    ],
)
def test_stencils_boundaries_and_ramps_are_those_of_python(tab, model, shape, stencil, boundary, parameters, dt):
    model = get_model(model) if isinstance(model, str) else model
    grid = Grid(*shape, spacing=model.spacing, stencil=stencil, boundary=boundary)
    reference, found, _, _ = compared(tab, model, grid, parameters, dt)
    assert np.abs(found - reference).max() < TOLERANCE * np.abs(reference).max()


@pytest.mark.parametrize("backend", ["webgl2", "webgpu"])
def test_the_brush_paints_over_periodic_edges_and_reset_restores_every_bit(tab, backend):
    """A disc in the corner; strength mixes; one species; the background erases."""
    model = get_model("gray-scott")
    start = start_of(model, (16, 24))
    painted = tab.evaluate(
        """async ([program, start, backend]) => {
          const canvas = document.createElement('canvas'), state = start.map((values) => Float32Array.from(values));
          const simulator = await Morphoscope.openSimulator(canvas, program, {width: 24, height: 16, backend});
          const read = async () => (await simulator.read()).map((values) => [...values]);
          simulator.reset(state);
          simulator.brush(0.5, 0.5, 3, 1);
          const whole = await read();
          simulator.reset(state);
          simulator.brush(12.5, 8.5, 2, 0.5, 1);
          const half = await read();
          simulator.brush(12.5, 8.5, 30, -1);
          const erased = await read();
          simulator.step(50);
          simulator.reset(state);
          return {whole, half, erased, reset: await read(), steps: simulator.steps, time: simulator.time};
        }""",
        [program(model), [species.ravel().astype(float).tolist() for species in start], backend],
    )
    shaped = {name: np.array(painted[name], dtype=np.float32).reshape(start.shape) for name in painted if name[0] != "t"
              and name != "steps"}  # fmt: skip
    rows, columns = (np.minimum(np.arange(n), n - np.arange(n)) for n in (16, 24))
    inside = np.hypot(rows[:, None], columns[None, :]) <= 2.5  # the rim is softer
    np.testing.assert_allclose(shaped["whole"][0][inside], 0.5, atol=1e-6)
    outside = np.hypot(rows[:, None], columns[None, :]) >= 3.5
    assert np.array_equal(shaped["whole"][:, outside], start[:, outside])
    assert np.array_equal(shaped["half"][0], start[0])  # only v was painted
    np.testing.assert_allclose(shaped["half"][1, 8, 12], (start[1, 8, 12] + 0.25) / 2, rtol=1e-6)
    np.testing.assert_allclose(shaped["erased"], np.broadcast_to([[[1.0]], [[0.0]]], start.shape), atol=1e-6)
    assert np.array_equal(shaped["reset"], start)
    assert (painted["steps"], painted["time"]) == (0, 0)


def test_values_that_are_not_finite_are_noticed(tab):
    model = get_model("gray-scott")
    start = start_of(model, (16, 24))
    start[1, 3, 5] = np.inf
    values = [s.ravel().astype(float).tolist() for s in start]
    ways = tab.evaluate(RUN, [program(model), {"width": 24, "height": 16}, values, 3, [], BACKENDS])
    assert [extremes["finite"] for _, extremes, _ in ways] == [False, False, False]


@pytest.mark.parametrize(
    ("shape", "waves", "boundary"),
    [((96, 128), (6, 9), "periodic"), ((40, 60), (2, 5), "no-flux"), ((1, 90), (0, 7), "periodic")],
)
def test_the_measured_wavelength_is_that_of_the_descriptors(tab, shape, waves, boundary):
    y, x = np.arange(shape[0])[:, None] / shape[0], np.arange(shape[1])[None, :] / shape[1]
    field = np.cos(2 * np.pi * (waves[0] * y + waves[1] * x)) + 0.1 * np.random.default_rng(1).normal(size=shape)
    field = field.astype(np.float32)
    whole = boundary == "periodic"
    found = tab.evaluate(
        "([v, w, h, whole]) => Morphoscope.wavelength(Float32Array.from(v), w, h, 0.5, [whole, whole])",
        [field.ravel().astype(float).tolist(), shape[1], shape[0], whole],
    )
    np.testing.assert_allclose(found, dominant_wavelength(field, 0.5, (whole, whole)), rtol=1e-6)


def test_a_uniform_field_has_no_wavelength(tab):
    script = "() => Morphoscope.wavelength(new Float32Array(256).fill(0.4), 16, 16, 1)"
    assert tab.evaluate(script) is None
