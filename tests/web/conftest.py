"""Explorers of a tiny atlas, and tabs that are opened on them."""

import contextlib
import shutil
from pathlib import Path

import bokeh.io.doc
import pytest
from bokeh.document import Document

from morphoscope.atlas import Atlas
from morphoscope.web.explorer import make_template, thumbnail_source
from morphoscope.web.workspace import Workspace
from tests.web.clients import expire_sessions, running

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = ROOT / "results" / "screenshots"  # kept by the integration machine
READY = ".where span:not(:empty)"  # present when a page can be used


@pytest.fixture(scope="module", autouse=True)
def _no_document_is_left():
    """Reset Bokeh's current document after all servers of a module have ended.

    Bokeh keeps it for all threads. A callback that an error or the end of its server cut off leaves its document there,
    and changes of later tests would wait for a tick of that server.
    """
    yield
    bokeh.io.doc._PATCHED_CURDOCS.clear()
    bokeh.io.doc.set_curdoc(Document())


@contextlib.contextmanager
def explorer(workspace, who="ada"):
    """A running explorer."""
    files = {"thumbnails": thumbnail_source(workspace.atlas)}
    with running(lambda: make_template(workspace, who), files=files) as server:
        yield server


def copied_workspace(workshop, folder):
    """The tiny atlas, its ensemble and its classifier, in a folder of their own."""
    for name in ("validation", "classifier", "atlas"):
        shutil.copytree(workshop / name, folder / name)
    return Workspace(Atlas(folder / "atlas"))


@pytest.fixture
def workspace(workshop, tmp_path):
    """For tests that annotate or train."""
    return copied_workspace(workshop, tmp_path)


@pytest.fixture(scope="module")
def unchanged_workspace(workshop, tmp_path_factory):
    """For tests that change nothing, which share it."""
    shared = copied_workspace(workshop, tmp_path_factory.mktemp("unchanged"))
    yield shared
    assert shared.atlas.annotations.log() == []


class Visit:
    """One tab on an explorer. Errors of the browser are collected in ``complaints``."""

    def __init__(self, chromium, url, width=1440, height=900, scheme="light", **device):
        viewport = {"width": width, "height": height}
        self.context = chromium.new_context(viewport=viewport, color_scheme=scheme, **device)
        self.context.set_default_timeout(20_000)
        self.tab = self.context.new_page()
        self.complaints, self.requests = [], []
        self.tab.on("console", self._on_console)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(url)
        self.ready()

    def ready(self):
        self.tab.locator(READY).wait_for()

    def reload(self):
        self.tab.reload()
        self.ready()

    def _on_console(self, message):
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


@contextlib.contextmanager
def visiting(chromium, workspace, past):
    """A page that was just opened, or one with a history.

    The second one was reloaded, another page was opened and closed, and the server has forgotten both old sessions.
    """
    with explorer(workspace) as server:
        opened = Visit(chromium, server.address.url)
        if past == "revisited":
            other = opened.context.new_page()
            other.goto(server.address.url)
            other.locator(READY).wait_for()
            other.close()
            opened.reload()
            expire_sessions(server, left=1)
        yield opened
        assert opened.complaints == []
        own = (server.address.url.partition("?")[0], "blob:", "data:")
        assert all(request.startswith(own) for request in opened.requests)
        opened.close()


PASTS = ("fresh", "revisited")


@pytest.fixture(params=PASTS)
def visit(chromium, workspace, request):
    """A page of a test's own, of each kind of :func:`visiting`."""
    with visiting(chromium, workspace, request.param) as opened:
        yield opened


@pytest.fixture(scope="module", params=PASTS)
def _shared_visit(needs_browser, unchanged_workspace, request):
    with visiting(request.getfixturevalue("_running_browser"), unchanged_workspace, request.param) as opened:
        yield opened


@pytest.fixture
def look(chromium, _shared_visit):
    """A page of each kind, shared by tests that change nothing; complaints are attributed to the current test."""
    _shared_visit.turn_to("Pattern")
    yield _shared_visit
    assert _shared_visit.complaints == []


fresh_only = pytest.mark.parametrize("visit", ["fresh"], indirect=True)
