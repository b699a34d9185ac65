"""Take the pictures of the explorer that the documentation shows: docs/pictures/explorer*.png.

    python tools/explorer_pictures.py FOLDER

FOLDER gets the proposals and the chart that are shown, unless it has them; they take a few minutes. The groups of the
chart are changed for the picture. Needs Chromium and the package's dev extra.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # tests.browser knows where a Chromium is

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from tests import browser as chromium

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.web.server.explorer_site import ExplorerSite
from morphoscope.web.server.listening import make_server
from morphoscope.web.workspace import Workspace

PICTURES = Path(__file__).parent.parent.resolve() / "docs" / "pictures"
TIMES = (492, 495, 500)


def main() -> None:
    """Make what is shown, and take the pictures."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)  # the page says where proposals are
    proposals, made = Path("proposals"), Path("chart")
    if not proposals.exists():
        morphoscope.discover("gray-scott", proposals)
    if not made.exists():
        grid = {"A": (1.5, 4.0, 12), "B": (3.0, 10.0, 16)}
        plan = morphoscope.scan_plan("brusselator", grid=grid, parameters={"Dv": 5}, times=TIMES)
        morphoscope.chart(plan, made)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find_chromium(), args=chromium.FLAGS)
        shipped = Atlas("gray-scott")
        with page_of(browser, Workspace(shipped), 1920, 960, "#run=1782&tab=montage&group=theta") as page:
            page.locator(".tile").first.wait_for()
            take(page, "explorer", 1280)
        with page_of(browser, Workspace(shipped, None, None, proposals), 1440, 900, "#tab=proposals") as page:
            page.locator(".proposal").first.get_by_role("button", name="on the map").click()
            take(page, "explorer_proposals")
        with page_of(browser, Workspace(Atlas(made / "atlas")), 1440, 900, "#tab=groups") as page:
            change_groups(page)
            take(page, "explorer_groups")
        browser.close()


@contextlib.contextmanager
def page_of(browser: Browser, workspace: Workspace, width: int, height: int, link: str) -> Iterator[Page]:
    """A page of the explorer, once its map is complete."""
    server = make_server(ExplorerSite(workspace, "ada"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    page.goto(server.address.url + link)
    page.locator(".legend .lines .chip").first.wait_for()
    yield page
    page.close()
    server.stop()
    thread.join()


def change_groups(page: Page) -> None:
    """One group has a name and is split; two are about to be merged."""
    name = page.get_by_label("Name of g2", exact=True)
    name.fill("labyrinths")
    name.press("Enter")
    page.get_by_role("button", name="Split labyrinths", exact=True).click()
    page.get_by_label("Tick labyrinths-b", exact=True).check()
    page.get_by_label("Tick g3", exact=True).check()
    page.get_by_label("Name of the merged group").fill("mixed")
    page.locator(".panel").evaluate("e => (e.scrollTop = 0)")


def take(page: Page, name: str, width: int = 1440) -> None:
    """Write a picture of this width when everything is drawn."""
    page.wait_for_timeout(3000)
    with Image.open(io.BytesIO(page.screenshot())) as shown:
        picture = shown.convert("RGB").resize((width, width * shown.height // shown.width), Image.Resampling.LANCZOS)
    picture.save(PICTURES / f"{name}.png", optimize=True)
    print(f"docs/pictures/{name}.png")


if __name__ == "__main__":
    main()
