"""The speed of live runs in Chromium without a graphics card: frames per second at 100 steps a frame.

python -m benchmarks.live [--size 128] [--steps 100] [--seconds 5] [--backend webgpu]

Without a backend, it is the one that a page chooses: WebAssembly here. Shaders of WebGL2 and WebGPU are emulated by the
processor, unless --graphics is given on a computer with a graphics card.

Beside them is the processor time that all processes of the browser use for a frame. It hardly depends on what else the
computer does, which frames per second do: 30 frames/s need less than 33 ms of it on one core, 66 ms on two.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from morphoscope.models import get_model
from morphoscope.web.server.listening import make_server
from morphoscope.web.server.live_site import LiveSettings, LiveSite
from morphoscope.web.server.program import program

sys.path.insert(0, str(Path(__file__).parent.parent))  # tests.browser knows where a Chromium is

from tests import browser as chromium

MODELS = ("gray-scott", "brusselator", "may-leonard", "swift-hohenberg", "allen-cahn")

#: Each frame takes the steps and draws the pattern; every fifth measures its extremes, as on the page.
SCRIPT = """async ([program, size, steps, seconds, palette, backend]) => {
  const canvas = document.createElement('canvas');
  canvas.style = 'position: fixed; inset: 0; width: 700px; height: 700px; z-index: 9';
  document.body.append(canvas);
  const options = {width: size, height: size, backend: backend ?? undefined};
  const simulator = await Morphoscope.openSimulator(canvas, program, options);
  simulator.brush(size / 2, size / 2, size / 5, 1);
  simulator.step(steps);
  await simulator.read();
  let frames = 0;
  const begin = performance.now();
  while (performance.now() - begin < 1000 * seconds) {
    await new Promise((next) => requestAnimationFrame(next));
    simulator.step(steps);
    if (frames++ % 5 === 0) void simulator.extremes(0);
    await simulator.draw(palette, [0, 1], 0);
  }
  await simulator.read();
  const rate = frames / ((performance.now() - begin) / 1000), { finite } = await simulator.extremes(0);
  simulator.free();
  canvas.remove();
  return [rate, finite, simulator.backend];
}"""


def processor_seconds() -> float:
    """What the browser's processes have used so far."""
    own = psutil.Process().children(recursive=True)
    return sum(sum(process.cpu_times()[:2]) for process in own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=128, help="cells a side")
    parser.add_argument("--steps", type=int, default=100, help="steps a frame")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a measurement")
    parser.add_argument("--chromium", default=chromium.find_chromium(), help="the browser's program")
    parser.add_argument("--graphics", action="store_true", help="with the graphics card, if there is one")
    parser.add_argument("--backend", choices=("webgpu", "webgl2", "webassembly"), help="what computes the steps")
    chosen = parser.parse_args()
    flags = ["--no-sandbox", "--enable-unsafe-webgpu"] if chosen.graphics else chromium.FLAGS
    server = make_server(LiveSite(LiveSettings()))
    threading.Thread(target=server.run, daemon=True).start()
    print(f"{chosen.size} x {chosen.size} cells, {chosen.steps} steps a frame; {os.cpu_count()} cores")
    print("| model | backend | frames/s | steps/s | Mcell/s | processor ms a frame | load before |")
    print("|---|---|---|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chosen.chromium, args=flags)
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.goto(server.address.url)
        tab.locator(".live-menu").wait_for()
        for name in MODELS:
            load, used = os.getloadavg()[0], processor_seconds()
            arguments = [program(get_model(name)), chosen.size, chosen.steps, chosen.seconds, ["#000000"] * 256]
            rate, finite, backend = tab.evaluate(SCRIPT, [*arguments, chosen.backend])
            steps, busy = rate * chosen.steps, 1000 * (processor_seconds() - used) / (rate * chosen.seconds)
            note = "" if finite else " (not finite)"
            cells = steps * chosen.size**2 / 1e6
            print(
                f"| {name}{note} | {backend} | {rate:.1f} | {steps:.0f} | {cells:.0f} | {busy:.0f} | {load:.1f} |",
                flush=True,
            )
        browser.close()
    server.stop()


if __name__ == "__main__":
    main()
