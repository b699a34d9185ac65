"""Response times of the explorer for its user: a real Chromium with the shipped atlas, all on this machine.

    python benchmarks/explorer.py [--tabs 10] [--interactions 1000]

Needs Chromium and the package's dev extra. Browser and server share the cores, so nothing else should be running.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-precise-memory-info"]
USABLE = ".where span:not(:empty)"
LIVE_SECONDS = 8


def main() -> None:
    from playwright.sync_api import sync_playwright

    options = _options()
    rows: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        begin = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-m", "morphoscope", "explore", "--no-browser"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_CONFIG_HOME": folder},
        )  # fmt: skip
        try:
            link = _link(server)
            rows.append(("link printed after", f"{time.perf_counter() - begin:.2f} s", ""))
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            tab = _open(browser, link)
            rows.append(
                ("page usable after start, including the browser's start", f"{time.perf_counter() - begin:.2f} s", "")
            )
            again = time.perf_counter()
            _open(browser, link).close()
            rows.append(("page usable after a second visit", f"{time.perf_counter() - again:.2f} s", "≤ 3 s"))
            rows += _one_tab(tab)
            rows += _many_tabs(browser, link, tab, options.tabs)
            rows += _memory(tab, server.pid, options.interactions)
        finally:
            server.terminate()
            server.wait(20)
    print("| measurement | value | target |\n|---|---|---|")
    for name, value, asked in rows:
        print(f"| {name} | {value} | {asked} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tabs", type=int, default=10)
    parser.add_argument("--interactions", type=int, default=1000)
    return parser.parse_args()


def _link(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise SystemExit("the explorer did not start")


def _open(browser: Any, link: str) -> Any:
    tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    tab.goto(link)
    tab.locator(USABLE).wait_for()
    return tab


def _median(times: int, work: Callable[[int], object]) -> str:
    found = []
    for number in range(times):
        begin = time.perf_counter()
        work(number)
        found.append(1000 * (time.perf_counter() - begin))
    return f"{statistics.median(found):.0f} ms (worst {max(found):.0f})"


def _one_tab(tab: Any) -> list[tuple[str, str, str]]:
    from morphoscope.atlas import Atlas

    atlas = Atlas("gray-scott")
    places = [_pixel(tab, atlas, int(atlas.members(name)[5])) for name in ("kappa", "lambda", "mu", "theta", "beta")]

    def hover(number: int) -> None:
        tab.mouse.move(20, 860)
        tab.locator(".bk-Tooltip:visible").wait_for(state="hidden")
        tab.mouse.move(*places[number % len(places)])
        tab.locator(".bk-Tooltip:visible").wait_for()

    rows = [("hover: away and to a thumbnail", _median(20, hover), "≤ 100 ms")]
    rows.append(("arrow key: next pattern described", _median(20, lambda _: _step(tab)), ""))
    tab.locator(".bk-tab", has_text="Montage").click()
    name = min((n for n, count in atlas.counts().items() if count >= 150), key=lambda n: atlas.counts()[n])
    option = tab.locator("option", has_text=re.compile(rf"\b{name} \("))
    tab.get_by_label("Patterns", exact=True).select_option(label=option.inner_text())
    tab.locator(".count", has_text=name).wait_for()
    scroller = tab.locator(".scroller")
    scroller.focus()
    scroller.press("Control+a")
    begin = time.perf_counter()
    scroller.press(" ")
    count = atlas.counts()[name]
    tab.locator(".count", has_text=f"{count} annotated").wait_for()
    rows.append((f"labelling {count} patterns", f"{time.perf_counter() - begin:.2f} s", "200 in ≤ 1 s"))
    tab.locator(".bk-tab", has_text="Pattern").click()
    tab.get_by_role("button", name="Run it live", exact=True).click()
    rates = []
    end = time.monotonic() + LIVE_SECONDS
    while time.monotonic() < end:
        tab.wait_for_timeout(500)
        said = tab.get_by_text(re.compile(r"\d+ frames/s")).all_inner_texts()
        rates += [int(found[1]) for text in said if (found := re.search(r"(\d+) frames/s", text))]
    shown = f"{statistics.median(rates):.0f} frames/s" if rates else "no frames"
    rows.append(("live run, 128 × 128, 1000 steps per frame", shown, "≥ 25 frames/s"))
    tab.get_by_role("button", name="Pause").click()
    return rows


def _many_tabs(browser: Any, link: str, tab: Any, count: int) -> list[tuple[str, str, str]]:
    begin = time.perf_counter()
    others = [_open(browser, link) for _ in range(count - 1)]
    opened = time.perf_counter() - begin
    rows = [(f"{count - 1} more tabs opened one after another", f"{opened:.1f} s", "")]
    for other in others:
        other.locator(".where").press("ArrowRight")
    rows.append((f"arrow key with {count} tabs", _median(20, lambda n: _step([*others, tab][n % count])), ""))
    for other in others:
        other.close()
    return rows


def _memory(tab: Any, server: int, interactions: int) -> list[tuple[str, str, str]]:
    devtools = tab.context.new_cdp_session(tab)
    sizes = []
    for part in range(3):
        devtools.send("HeapProfiler.collectGarbage")
        sizes.append((_resident(server), tab.evaluate("performance.memory.usedJSHeapSize") / 2**20))
        for _ in range(interactions // 2 if part < 2 else 0):
            _step(tab)
    text = " → ".join(f"{kept:.0f}/{heap:.0f}" for kept, heap in sizes)
    return [(f"memory at 0, {interactions // 2}, {interactions} interactions: server/page", f"{text} MiB", "no growth")]


def _step(tab: Any, directions: list[str] = ["ArrowLeft", "ArrowRight"]) -> None:  # noqa: B006
    """Go to the next pattern and wait until the page describes it; the direction alternates between calls."""
    before = tab.locator(USABLE).inner_text()
    directions.reverse()
    for key in (*directions, "ArrowUp", "ArrowDown"):
        tab.locator(".where").press(key)
        for _ in range(400):
            if tab.locator(USABLE).inner_text() != before:
                return
            time.sleep(0.002)


def _resident(process: int) -> float:
    text = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else 0.0


def _pixel(tab: Any, atlas: Any, position: int) -> list[float]:
    place = [float(atlas.values(name)[position]) for name in atlas.plan.model.plane]
    return tab.evaluate(
        """([x, y]) => {
          const view = Bokeh.index.roots[0].owner.query_one((v) => v.model.name?.startsWith("Map of"));
          const box = view.canvas_view.el.getBoundingClientRect();
          return [box.x + view.frame.x_scale.compute(x), box.y + view.frame.y_scale.compute(y)];
        }""",
        place,
    )


if __name__ == "__main__":
    main()
