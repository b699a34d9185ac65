"""The explorer's map with 10⁶ runs that were not simulated: how long it takes to load, and one frame of a zoom.

    python benchmarks/large_explorer.py [--side 1000]

Needs Chromium and the package's dev extra. Browser and server share the cores, so nothing else should be running.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import threading
import time
from typing import Any

from explorer import FLAGS
from large_page import large_site

from morphoscope.atlas import Atlas
from morphoscope.web.server.listening import make_server
from morphoscope.web.workspace import Workspace

#: Milliseconds from a turn of the wheel until the frame with it is drawn and read back.
_FRAME = """() => new Promise(done => {
    const plot = document.querySelector(".map-plot"), before = performance.now(), now = plot.dataset.window;
    const box = plot.getBoundingClientRect();
    plot.dispatchEvent(new WheelEvent("wheel", {
        deltaY: -20, clientX: box.x + 200, clientY: box.y + 200, bubbles: true, cancelable: true,
    }));
    const look = () => {
        if (plot.dataset.window === now) return requestAnimationFrame(look);
        for (const canvas of document.querySelectorAll(".map-cells canvas, .map-overlay")) {
            const gl = canvas.getContext("webgl2");
            if (gl) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
            else canvas.getContext("2d").getImageData(0, 0, 1, 1);
        }
        done(performance.now() - before);
    };
    requestAnimationFrame(look);
})"""


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=1000)
    side = parser.parse_args().side
    print("| runs | usable after | frame of a zoom |\n|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for scattered in (False, True):
            seconds, frames = _measured(browser, _address(side, scattered))
            kind = "scattered" if scattered else "a scan"
            frame = f"{statistics.median(frames):.0f} ms (worst {max(frames):.0f})"
            print(f"| {side * side}, {kind} | {seconds:.1f} s | {frame} |", flush=True)


def _address(side: int, scattered: bool) -> str:
    """Serve the page in a thread, as long as this process lives."""
    site, _ = large_site(Workspace(Atlas("gray-scott")), side, scattered)
    server = make_server(site)
    threading.Thread(target=server.run, daemon=True).start()
    return str(server.address.url)


def _measured(browser: Any, address: str) -> tuple[float, list[float]]:
    tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    tab.set_default_timeout(120_000)
    begin = time.perf_counter()
    tab.goto(address, wait_until="commit")
    tab.locator(".map-plot[data-window]").wait_for()
    seconds = time.perf_counter() - begin
    frames = [float(tab.evaluate(_FRAME)) for _ in range(20)]
    tab.context.close()
    return seconds, frames


if __name__ == "__main__":
    main()
