"""Classifiers in a browser beside the same ones in torch, and the page that opens from disk."""

import base64
import dataclasses

import numpy as np
import pytest
import torch

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.engines import get_engine
from morphoscope.ensembles.jobs import run_job
from morphoscope.learning.classifier import Classifier, Input
from morphoscope.learning.networks import get_network
from morphoscope.learning.reading import network_alone
from morphoscope.models import get_model, model_names
from morphoscope.theory.program import theory_program
from morphoscope.web.packing import export_atlas
from morphoscope.web.server.live_data import LiveData
from morphoscope.web.server.network import network_file
from morphoscope.web.server.presets import known_patterns
from morphoscope.web.server.program import program
from tests.cli.in_process import cli_here
from tests.web.pages import until

READ = """([network, patterns]) => {
  const reader = new Morphoscope.Reader(Uint8Array.from(atob(network), (c) => c.charCodeAt(0)).buffer);
  return patterns.map((frames) => {
    const fields = frames.map((frame) => Float32Array.from(frame));
    const { probabilities, ...rest } = reader.read(fields, 15000);
    const logits = [...reader.network.run(fields).logits];
    return { logits, probabilities: Object.fromEntries(probabilities), ...rest };
  });
}"""


class FilePage:
    """The tiny atlas as a page from disk, in a tab; nothing may be requested, nothing may go wrong."""

    def __init__(self, chromium, page, query="", **device):
        self.context = chromium.new_context(**device)
        self.context.set_default_timeout(20_000)
        self.tab = self.context.new_page()
        self.complaints, self.requests = [], []
        self.tab.on("console", self._on_console)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.page = page
        self.tab.goto(page.as_uri() + query)
        self.tab.locator(".map-plot").first.wait_for()

    def _on_console(self, message):
        if message.type in {"error", "warning"} and "GL Driver Message" not in message.text:
            self.complaints.append(message.text)

    def turn_to(self, title):
        self.tab.get_by_role("tab", name=title).click()

    def close(self):
        assert self.complaints == []
        assert all(url.startswith((self.page.as_uri(), "data:", "blob:")) for url in self.requests)
        self.context.close()


@pytest.fixture(scope="module")
def page(workshop, tmp_path_factory):
    return export_atlas(Atlas(workshop / "atlas"), tmp_path_factory.mktemp("exported") / "page")


@pytest.fixture
def opened(chromium, page):
    visit = FilePage(chromium, page, viewport={"width": 1440, "height": 900})
    yield visit
    visit.close()


def patterns(count, frames, side, seed=0):
    """Stripes of several lengths that move or rest, and one homogeneous pattern: (count, frames, y, x)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    found = np.empty((count, frames, side, side), dtype=np.float32)
    for i in range(count):
        waves = rng.integers(1, 12, 2)
        for j in range(frames):
            phase = 0.3 * i * j
            found[i, j] = 0.6 + 0.3 * np.sin(2 * np.pi * (waves[0] * x + waves[1] * y) + phase)
    found[:-1] += 0.02 * rng.standard_normal(found[:-1].shape).astype(np.float32)
    found[-1] = 1.0
    return found


def random_classifier(name):
    """The paper's network with random weights and batch norms."""
    torch.manual_seed(1)
    module = get_network(name).build(3, 5)
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.uniform_(-0.5, 0.5)
            layer.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(layer.weight, 0.5, 2)
            torch.nn.init.uniform_(layer.bias, -0.5, 0.5)
    return Classifier(name, tuple("abcde"), Input(), 0.7, {}, module.eval())


@pytest.mark.parametrize("name", ["gray-scott-second-pass", "scholz2022-2d"])
def test_a_browser_reads_as_torch_does(opened, name):
    classifier = random_classifier(name) if name == "scholz2022-2d" else Classifier.load(name)
    frames = patterns(4, 3, 128)
    sent = [base64.b64encode(network_file(classifier)).decode(), frames.reshape(4, 3, -1).tolist()]
    found = opened.tab.evaluate(READ, sent)
    logits = np.array([row["logits"] for row in found])
    assert np.abs(logits - classifier.logits(frames)).max() < 1e-4
    expected = network_alone(classifier, type("Found", (), {"frames": frames, "fit": lambda *_: True})())
    for i in range(3):  # the last one is homogeneous
        assert found[i]["name"] == expected.names[i]
        assert next(iter(found[i]["probabilities"].values())) == pytest.approx(expected.probability[i], abs=1e-5)
        if expected.known is not None:
            assert found[i]["known"] == pytest.approx(float(expected.known[i]), abs=1e-4)
            assert found[i]["unknown"] == bool(expected.unknown[i])
    if classifier.conformal is not None:
        sets = classifier.conformal.sets(expected.probabilities, 0.9)
        assert [set(row["set"]) for row in found[:3]] == [
            {classifier.classes[j] for j in np.flatnonzero(row)} for row in sets[:3]
        ]
        assert found[3]["name"] == "H"
        assert found[3]["by"] == "variance"


def test_a_network_that_a_browser_lacks_is_named():
    classifier = random_classifier("scholz2022-2d")
    classifier.module = torch.nn.Sequential(torch.nn.LSTM(3, 3))
    with pytest.raises(UsageError, match="can't be read in a browser"):
        network_file(classifier)


def test_the_page_from_disk_shows_and_runs_an_atlas(opened, workshop, page):
    atlas, tab = Atlas(workshop / "atlas"), opened.tab
    assert {path.name for path in page.parent.iterdir()} == {"index.html", "points.csv"}
    tab.locator(".pattern h2").wait_for()
    opened.turn_to("Montage")
    tab.locator(".tile").first.wait_for()
    opened.turn_to("Live")
    tab.locator(".live-status", has_text=f"{atlas.plan.grid.width} × {atlas.plan.grid.height} cells").wait_for()
    tab.locator(".live-reading").wait_for(timeout=90_000)  # seconds at most, but frames are slow on busy cores
    assert tab.locator(".live-reading").get_attribute("data-class") in (
        *atlas.classes,
        "homogeneous",
        "homogeneous-unsteady",
    )
    with pytest.raises(UsageError, match="overwrite it"):
        export_atlas(atlas, page.parent)


def test_labels_of_a_page_from_disk_stay_and_get_into_the_atlas(chromium, page, workshop, tmp_path):
    visit = FilePage(chromium, page, accept_downloads=True)
    tab = visit.tab
    tab.locator(".pattern").focus()
    tab.keyboard.press("n")
    tab.get_by_label("Name of the class").fill("worms")
    tab.get_by_role("button", name="create it").click()
    tab.locator(".told", has_text="Saved").first.wait_for()
    tab.reload()
    tab.locator(".badge.person", has_text="worms").wait_for()
    visit.turn_to("Share")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="download labels").click()
    download.value.save_as(tmp_path / "labels.csv")
    visit.close()
    from tests.web.conftest import copied_workspace

    atlas = copied_workspace(workshop, tmp_path).atlas
    done = cli_here("annotate", "atlas", "--file", "labels.csv", cwd=tmp_path)
    assert done.stdout.startswith("1 runs are labelled")
    assert "worms" in morphoscope.open_atlas(atlas.folder).labels()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("run\n1\n", "no column 'class'"),
        ("run,class\none,kappa\n", "line 2: run 'one'"),
        ("run,class\n99,kappa\n", "line 2: run 99 is not in"),
        ("run,class\n1,\n", "no class"),
        ("run,class\n1,<b>\n", "class name '<b>'"),
        ("\0\0", "no column 'run'"),
    ],
)
def test_a_bad_table_of_labels_is_one_line(workspace, tmp_path, text, words):
    (tmp_path / "labels.csv").write_text(text)
    done = cli_here("annotate", "atlas", "--file", "labels.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert workspace.atlas.annotations.log() == []


def test_on_a_phone_the_page_from_disk_has_tabs_over_one_view(chromium, page):
    visit = FilePage(
        chromium, page, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    wide = visit.tab.evaluate("document.scrollingElement.scrollWidth")
    assert wide <= 390
    until(lambda: visit.tab.get_by_role("tab").count() >= 4)
    visit.close()


def test_a_page_from_disk_uses_webgpu(chromium, page):
    visit = FilePage(chromium, page, "?backend=webgpu", viewport={"width": 1440, "height": 900})
    visit.turn_to("Live")
    status = visit.tab.locator(".live-status", has_text="computed by WebGPU")
    status.wait_for()
    until(lambda: float(status.locator("b").inner_text()) > 0)
    visit.close()


SIMULATE = """async ([network, program, options, parameters, start, marks, end]) => {
  const reader = new Morphoscope.Reader(Uint8Array.from(atob(network), (c) => c.charCodeAt(0)).buffer), frames = [];
  const simulator = Morphoscope.createSimulator(document.createElement('canvas'), program, options);
  for (const [name, value] of Object.entries(parameters)) simulator.setParameter(name, value);
  simulator.reset(start.map((values) => Float32Array.from(values)));
  for (const mark of marks) {
    simulator.step(mark - simulator.steps);
    frames.push(simulator.read()[program.species.indexOf(reader.header.species)]);
  }
  simulator.free();
  const { name, probabilities } = reader.read(frames, end);
  return { name, probability: probabilities.get(name), backend: simulator.backend };
}"""


@pytest.mark.parametrize(("run", "name"), [(1471, "epsilon"), (1728, "alpha")])
def test_a_run_in_the_browser_ends_in_the_class_of_the_run_in_python(opened, run, name):
    """Points of the shipped atlas from their own starts, early, where rounding changes little."""
    classifier, plan = Classifier.load("gray-scott-second-pass"), morphoscope.open_atlas("gray-scott").plan
    steps = tuple(round((300 - ago) / plan.dt) for ago in (*classifier.input.earlier, 0))
    job = dataclasses.replace(run_job(plan, plan.runs[run]), steps=steps)
    frames = get_engine("cpu").run(job).snapshots[:, 0]
    expected = classifier.predict(frames[None])
    options = {"width": 128, "height": 128, "dt": plan.dt, "backend": "webassembly"}
    start = job.initial.astype(np.float32).reshape(2, -1).tolist()
    sent = [program(plan.model), options, dict(job.parameters), start, list(steps), 300]
    found = opened.tab.evaluate(SIMULATE, [base64.b64encode(network_file(classifier)).decode(), *sent])
    assert found["backend"] == "webassembly"  # which is allowed on a page from disk
    assert found["name"] == expected.names[0] == name
    assert found["probability"] == pytest.approx(float(expected.probability[0]), abs=1e-3)


POINT = "([program, ...at]) => Morphoscope.pointOf(program, program.theory, ...at)"

#: Types of points that the page leaves open, because it follows no orbits.
OPEN = {"stable or excitable": {"stable", "excitable-like"}, "Hopf or excitable": {"Hopf", "excitable-like"}}


def test_theory_without_python_is_that_of_python(opened):
    """Steady states, growth rates, wavelengths, types of points, time steps: of all models, at known patterns, too."""
    data = LiveData()
    for model in map(get_model, model_names()):
        sent = {**program(model), "theory": theory_program(model)}
        points = [{}, *(known.parameters for known in known_patterns() if known.model == model.name)][:3]
        for given in points:
            values = {**model.defaults, **given}
            expected = data.point(model.name, values, model.spacing, 9)
            found = opened.tab.evaluate(POINT, [sent, values, model.spacing, 9])
            assert expected["kind"] in OPEN.get(found["kind"], {found["kind"]}), model.name
            assert found["dt"] == pytest.approx(expected["dt"], rel=0.01), model.name
            assert len(found["states"]) == len(expected["states"]), model.name
            for one, other in zip(found["states"], expected["states"], strict=True):
                same_state(one, other)


def same_state(one, other):
    """A steady state, its fastest wave, and its dispersion relation."""
    assert one["values"] == pytest.approx(other["values"], rel=1e-7, abs=1e-9)
    assert (one["kind"], one["stable"]) == (other["kind"], other["stable"]), other
    assert (one["wave"] is None) == (other["wave"] is None), other
    if one["wave"]:
        assert one["wave"] == pytest.approx(other["wave"], rel=1e-5, abs=1e-9)
    size = max(abs(np.array(other["growth"])))
    np.testing.assert_allclose(one["q"], other["q"], rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(one["growth"], other["growth"], atol=1e-5 * size)
    np.testing.assert_allclose(one["frequency"], other["frequency"], atol=1e-5 * size)
