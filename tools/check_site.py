"""Check the built site, opened from disk: it loads nothing from other computers, and its map is alive.

python tools/check_site.py           # after `make docs`, which calls it

Every public name and every command stands in its reference. On the page with the map, in Chromium: the map is drawn, a
click opens a pattern, a live run is simulated and read. Without a Chromium this part is left out, which is said; where
CI is set, that is an error.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import morphoscope
from morphoscope.cli.app import command_line

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # tests.browser knows where a Chromium is

from tests import browser  # noqa: E402

SITE = ROOT / "results" / "docs"
PAGE = "map.html"
HERE = ("file:", "data:", "blob:", "about:")
#: What a browser loads by itself, unlike links that a reader follows.
LOADED = re.compile(
    r"<(?:script|img|iframe|source|video)\b[^>]*\bsrc=[\"']((?:https?:)?//[^\"']+)"
    r"|<link\b[^>]*\brel=[\"'](?:stylesheet|preload|icon|preconnect)[\"'][^>]*\bhref=[\"']((?:https?:)?//[^\"']+)"
)


def loads(site: Path) -> list[str]:
    """A line for each address of another computer that a page of the site loads."""
    return [
        f"{page.relative_to(site)} loads {''.join(found)}"
        for page in sorted(site.rglob("*.html"))
        for found in LOADED.findall(page.read_text(encoding="utf-8"))
    ]


def unlisted(site: Path) -> list[str]:
    """A line for each public name and each command that the reference lacks."""
    public = [name for name in dir(morphoscope) if not name.startswith("_")]
    names = [f"morphoscope.{name}" for name in public if not inspect.ismodule(getattr(morphoscope, name))]
    commands = [f"morphoscope-{name}" for name in command_line().commands]
    pages = {"python": names, "commands": commands}
    return [
        f"reference/{page}.html lacks {name}"
        for page, wanted in pages.items()
        for name in sorted(set(wanted) - set(re.findall(r'id="([^"]+)"', _reference(site, page))))
    ]


def _reference(site: Path, page: str) -> str:
    return (site / "reference" / f"{page}.html").read_text(encoding="utf-8")


def map_problems(tab: Any, page: Path) -> list[str]:
    """What is wrong with the map of a page, in a tab of Chromium; raises playwright's Error if a part is missing."""
    problems: list[str] = []
    requests: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(page.as_uri())
    tab.locator("iframe.live-atlas").scroll_into_view_if_needed()
    frame = tab.frame_locator("iframe.live-atlas")
    frame.locator(".map-plot[data-window]").wait_for()
    before = frame.locator(".pattern h2").inner_text()
    frame.locator(".map-plot").click(position={"x": 200, "y": 200})
    frame.locator(".pattern h2").filter(has_not_text=before).wait_for()
    frame.get_by_role("tab", name="Live").click()
    frame.locator(".live-reading").wait_for()
    return problems + [f"{page.name} asked for {url}" for url in requests if not url.startswith(HERE)]


def main() -> int:
    """1 if something is wrong, with a line for each."""
    if not (SITE / PAGE).is_file():
        print(f"no site in {SITE.relative_to(ROOT)}; run `make docs` first", file=sys.stderr)
        return 1
    problems = loads(SITE) + unlisted(SITE)
    program = browser.find_chromium()
    if program is None:
        print(f"the map of the site was not opened: {browser.MISSING}", file=sys.stderr)
        problems += ["no Chromium"] * browser.required()
    else:
        from playwright.sync_api import Error, sync_playwright

        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=program, args=browser.FLAGS)
            tab = chromium.new_page(viewport={"width": 1440, "height": 900})
            try:
                problems += map_problems(tab, SITE / PAGE)
            except Error as error:
                problems.append(f"{PAGE}: {str(error).splitlines()[0]}")
            chromium.close()
    for problem in problems:
        print(problem, file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
