"""Live runs on WebGPU: when it is chosen, what it draws, and that a lost device does not end a run.

That its states are those of the reference engine is tested in test_simulator.py. The processor emulates WebGPU here, so
that pages choose it only if they are asked to, or if a test says that it is a graphics card.
"""

import json
import re

import numpy as np
import pytest

from morphoscope.engines import Grid, Job
from morphoscope.engines.reference import ReferenceEngine
from morphoscope.models import Model, get_model
from morphoscope.web.server.live_site import LiveSettings, LiveSite
from morphoscope.web.server.program import program
from tests.web.clients import running
from tests.web.test_live import LiveVisit, png_texts

#: Scripts that run before those of a page.
CARD = """window.card = true;
const { prototype } = GPUAdapterInfo;
for (const name of ['architecture', 'description']) Object.defineProperty(prototype, name, { value: '' });
Object.defineProperty(prototype, 'isFallbackAdapter', { get: () => !window.card });"""
NO_ADAPTER = "GPU.prototype.requestAdapter = async () => null;"
WATCHED = """const ask = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function () { return (window.device = await ask.call(this)); };"""

#: A picture of a simulator's canvas, as the red of its pixels.
PICTURE = """const picture = async (simulator, range) => {
  const grey = Array.from({ length: 256 }, (_, i) => '#' + i.toString(16).padStart(2, '0') + '0000');
  await simulator.draw(grey, range, 0);
  const { width, height } = simulator.canvas, sheet = document.createElement('canvas');
  [sheet.width, sheet.height] = [width, height];
  const context = sheet.getContext('2d');
  context.drawImage(simulator.canvas, 0, 0);
  return [...context.getImageData(0, 0, width, height).data].filter((_, i) => i % 4 === 0);
};"""


#: How many colours a canvas of 48 × 32 pixels has.
COLOURS = """canvas => {
  const context = new OffscreenCanvas(48, 32).getContext('2d');
  context.drawImage(canvas, 0, 0);
  return new Set(new Uint32Array(context.getImageData(0, 0, 48, 32).data.buffer)).size;
}"""


@pytest.fixture(scope="module")
def server(needs_browser):
    with running(LiveSite(LiveSettings(width=48, height=32))) as opened:
        yield opened


@pytest.fixture
def tab_with(chromium, server):
    """Opens a page of live runs; a script runs before its own."""
    context = chromium.new_context()

    def opened(script="", address=""):
        context.add_init_script(script)
        tab = context.new_page()
        tab.goto(server.address.url + address)
        return tab

    yield opened
    context.close()


@pytest.fixture(scope="module")
def page(server, request):
    """A page whose scripts the tests use; it believes that there is a graphics card."""
    context = request.getfixturevalue("_running_browser").new_context()
    context.add_init_script(CARD + WATCHED)
    tab = context.new_page()
    tab.goto(server.address.url)
    tab.locator(".live-menu").wait_for()
    yield tab
    context.close()


def test_a_run_on_the_page_goes_on_when_the_device_is_lost(chromium, server):
    visit = LiveVisit(chromium, server, hash="&backend=webgpu#model=brusselator&B=8&seed=3", script=WATCHED)
    tab = visit.tab
    visit.passes(0)
    assert "computed by WebGPU" in tab.locator(".live-status").inner_text()
    tab.locator(".live-theory tr", has_text=re.compile(r"measured now\s*\d")).wait_for()
    tab.get_by_role("button", name="Pause").click()
    tab.locator(".live-canvas").focus()
    tab.keyboard.press("Enter")  # paints
    with tab.expect_download() as download:
        tab.get_by_role("button", name="PNG").click()
    told = json.loads(png_texts(download.value.path().read_bytes())["Comment"])
    assert tab.locator(".live-canvas").evaluate(COLOURS) > 50
    tab.evaluate("async () => { await device.queue.onSubmittedWorkDone(); device.destroy(); }")
    lost = tab.get_by_text("WebGPU has lost the graphics processor; the run went on with WebAssembly from t =")
    since = float(re.search(r"t = ([\d.]+)\.$", lost.inner_text()).group(1))
    assert since == pytest.approx(told["time"], rel=1e-3)
    assert since == visit.shown_time() > 0
    tab.get_by_role("button", name="Play").click()
    visit.passes(since)
    assert "computed by WebAssembly" in tab.locator(".live-status").inner_text()
    assert tab.locator(".live-canvas").evaluate(COLOURS) > 50
    visit.close()


@pytest.mark.parametrize(
    ("query", "script", "expected"),
    [
        ("", NO_ADAPTER, "computed by WebAssembly"),
        ("&backend=webgl2", CARD, "computed by WebGL2"),
        ("&backend=webgpu", NO_ADAPTER, "this browser has no WebGPU; choose webgl2 or webassembly, or no backend"),
        ("&backend=opengl", "", 'unknown backend "opengl" in the address; there are webgpu, webgl2, webassembly'),
    ],
)
def test_the_page_says_what_computes_or_why_nothing_does(tab_with, query, script, expected):
    tab_with(script, f"{query}#model=brusselator").get_by_text(expected).wait_for()


def test_webgpu_is_chosen_where_a_graphics_card_has_it(page):
    """Not where the processor emulates it, or where it refuses a device or a shader."""
    script = """async (program) => {
      const open = async () => {
        const canvas = document.createElement('canvas');
        const simulator = await Morphoscope.openSimulator(canvas, program, { width: 16, height: 16 });
        simulator.step(3);
        const { finite } = await simulator.extremes(0);
        simulator.free();
        return [simulator.backend, finite];
      };
      const without = async (kind, name) => {
        const own = kind.prototype[name];
        kind.prototype[name] = () => Promise.reject(new Error('refused'));
        const found = await open();
        kind.prototype[name] = own;
        return found;
      };
      window.card = false;
      const emulated = [await open(), await open()];
      window.card = true;
      const refused = [
        await without(GPUAdapter, 'requestDevice'), await without(GPUDevice, 'createComputePipelineAsync'),
      ];
      return { emulated, refused, card: [await open(), await open()] };
    }"""
    no, yes = ["webassembly", True], ["webgpu", True]
    found = page.evaluate(script, program(get_model("gray-scott")))
    assert found == {"emulated": [no, no], "refused": [no, no], "card": [yes, yes]}


def test_the_last_state_that_was_read_is_kept(page):
    """Another backend goes on from it to the state of the reference engine; a run that is freed is not lost."""
    model, grid = get_model("gray-scott"), Grid(16, 24)
    rng = np.random.default_rng(2)
    start = rng.random((2, *grid.shape)).astype(np.float32)
    parameters = {"f": 0.03, "k": 0.055}
    job = Job(model, grid, 0.25, model.complete(parameters), start, (200,))
    reference = ReferenceEngine().run(job).snapshots[0]
    script = """async ([program, start, parameters]) => {
      const options = { width: 24, height: 16 }, canvas = document.createElement('canvas');
      const simulator = await Morphoscope.openSimulator(canvas, program, options);
      for (const [name, value] of Object.entries(parameters)) simulator.setParameter(name, value);
      simulator.setStep(0.25);
      simulator.reset(start.map((values) => Float32Array.from(values)));
      simulator.step(50);
      await simulator.read();
      simulator.step(10);
      window.device.destroy();
      const moment = await simulator.gone, other = Morphoscope.createSimulator(canvas, program, options);
      const refused = await simulator.read().then(() => false, () => true);
      other.resume(simulator, moment);
      const { steps, time } = other;
      other.step(150);
      const state = other.read().map((values) => [...values]);
      const third = await Morphoscope.openSimulator(canvas, program, options), lost = third.gone.then(() => 'lost');
      third.free();
      const after = window.device.lost.then(() => new Promise((done) => setTimeout(done, 0, 'freed')));
      const ended = await Promise.race([lost, after]);
      return { steps, time, state, refused, ended, backends: [simulator.backend, other.backend, third.backend] };
    }"""
    found = page.evaluate(script, [program(model), start.reshape(2, -1).tolist(), parameters])
    assert (found["steps"], found["time"], found["refused"], found["ended"]) == (50, 12.5, True, "freed")
    assert found["backends"] == ["webgpu", "webassembly", "webgpu"]
    assert np.abs(np.array(found["state"]).reshape(reference.shape) - reference).max() < 5e-6


def test_a_picture_has_a_colour_for_each_cell_and_grey_where_nothing_is_finite(page):
    model = Model(name="still", reaction={"u": "0"}, diffusion={"u": "1e-30"}, dt=1.0)
    script = (
        "async ([program, values]) => {"
        + PICTURE
        + """
      const found = [];
      for (const backend of ['webgl2', 'webgpu']) {
        const options = { width: 24, height: 16, backend };
        const simulator = await Morphoscope.openSimulator(document.createElement('canvas'), program, options);
        const state = Float32Array.from(values, (value) => value / 255);
        state[30] = NaN;
        simulator.reset([state]);
        found.push(await picture(simulator, [0, 1]));
        simulator.free();
      }
      return found;
    }"""
    )
    values = np.random.default_rng(0).integers(0, 256, 16 * 24)
    found = np.array(page.evaluate(script, [program(model), values.tolist()]))
    values[30] = 128
    assert np.array_equal(found, np.broadcast_to(values, found.shape))


def test_one_dimension_is_drawn_as_rows_of_time(page):
    """More rows than a picture has: the last ones are shown, the newest below."""
    model = Model(name="clock", reaction={"u": "1"}, diffusion={"u": "0"}, dt=1.0)
    script = (
        "async (program) => {"
        + PICTURE
        + """
      const found = [];
      for (const backend of ['webgl2', 'webgpu']) {
        const options = { width: 8, height: 1, backend };
        const simulator = await Morphoscope.openSimulator(document.createElement('canvas'), program, options);
        simulator.reset([new Float32Array(8)]);
        for (let i = 0; i < 300; i++) {
          simulator.step(1);
          void simulator.draw(['#000000'], [0, 1], 0);
        }
        found.push(await picture(simulator, [45, 300]));
        simulator.free();
      }
      return found;
    }"""
    )
    found = np.array(page.evaluate(script, program(model))).reshape(2, 256, 8)
    assert np.array_equal(found, np.broadcast_to(np.arange(256)[:, None], found.shape))


def test_the_largest_grid(page):
    """1024 × 1024 cells, each in a block whose extremes are measured."""
    script = """async (program) => {
      const options = { width: 1024, height: 1024, backend: 'webgpu' }, cells = 1024 * 1024;
      const simulator = await Morphoscope.openSimulator(document.createElement('canvas'), program, options);
      const state = [new Float32Array(cells).fill(0.5), new Float32Array(cells)];
      [state[0][cells - 1], state[0][4096], state[1][7]] = [0.75, 0.25, 9];
      simulator.reset(state);
      const before = await simulator.extremes(0);
      state[1][cells - 2] = Infinity;
      simulator.reset(state);
      const wrong = await simulator.extremes(0);
      state[1].fill(0);
      simulator.reset(state);
      simulator.brush(1, 1, 5, 1);
      simulator.step(1);
      const after = (await simulator.read())[0], found = [after[0], after[20 * 1024 + 20], after[cells - 1]];
      simulator.free();
      return { before, wrong: wrong.finite, found };
    }"""
    model = Model(
        name="largest", reaction={"u": "0", "v": "0"}, diffusion={"u": "1", "v": "0"}, dt=0.1,
        background={"u": 0.0, "v": 0.0}, perturbation={"u": 1.0, "v": 1.0},
    )  # fmt: skip
    found = page.evaluate(script, program(model))
    assert found["before"] == {"low": 0.25, "high": 0.75, "mean": 0.5, "finite": True}
    assert not found["wrong"]
    np.testing.assert_allclose(found["found"], [1, 0.5, 1], rtol=1e-6)  # the corners are painted
