"""Explorers of a tiny atlas, and tabs that are opened on them."""

import contextlib
import shutil
from pathlib import Path

import pytest

from morphoscope.atlas import Atlas
from morphoscope.web.explorer import make_template, thumbnail_source
from morphoscope.web.workplace import Workplace
from tests.web.clients import running

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = ROOT / "results" / "screenshots"  # kept by the integration machine


@contextlib.contextmanager
def explorer(place, who="ada"):
    """A running explorer's address."""
    files = {"thumbnails": thumbnail_source(place.atlas)}
    with running(lambda: make_template(place, who), files=files) as server:
        yield server.address.url


@pytest.fixture
def place(workshop, tmp_path):
    """The tiny atlas, its ensemble and its classifier, in a place of their own."""
    for name in ("validation", "classifier", "atlas"):
        shutil.copytree(workshop / name, tmp_path / name)
    return Workplace(Atlas(tmp_path / "atlas"))


class Visit:
    """One tab on an explorer. What the browser complains of is kept in ``complaints``."""

    def __init__(self, chromium, url, width=1440, height=900, scheme="light"):
        self.context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.context.set_default_timeout(20_000)
        self.tab = self.context.new_page()
        self.complaints, self.requests = [], []
        self.tab.on("console", self._heard)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(url)
        self.tab.locator(".where span:not(:empty)").wait_for()

    def _heard(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def turn_to(self, name):
        self.tab.locator(".bk-tab", has_text=name).click()

    def where(self):
        return self.tab.locator(".where span").inner_text()

    def pixel(self, atlas, position):
        """Where a reading is on the screen."""
        x, y = (float(atlas.values(name)[position]) for name in atlas.plan.model.plane)
        return self.tab.evaluate(
            """([x, y]) => {
              const view = Bokeh.index.roots[0].owner.query_one((v) => v.model.name?.startsWith("Map of"));
              const box = view.canvas_view.el.getBoundingClientRect();
              return [box.x + view.frame.x_scale.compute(x), box.y + view.frame.y_scale.compute(y)];
            }""",
            [x, y],
        )

    def close(self):
        self.context.close()


@pytest.fixture
def visit(chromium, place):
    with explorer(place) as url:
        opened = Visit(chromium, url)
        yield opened
        assert opened.complaints == []
        assert all(request.startswith((url.partition("?")[0], "blob:", "data:")) for request in opened.requests)
        opened.close()
