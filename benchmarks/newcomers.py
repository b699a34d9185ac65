"""Three tasks of a newcomer, each from the command to the picture, in Chromium through Playwright.

    python benchmarks/newcomers.py [--pictures FOLDER]

see my own model move; find the patterns that nobody labelled; send a colleague a link to one pattern, who opens it with
an explorer of their own. The times are the computer's; a person adds reading and typing.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))  # tests.browser knows where a Chromium is

from tests import browser as chromium

OWN_MODEL = [
    "live", "--reaction", "u: a - u + u**2*v", "--reaction", "v: b - u**2*v", "--diffusion", "u=1",
    "--diffusion", "v=40", "-p", "a=0.1", "-p", "b=0.9",
]  # fmt: skip
Started = Callable[..., Any]  # (words of a command) → a tab at the link that it prints


@contextlib.contextmanager
def commands(browser: Any) -> Iterator[Started]:
    """Starts commands that serve a page, each for a person of their own; ends them."""
    with contextlib.ExitStack() as ending:

        def started(*words: str) -> Any:
            home = ending.enter_context(tempfile.TemporaryDirectory())
            server = subprocess.Popen(
                [sys.executable, "-m", "morphoscope", *words, "--no-browser"],
                stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_CONFIG_HOME": home},
            )  # fmt: skip
            ending.callback(server.wait)
            ending.callback(server.terminate)
            assert server.stdout is not None
            for line in server.stdout:
                if found := re.search(r"http://\S+", line):
                    tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
                    tab.set_default_timeout(60_000)
                    tab.goto(found[0])
                    return tab
            raise RuntimeError(f"morphoscope {words[0]} printed no link")

        yield started


def own_model_moves(started: Started) -> Any:
    """The status tells a time that passes."""
    tab = started(*OWN_MODEL)
    tab.locator(".live-status", has_text=re.compile("t = [1-9]")).wait_for()
    return tab


def patterns_nobody_labelled(started: Started) -> Any:
    """The montage of what is unlike every class."""
    tab = started("explore")
    tab.get_by_role("tab", name="Montage").click()
    groups = tab.get_by_role("combobox", name="Patterns")
    groups.select_option(groups.locator("option", has_text="unlike every class").get_attribute("value"))
    tab.locator(".tile").nth(5).wait_for()
    return tab


def link_for_a_colleague(started: Started) -> Any:
    """Chosen on the map, copied from the tab Share, opened with another explorer by another person."""
    tab = started("explore")
    plot = tab.locator(".map-plot[data-window]")
    plot.wait_for()
    before = tab.locator(".pattern h2").inner_text()
    box = plot.bounding_box()
    tab.mouse.click(box["x"] + 0.62 * box["width"], box["y"] + 0.7 * box["height"])
    tab.locator(".pattern h2").filter(has_not_text=before).wait_for()
    chosen = re.search(r"run \d+", tab.locator(".pattern").inner_text())
    tab.get_by_role("tab", name="Share").click()
    command = tab.locator("code.link", has_text="--link").inner_text()
    theirs = started("explore", "--link", command.split('"')[1])
    assert chosen is not None
    theirs.locator(".pattern", has_text=chosen[0]).wait_for()
    return theirs


TASKS = {
    "see my own model move": own_model_moves,
    "find the patterns that nobody labelled": patterns_nobody_labelled,
    "send a colleague a link to one pattern": link_for_a_colleague,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each page at the end")
    chosen = parser.parse_args()
    print("| task | seconds | load before |\n|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find_chromium(), args=chromium.FLAGS)
        for number, (title, task) in enumerate(TASKS.items(), 1):
            load, begin = os.getloadavg()[0], time.perf_counter()
            with commands(browser) as started:
                tab = task(started)
                print(f"| {title} | {time.perf_counter() - begin:.1f} | {load:.1f} |", flush=True)
                if chosen.pictures:
                    chosen.pictures.mkdir(parents=True, exist_ok=True)
                    tab.wait_for_timeout(1000)
                    tab.screenshot(path=chosen.pictures / f"newcomer-{number}.png")
        browser.close()


if __name__ == "__main__":
    main()
