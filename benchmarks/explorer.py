"""Response times of the explorer for its user: a real Chromium with the shipped atlas, all on this machine.

    python benchmarks/explorer.py [--tabs 10] [--reloads 50] [--interactions 1000]

Needs Chromium and the package's dev extra. Browser and server share the cores, so nothing else should be running.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # tests.browser knows where a Chromium is

from tests import browser as chromium

FLAGS = [*chromium.FLAGS, "--enable-precise-memory-info"]
BANNER_MILLISECONDS = 10_000
Row = tuple[str, str, str]


def main() -> None:
    from playwright.sync_api import sync_playwright

    options = _options()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find_chromium(), args=FLAGS)
        begin = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-m", "morphoscope", "explore", "--no-browser"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_CONFIG_HOME": folder},
        )  # fmt: skip
        try:
            link = _link(server)
            rows.append(("link printed after", f"{time.perf_counter() - begin:.2f} s", "≤ 1 s"))
            tab, first = _opened(browser, link)
            rows.append(("page usable after the link was opened at once", f"{first:.2f} s", ""))
            tab.locator(".pattern-picture canvas").wait_for()
            rows.append(("transferred until the first pattern is drawn", f"{_transferred(tab) / 1e6:.2f} MB", "≤ 1 MB"))
            visits = []
            for _ in range(5):
                other, seconds = _opened(browser, link)
                visits.append(seconds)
                other.context.close()
            text = f"{statistics.median(visits):.2f} s (worst {max(visits):.2f})"
            rows.append(("page usable, a visit with an empty cache", text, "≤ 1.5 s"))
            rows += _one_tab(tab)
            rows += _many_tabs(browser, link, options.tabs)
            rows += _memory(tab, server.pid, options.reloads, options.interactions)
            rows += _gone(tab, server)
        finally:
            server.terminate()
            server.wait(20)
    print("| measurement | value | target |\n|---|---|---|")
    for name, value, asked in rows:
        print(f"| {name} | {value} | {asked} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tabs", type=int, default=10)
    parser.add_argument("--reloads", type=int, default=50)
    parser.add_argument("--interactions", type=int, default=1000)
    return parser.parse_args()


def _link(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise SystemExit("the explorer did not start")


def _ready(tab: Any) -> None:
    """The map is drawn and the pattern is described."""
    tab.locator(".where", has_text=":").wait_for()
    tab.locator(".map-plot[data-window]").wait_for()


def _opened(browser: Any, link: str) -> tuple[Any, float]:
    """A new tab with an empty cache, and after how many seconds it could be used."""
    tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    begin = time.perf_counter()
    tab.goto(link, wait_until="commit")
    _ready(tab)
    return tab, time.perf_counter() - begin


def _transferred(tab: Any) -> int:
    return int(
        tab.evaluate(
            "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))"
            ".reduce((sum, entry) => sum + entry.transferSize, 0)"
        )
    )


def _median(times: int, work: Callable[[int], object]) -> str:
    found = []
    for number in range(times):
        begin = time.perf_counter()
        work(number)
        found.append(1000 * (time.perf_counter() - begin))
    return f"{statistics.median(found):.0f} ms (worst {max(found):.0f})"


def _one_tab(tab: Any) -> list[Row]:
    from morphoscope.atlas import Atlas

    atlas = Atlas("gray-scott")
    members = [int(atlas.members(name)[5]) for name in ("kappa", "lambda", "mu", "theta", "beta")]
    places = [_pixel(tab, *(float(atlas.values(name)[row]) for name in ("k", "f"))) for row in members]

    def hover(number: int) -> None:
        tab.mouse.move(20, 5)
        tab.locator(".tip").wait_for(state="hidden")
        tab.mouse.move(*places[number % len(places)])
        tab.locator(".tip").wait_for()

    rows = [("hover: away and to a thumbnail", _median(20, hover), "≤ 100 ms")]
    rows.append(("arrow key: next pattern described", _median(20, lambda _: _step(tab)), ""))
    tab.get_by_role("tab", name="Montage").click()
    select = tab.get_by_role("combobox", name="Patterns")
    name, count = max(atlas.counts().items(), key=lambda pair: pair[0] == "L")
    select.select_option(name)
    scroller = tab.get_by_role("listbox")
    scroller.focus()
    scroller.press("Control+a")
    begin = time.perf_counter()
    scroller.press(" ")
    tab.locator(".told", has_text="Saved: ").wait_for()
    rows.append((f"labelling {count} patterns", f"{time.perf_counter() - begin:.2f} s", "200 in ≤ 1 s"))
    scroller.press("u")
    tab.locator(".told", has_text="undone").wait_for()
    tab.get_by_role("tab", name="Pattern").click()
    return rows


def _many_tabs(browser: Any, link: str, count: int) -> list[Row]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    begin = time.perf_counter()
    tabs = [context.new_page() for _ in range(count)]
    for tab in tabs:
        tab.goto(link, wait_until="commit")
    for tab in tabs:
        _ready(tab)
    rows = [(f"{count} tabs opened at once, all usable", f"{time.perf_counter() - begin:.1f} s", "≤ 10 s")]
    rows.append((f"arrow key with {count} tabs", _median(20, lambda n: _step(tabs[n % count])), ""))
    context.close()
    return rows


def _memory(tab: Any, server: int, reloads: int, interactions: int) -> list[Row]:
    devtools = tab.context.new_cdp_session(tab)
    sizes = []

    def size() -> None:
        devtools.send("HeapProfiler.collectGarbage")
        sizes.append((_resident(server), tab.evaluate("performance.memory.usedJSHeapSize") / 2**20))

    size()
    for _ in range(2):
        for _ in range(reloads // 2):
            tab.reload(wait_until="commit")
            _ready(tab)
        size()
    for _ in range(interactions):
        _step(tab)
    size()
    text = " → ".join(f"{kept:.0f}/{heap:.0f}" for kept, heap in sizes)
    name = f"memory after 0, {reloads // 2}, {reloads} reloads, then {interactions} interactions: server/page"
    return [(name, f"{text} MiB", "no growth")]


def _gone(tab: Any, server: subprocess.Popen[str]) -> list[Row]:
    """The server is killed: after how long the page says so, and whether a label that is given then counts as saved."""
    tab.get_by_role("tab", name="Montage").click()
    tab.locator(".tile").first.wait_for()
    tab.wait_for_load_state("networkidle")
    tab.get_by_role("listbox").focus()
    server.kill()
    begin = time.perf_counter()
    tab.locator(".banner").wait_for(timeout=BANNER_MILLISECONDS)
    after = time.perf_counter() - begin
    tab.keyboard.press(" ")
    tab.locator(".told", has_text="Not saved").wait_for()
    saved = tab.locator(".tile.confirmed").count()
    return [
        ("server killed: banner after", f"{after:.2f} s", "≤ 3 s"),
        ("labels called saved after that", f"{saved}", "0"),
    ]


def _step(tab: Any, directions: list[str] = ["ArrowLeft", "ArrowRight"]) -> None:  # noqa: B006
    """Go to the next pattern and wait until the page describes it; the direction alternates between calls."""
    before = tab.locator(".where").inner_text()
    directions.reverse()
    for key in (*directions, "ArrowUp", "ArrowDown"):
        tab.locator(".map-plot").press(key)
        for _ in range(400):
            if tab.locator(".where").inner_text() != before:
                return
            time.sleep(0.002)


def _resident(process: int) -> float:
    text = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else 0.0


def _pixel(tab: Any, x: float, y: float) -> tuple[float, float]:
    """Where a point of the map is on the screen."""
    plot = tab.locator(".map-plot").first
    box, text = plot.bounding_box(), plot.get_attribute("data-window")
    x0, x1, y0, y1 = map(float, text.split())
    return box["x"] + box["width"] * (x - x0) / (x1 - x0), box["y"] + box["height"] * (y1 - y) / (y1 - y0)


if __name__ == "__main__":
    main()
