"""Whether a live run ends in the class of Python's run: points of the shipped atlas, in Chromium, from the same start.

python -m benchmarks.live_classes [--points 2] [--seed 0] [--until 15000] [--shaders]

For each class, some of its points are drawn at random. Each is simulated to the end by the simulator of the page, which
reads the last frames with the classifier of the page, and by Python's engine, whose frames torch reads. A third run, by
Python with double precision, shows how much the result depends on rounding alone. `r` is the correlation of the last
frames of two runs: where it is not close to 1, the run is sensitive to rounding.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

from morphoscope.atlas import Atlas, open_atlas
from morphoscope.engines import get_engine
from morphoscope.ensembles.jobs import run_job
from morphoscope.learning.classifier import DEFAULT, Classifier
from morphoscope.web.server.listening import make_server
from morphoscope.web.server.live_site import LiveSettings, LiveSite
from morphoscope.web.server.network import network_file
from morphoscope.web.server.program import program

sys.path.insert(0, str(Path(__file__).parent.parent))  # tests.browser knows where a Chromium is

from tests import browser as chromium

#: Runs to the end, takes the frames that the network reads, and reads them. Arrays travel as base64.
SCRIPT = """async ([program, options, parameters, start, network, marks, end]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const reader = new Morphoscope.Reader(bytes(network).buffer), cells = options.width * options.height;
  const state = new Float32Array(bytes(start).buffer), species = program.species.map((_, s) => state.subarray(s * cells, (s + 1) * cells));
  const simulator = Morphoscope.createSimulator(document.createElement('canvas'), program, options);
  for (const [name, value] of Object.entries(parameters)) simulator.setParameter(name, value);
  simulator.reset(species);
  const frames = [], shown = program.species.indexOf(reader.header.species);
  for (const mark of marks) {
    while (simulator.steps < mark) {
      simulator.step(Math.min(mark - simulator.steps, 500));
      await new Promise((done) => setTimeout(done, 0));
    }
    frames.push(simulator.read()[shown]);
  }
  simulator.free();
  const { name, probabilities, known } = reader.read(frames, end);
  const last = new Uint8Array(frames[frames.length - 1].buffer);
  let text = '';
  for (let i = 0; i < last.length; i += 8192) text += String.fromCharCode(...last.subarray(i, i + 8192));
  return { name, probability: probabilities.get(name), known, last: btoa(text) };
}"""  # noqa: E501

Frames = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Point:
    """One run, read three times."""

    label: str
    run: int
    browser: str
    python: str
    double: str
    probabilities: tuple[float, float]  # of the class read, in the browser and in Python
    alike: tuple[float, float]  # r between Python's last frame and that of the browser, and of double precision


def chosen(atlas: Atlas, count: int, seed: int) -> Iterable[tuple[str, int]]:
    """Some runs of each class, at random."""
    rng = np.random.default_rng(seed)
    for name in atlas.counts():
        members = atlas.members(name)
        for position in sorted(rng.choice(members, min(count, len(members)), replace=False).tolist()):
            yield name, int(atlas.runs[position])


def measured(
    tab: Page, atlas: Atlas, classifier: Classifier, label: str, run: int, until: float, shaders: bool
) -> Point:
    """The run ``run`` of the atlas, in the browser and in Python."""
    plan, before = atlas.plan, classifier.input.before
    steps = tuple(round((until - ago) / plan.dt) for ago in before)
    job = dataclasses.replace(run_job(plan, plan.runs[run]), steps=steps)
    job = dataclasses.replace(job, initial=job.initial.astype(np.float32))
    single, double = (
        get_engine("cpu").run(dataclasses.replace(job, double=twice)).snapshots[:, 0].astype(np.float32)
        for twice in (False, True)
    )
    grid = plan.grid
    options = {
        "width": grid.width, "height": grid.height, "spacing": grid.spacing, "stencil": grid.stencil, "dt": plan.dt,
        "boundary": [grid.along("x"), grid.along("y")], "backend": "webgl2" if shaders else "webassembly",
    }  # fmt: skip
    sent = [program(plan.model), options, dict(job.parameters), encoded(job.initial.tobytes())]
    found = tab.evaluate(SCRIPT, [*sent, encoded(network_file(classifier)), list(steps), until])
    last = np.frombuffer(base64.b64decode(found["last"]), dtype="<f4").reshape(grid.shape)
    prediction = classifier.predict(np.stack([single, double]))
    python, twice = (classified(classifier, *read) for read in zip((single, double), prediction.names, strict=True))
    return Point(
        label, run, found["name"], python, twice, (found["probability"], float(prediction.probability[0])),
        (correlation(single[-1], last), correlation(single[-1], double[-1])),
    )  # fmt: skip


def classified(classifier: Classifier, frames: Frames, name: str) -> str:
    """The class of a pattern; homogeneous ones are read from their mean, as in the page."""
    if not uniform(frames[-1]):
        return name
    mean = float(frames[-1].mean())
    states = [
        (abs(anchor.state[classifier.input.species] - mean), each.name)
        for each in classifier.homogeneous or ()
        for anchor in each.anchors
    ]
    return min(states)[1]


def uniform(frame: Frames) -> bool:
    """Whether a frame is homogeneous, as the page decides it."""
    return bool(frame.std() <= 1e-4 * max(1.0, abs(float(frame.mean()))))


def correlation(one: Frames, other: Frames) -> float:
    """1 for the same pattern; nan if one is homogeneous."""
    return float("nan") if uniform(one) or uniform(other) else float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def table(points: list[Point]) -> str:
    """A row a class."""
    lines = [
        "| class | points | browser = Python | double = Python | r, browser | r, double |",
        "|---|---|---|---|---|---|",
    ]
    for label in [*dict.fromkeys(point.label for point in points), "all"]:
        rows = [point for point in points if label in (point.label, "all")]
        same = sum(point.browser == point.python for point in rows)
        twice = sum(point.double == point.python for point in rows)
        alike = np.array([point.alike for point in rows])
        known = alike[np.isfinite(alike).all(axis=1)]
        least = ["–", "–"] if not len(known) else [f"{value:.3f}" for value in known.min(axis=0)]
        lines.append(f"| {label} | {len(rows)} | {same} | {twice} | {least[0]} | {least[1]} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=2, help="of each class")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of points")
    parser.add_argument("--until", type=float, default=15000.0, help="time at which patterns are read")
    parser.add_argument("--chromium", default=chromium.find_chromium(), help="the browser's program")
    parser.add_argument("--shaders", action="store_true", help="with shaders instead of WebAssembly")
    wanted = parser.parse_args()
    atlas, classifier = open_atlas("gray-scott"), Classifier.load(DEFAULT)
    server = make_server(LiveSite(LiveSettings()))
    threading.Thread(target=server.run, daemon=True).start()
    points: list[Point] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=wanted.chromium, args=chromium.FLAGS)
        tab = browser.new_page()
        tab.goto(server.address.url)
        tab.locator(".live-menu").wait_for()
        for label, run in chosen(atlas, wanted.points, wanted.seed):
            point = measured(tab, atlas, classifier, label, run, wanted.until, wanted.shaders)
            points.append(point)
            print(dataclasses.asdict(point), file=sys.stderr, flush=True)
        browser.close()
    server.stop()
    print(table(points))


if __name__ == "__main__":
    main()
