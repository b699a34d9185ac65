"""Runs from several starts: one start at a time on the map, small maps of all, where the class depends on the start."""

import morphoscope
from morphoscope.web.workspace import Workspace
from tests.web.conftest import SCREENSHOTS
from tests.web.pages import PageVisit, explorer_of, until


def test_the_map_shows_one_start_at_a_time(chromium, tmp_path):
    """A square grows, the homogeneous state stays at some points: there the class depends on the start."""
    plan = morphoscope.scan_plan(
        "gray-scott", grid={"f": (0.03, 0.05, 2), "k": (0.058, 0.062, 2)}, size=48, until=60, replicates=4,
        initial=["pearson-square", "steady:amplitude=0.01"],
    )  # fmt: skip
    workspace = Workspace(morphoscope.open_atlas(morphoscope.ensemble(plan, tmp_path / "scan")))
    with explorer_of(workspace) as server:
        visit = PageVisit(chromium, server)
        tab = visit.tab
        visit.hover(0.058, 0.05, "from pearson-square")
        assert "4 runs here" in tab.locator(".tip").inner_text()
        small = tab.get_by_role("group", name="Maps by start").get_by_role("button")
        assert small.evaluate_all("all => all.map((b) => b.ariaPressed)") == ["true", "false"]
        small.nth(1).click()
        until(lambda: "at.start=1" in visit.href())
        visit.hover(0.058, 0.05, "from steady:amplitude=0.01")
        chosen = tab.get_by_role("combobox", name="Start of the runs")
        chosen.select_option("all, over each other")
        visit.hover(0.058, 0.05, "8 runs here")
        tab.get_by_role("combobox", name="Colour").select_option("depends on start")
        tab.locator(".chip", has_text="class depends on the start").wait_for()
        before = visit.where()
        tab.get_by_role("group", name="The same parameters from other starts").get_by_role("button").first.click()
        until(lambda: visit.where() != before)
        assert visit.where().split(" from ")[0] == before.split(" from ")[0]
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=SCREENSHOTS / "page-starts.png")
        visit.close()
