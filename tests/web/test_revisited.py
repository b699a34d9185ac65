"""A page is visited twice: reloaded, closed, left until its session expires, its server stopped, stalled, gone."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.web.clients import expire_sessions
from tests.web.conftest import Visit, explorer
from tests.web.test_explorer import montage, scrolled, shown, until

PATTERN = 8  # in order of the montage, so that it is labelled by several keys


def confirm(visit, workspace):
    """Label the first pattern with the keyboard; returns when the page has it from the server."""
    scroller = montage(visit, "all")
    position = shown(visit)[0]
    assert not workspace.annotated[position]
    scroller.press(" ")
    visit.tab.locator(".tile.confirmed").first.wait_for()
    visit.tab.locator(".status", has_text="Saved: ").wait_for()
    assert workspace.annotated[position]
    visit.tab.locator(".count", has_text="1 annotated").wait_for()


@pytest.fixture
def server(workspace):
    with explorer(workspace) as running:
        yield running


@pytest.mark.parametrize("expired", [False, True], ids=["at once", "after its session expired"])
def test_labels_after_a_reload(chromium, workspace, server, expired):
    visit = Visit(chromium, server.address.url)
    montage(visit, "all")  # so that the old page's listeners have something to update
    visit.reload()
    if expired:
        expire_sessions(server, left=1)
    confirm(visit, workspace)
    assert visit.complaints == []
    visit.close()


@pytest.mark.parametrize("expired", [False, True], ids=["at once", "after its session expired"])
def test_labels_after_another_page_was_closed(chromium, workspace, server, expired):
    visit, other = (Visit(chromium, server.address.url) for _ in range(2))
    montage(other, "all")
    other.close()
    if expired:
        expire_sessions(server, left=1)
    confirm(visit, workspace)
    assert visit.complaints == []
    visit.close()


def test_labels_stay_after_a_reload(chromium, workspace, server):
    visit = Visit(chromium, server.address.url)
    confirm(visit, workspace)
    visit.reload()
    montage(visit, "all")
    visit.tab.locator(".count", has_text="1 annotated").wait_for()
    assert visit.tab.locator(".tile.confirmed").count() == 1
    visit.close()


@pytest.fixture
def process(workspace):
    """An explorer in a process of its own, which can be stalled and killed."""
    folder = workspace.atlas.folder
    command = [sys.executable, "-m", "morphoscope", "explore", str(folder), "--no-browser", "--who", "ada"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in started.stdout:
        if found := re.search(r"http://\S+", line):
            started.link = found[0]
            break
    yield started
    started.kill()
    started.wait()
    started.stdout.close()


def test_a_page_without_its_server_says_so(chromium, workspace, process):
    visit = Visit(chromium, process.link)
    scroller = montage(visit, "all")
    banner = visit.tab.locator(".banner")
    assert not banner.is_visible()
    process.kill()
    process.wait()
    visit.tab.get_by_role("alert").get_by_text("connection to the server is lost").wait_for(timeout=5000)
    scroller.press("Home")
    scroller.press(" ")
    visit.tab.locator(".tile.unsaved").wait_for()
    assert "Not saved" in visit.tab.locator(".montage .status").inner_text()
    assert visit.tab.locator(".tile.confirmed").count() == 0
    assert "0 annotated" in visit.tab.locator(".count").inner_text()
    assert workspace.atlas.annotations.log() == []
    visit.close()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs SIGSTOP")
def test_a_label_counts_when_the_server_has_answered(chromium, workspace, process):
    """A server that stalls: the label waits, the page says so, and both recover when the server goes on."""
    visit = Visit(chromium, process.link)
    scroller = montage(visit, "all")
    os.kill(process.pid, signal.SIGSTOP)
    try:
        scroller.press("Home")
        scroller.press(" ")
        visit.tab.locator(".tile.saving").wait_for()
        assert visit.tab.locator(".montage .status").inner_text().startswith("Saving: ")
        visit.tab.locator(".tile.unsaved").wait_for()
        visit.tab.locator(".banner").wait_for(timeout=15_000)
        assert visit.tab.locator(".tile.confirmed").count() == 0
        assert workspace.atlas.annotations.log() == []
    finally:
        os.kill(process.pid, signal.SIGCONT)
    visit.tab.locator(".tile.confirmed").wait_for()
    visit.tab.locator(".montage .status", has_text="Saved: ").wait_for()
    visit.tab.locator(".banner").wait_for(state="hidden")
    until(lambda: len(workspace.atlas.annotations.log()) == 1)
    assert visit.complaints == []
    visit.close()


def test_a_label_that_is_refused_does_not_look_saved(chromium, workspace, server):
    visit = Visit(chromium, server.address.url)
    scroller = montage(visit, "all")
    visit.tab.get_by_label("Your name").fill("a\u200bb")  # not printable
    visit.tab.get_by_label("Your name").press("Enter")
    scroller.focus()
    scroller.press(" ")
    visit.tab.locator(".montage .status.problem", has_text="Not saved: annotator").wait_for()
    assert visit.tab.locator(".tile.confirmed, .tile.saving").count() == 0
    assert workspace.atlas.annotations.log() == []
    visit.close()


def wheel(visit, locator, by):
    """Turn the mouse wheel over an element."""
    box = locator.bounding_box()
    visit.tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + min(box["height"], 200) / 2)
    visit.tab.mouse.wheel(0, by)


def extent(visit):
    return visit.tab.evaluate(
        """() => {
          const view = Bokeh.index.roots[0].owner.query_one((v) => v.model.name?.startsWith("Map of"));
          return view.frame.x_range.end - view.frame.x_range.start;
        }"""
    )


@pytest.mark.parametrize("arrival", ["fresh", "reloaded"])
def test_the_wheel_zooms_the_map_and_scrolls_the_page_elsewhere(chromium, workspace, server, arrival):
    visit = Visit(chromium, server.address.url, height=500)  # lower than the page
    if arrival == "reloaded":
        visit.reload()
    chart = visit.tab.locator(".bk-Figure").first
    chart.wait_for()
    before = extent(visit)
    wheel(visit, chart, -300)
    until(lambda: extent(visit) < 0.9 * before)
    near = extent(visit)
    wheel(visit, chart, 300)
    until(lambda: extent(visit) > 1.05 * near)
    assert scrolled(visit.tab) == 0
    wheel(visit, visit.tab.locator("h1"), 300)
    until(lambda: scrolled(visit.tab) > 100)
    visit.close()
