"""What comes late has its place before it is there: it pushes nothing that is read or about to be clicked."""

import pytest

from tests.web.held import held_action, held_requests
from tests.web.pages import PageVisit, until
from tests.web.test_live import visit_of

NEAR = 16  # pixels: less than a line; fonts differ


def top(tab, selector):
    """Where an element begins, once the page has been drawn."""
    tab.locator(selector).first.wait_for()
    tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return tab.locator(selector).first.evaluate("e => e.getBoundingClientRect().top")


def test_theory_lines_leave_map_and_legend_in_place(chromium, explorer):
    with held_action(explorer, "theory") as held:
        visit = PageVisit(chromium, explorer)
        tab = visit.tab
        until(lambda: held.arrived)
        before = top(tab, ".where"), top(tab, ".legend .chip")
    tab.locator(".chip", has_text="homogeneous state").first.wait_for()
    assert (top(tab, ".where"), top(tab, ".legend .chip")) == pytest.approx(before, abs=NEAR)
    visit.close()


def test_a_pattern_leaves_the_labels_in_place(chromium, explorer):
    visit = PageVisit(chromium, explorer)
    tab = visit.tab
    tab.locator(".pattern-picture canvas").wait_for()
    tab.locator(".bars").wait_for()
    there = top(tab, ".labelbar")
    with held_requests(tab, "**/data/frames/*") as frames, held_requests(tab, "**/data/detail/*") as detail:
        tab.locator(".map-plot").press("ArrowDown")
        until(lambda: tab.locator(".field.loading").count() and frames and detail)
        assert top(tab, ".labelbar") == pytest.approx(there, abs=NEAR)
    tab.locator(".pattern-picture canvas").wait_for()
    assert top(tab, ".labelbar") == pytest.approx(there, abs=NEAR)
    visit.close()


def test_the_first_pattern_leaves_the_labels_in_place(chromium, explorer):
    visit = PageVisit(chromium, explorer)
    tab = visit.tab
    visit.turn_to("Share")
    with held_requests(tab, "**/data/frames/*") as frames, held_requests(tab, "**/data/detail/*") as detail:
        visit.turn_to("Pattern")
        until(lambda: tab.evaluate("1") and frames and detail)
        there = top(tab, ".labelbar")
    tab.locator(".pattern-picture canvas").wait_for()
    tab.locator(".bars").wait_for()
    assert top(tab, ".labelbar") == pytest.approx(there, abs=NEAR)
    visit.close()


def test_the_controls_of_a_live_run_leave_its_sliders_in_place(chromium, live):
    with held_action(live, "begin") as held:
        visit = visit_of(chromium, live, hash="#model=brusselator", width=390, height=844)
        tab = visit.tab
        until(lambda: held.arrived)
        before = top(tab, ".live-sliders")
    tab.get_by_role("button", name="Pause").click()
    assert top(tab, ".live-sliders") == pytest.approx(before, abs=NEAR)
    visit.close()


def test_a_reading_leaves_the_sliders_in_place(chromium, live):
    visit = visit_of(chromium, live)
    tab = visit.tab
    with held_requests(tab, "**/data/network") as held:
        tab.locator("[data-model=gray-scott]").click()
        until(lambda: tab.evaluate("1") and held)
        before = top(tab, ".live-sliders")
    tab.get_by_text("The first reading follows").wait_for()
    assert top(tab, ".live-sliders") == before
    tab.locator(".live-reading .bars").wait_for()
    assert top(tab, ".live-sliders") == before
    visit.close()


def test_numbers_of_a_live_run_leave_its_sliders_in_place(chromium, live):
    """With every other digit the line broke elsewhere, several times a second."""
    visit = visit_of(chromium, live, hash="#model=gray-scott", width=390, height=844)
    tab = visit.tab
    tab.get_by_role("button", name="Pause").click()
    heights = {
        tab.locator(".live-status").evaluate(
            """(line, [time, pace]) => {
                line.querySelector("b").textContent = time;
                line.children[1].textContent = pace;
                return line.getBoundingClientRect().height;
            }""",
            [time, pace],
        )
        for time in ("4", "1052.3")
        for pace in ("55 per second, 3 frames/s", "249 per second, 48 frames/s", "paused")
    }
    assert len(heights) == 1
    visit.close()


def test_labels_and_training_set_come_together(chromium, explorer):
    visit = PageVisit(chromium, explorer)
    tab = visit.tab
    with held_action(explorer, "choice") as held:
        visit.turn_to("Next pass")
        until(lambda: held.arrived)
        tab.evaluate("new Promise((done) => setTimeout(done, 200))")
        assert tab.get_by_text("None yet").count() == 0
    tab.get_by_role("button", name="train the next pass").wait_for()
    visit.close()
