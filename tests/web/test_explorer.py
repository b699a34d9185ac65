"""The explorer in a real Chromium: viewing, clicking, labelling with the keyboard alone, training."""

import re
import time

import numpy as np
import pytest

from morphoscope.atlas import Atlas
from morphoscope.web.workspace import Workspace
from tests.records import change_record
from tests.web.conftest import SCREENSHOTS, Visit, explorer, fresh_only

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


def until(condition, seconds=30):
    """Wait for something that the server does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def labels(workspace, positions):
    return [workspace.labels[p] for p in positions]


def shown(visit):
    """Positions of the patterns that the montage shows, in order."""
    tiles = visit.tab.locator(".tile")
    tiles.first.wait_for()
    found = tiles.evaluate_all("all => all.map((t) => [t.offsetTop, t.offsetLeft, Number(t.dataset.position)])")
    return [position for *_, position in sorted(found)]


def montage(visit, what):
    """Turn to the montage, of one class or group, with the keyboard's focus in it."""
    visit.turn_to("Montage")
    select = visit.tab.get_by_label("Patterns", exact=True)
    option = select.locator("option", has_text=what).first.get_attribute("value")
    select.select_option(option)
    visit.tab.locator(".count", has_text=what).wait_for()
    visit.tab.locator(".tile").first.wait_for()
    scroller = visit.tab.locator(".scroller")
    scroller.focus()
    return scroller


LIVE = "v.model.name === 'Live run'"
CLASSIFIED_AS = "v.model.title?.text?.startsWith('classified as')"


def figure(visit, which, part):
    """Something of a figure in the browser."""
    return visit.tab.evaluate(f"() => Bokeh.index.roots[0].owner.query_one((v) => {which})?.{part}")


def live_field(visit):
    """The pixels of the live run."""
    values = figure(visit, LIVE, "model.renderers[0].data_source.data.image[0]")
    return np.array(list(values.values()) if isinstance(values, dict) else values)


def test_hover_shows_the_pattern_and_click_opens_it(look, unchanged_workspace):
    atlas = unchanged_workspace.atlas
    position = int(atlas.members("kappa")[0])
    look.tab.mouse.move(*look.pixel(atlas, position))
    tooltip = look.tab.locator(".bk-Tooltip")
    tooltip.get_by_text("κ kappa").first.wait_for()
    picture = tooltip.locator("div[style*=sheet]").first
    assert "/files/thumbnails/0" in picture.evaluate("e => getComputedStyle(e).backgroundImage")
    look.tab.mouse.click(*look.pixel(atlas, position))
    look.tab.get_by_text(re.compile(r"run \d+: κ kappa, read by the network, probability ")).wait_for()
    assert "kappa" in look.where()
    assert "morphoscope simulate gray-scott -p f=0.046 -p k=0.063" in look.tab.locator("code").first.inner_text()


@pytest.fixture
def decided(workspace):
    """The tiny atlas with one run of each kind of reading, and their positions."""
    found = {"network": 0, "theory": 5, "variance": 9}
    runs = {by: [int(workspace.atlas.runs[position])] for by, position in found.items() if by != "network"}
    change_record(workspace.atlas.folder / "atlas.json", read_by=runs)
    return Workspace(Atlas(workspace.atlas.folder)), found


def test_map_and_montage_show_what_determined_a_class(chromium, decided):
    workspace, positions = decided
    with explorer(workspace) as server:
        visit = Visit(chromium, server.address.url)
        for by, position in positions.items():
            visit.tab.mouse.move(*visit.pixel(workspace.atlas, position))
            text = "read by the network, probability " if by == "network" else f"read by {by}"
            visit.tab.locator(".bk-Tooltip").get_by_text(text).first.wait_for()
        scroller = montage(visit, "all")
        for by, position in positions.items():
            tile = visit.tab.locator(f"#pattern-{position}")
            assert re.search(r"\d %$" if by == "network" else f"{by}$", tile.locator(".caption").inner_text())
            expected = "read by the network, " if by == "network" else f"read by {by}"
            assert expected in tile.get_attribute("title")
            assert expected in tile.get_attribute("aria-label")
        scroller.press("Control+a")
        scroller.press("x")
        visit.tab.locator(".tile.rejected").last.wait_for()
        name = workspace.atlas.reading.names[positions["theory"]]
        tile = visit.tab.locator(f"#pattern-{positions['theory']}")
        assert f"read as {name} by theory" in tile.get_attribute("title")
        assert "ambiguous, annotated; read as " in visit.where()
        visit.close()


def test_arrow_keys_walk_over_the_map(look, unchanged_workspace):
    """κ, at the upper right, is shown first; λ is below it, and H below that, far to the left."""
    for key, name in (("ArrowDown", "lambda"), ("ArrowDown", "H"), ("ArrowRight", "lambda"), ("ArrowUp", "kappa")):
        look.tab.locator(".where").press(key)
        look.tab.locator(".where span", has_text=f": {name}, ").wait_for()


def test_lasso_selects_for_the_montage(look, unchanged_workspace):
    atlas = unchanged_workspace.atlas
    wanted = atlas.members("kappa")
    x, y = look.pixel(atlas, int(wanted[0]))
    look.tab.get_by_title("Lasso Select").first.click()
    look.tab.mouse.move(x - 40, y - 40)
    look.tab.mouse.down()
    for dx, dy in ((40, -40), (40, 40), (-40, 40), (-40, -39)):
        look.tab.mouse.move(x + dx, y + dy, steps=8)
    look.tab.mouse.up()
    look.tab.get_by_text(re.compile("selected on the map: 4 patterns")).wait_for()
    assert set(shown(look)) == {p for p in range(12) if atlas.plan.runs[p].label == "kappa"}


def test_relabel_undo_and_a_new_class(visit, workspace):
    scroller = montage(visit, "all")
    order = shown(visit)
    first = workspace.labels[order[0]]
    other = next(name for name in workspace.atlas.all_classes() if name != first)
    scroller.press(str(1 + workspace.atlas.all_classes().index(other)))
    until(lambda: workspace.labels[order[0]] == other)
    visit.tab.locator(".tile.relabelled").wait_for()
    scroller.press("u")
    until(lambda: workspace.labels[order[0]] == first)
    assert workspace.atlas.annotations.log()[0].undone
    scroller.press("Home")
    scroller.press("x")
    until(lambda: workspace.labels[order[0]] == "")
    scroller.press("Shift+ArrowRight")
    scroller.press("n")
    visit.tab.get_by_label("name", exact=True).fill("swirls")
    visit.tab.get_by_label("symbol").fill("§")
    visit.tab.get_by_label("symbol").press("Enter")
    until(lambda: "swirls" in workspace.labels)
    assert workspace.atlas.class_styles()["swirls"][0] == "§"
    visit.tab.get_by_role("button", name="§").wait_for()
    latest = workspace.atlas.annotations.current()
    assert {annotation.who for annotation in latest.values()} == {"ada"}


def test_labelling_with_the_keyboard_alone(visit, workspace):
    """Confirming or correcting takes one key per pattern, after one or two Tabs to get there."""
    scroller = montage(visit, "all")
    order = shown(visit)
    presses = 0
    for number, position in enumerate(order):
        right = workspace.atlas.plan.runs[int(workspace.atlas.runs[position])].label
        key = " " if number % 3 else str(1 + workspace.atlas.all_classes().index(right))
        scroller.press(key)
        presses += 1
    until(lambda: all(workspace.annotated))
    assert presses == len(order)
    assert {annotation.action for annotation in workspace.atlas.annotations.log()} == {"confirm"}
    visit.tab.get_by_text("12 patterns, 12 annotated").wait_for()


@fresh_only
def test_every_control_can_be_reached_with_tab(visit):
    reached = set()
    for _ in range(60):
        visit.tab.keyboard.press("Tab")
        reached.add(visit.tab.evaluate(
            """() => {
              let e = document.activeElement;
              while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
              return (e.getAttribute("aria-label") || e.innerText || e.title || e.type || e.tagName).slice(0, 30);
            }"""
        ))  # fmt: skip
    for wanted in ("Position on the map", "Montage", "Run it live", "Download PNG", "composite"):
        assert any(wanted in name for name in reached), (wanted, reached)


def test_annotations_appear_on_the_pages_of_others(chromium, workspace):
    with explorer(workspace) as server:
        ada, grace = (Visit(chromium, server.address.url) for _ in range(2))
        order = [montage(v, "all") and shown(v) for v in (ada, grace)]
        grace.tab.get_by_label("Your name").fill("grace")
        grace.tab.get_by_label("Your name").press("Enter")
        for number, visit in enumerate((ada, grace)):
            scroller = visit.tab.locator(".scroller")
            scroller.focus()
            for _ in range(number):
                scroller.press("ArrowRight")
            for _ in range(4):
                scroller.press(" ")
                scroller.press("ArrowRight")
        until(lambda: sum(workspace.annotated) == 8)
        assert order[0] == order[1]
        for visit in (ada, grace):
            visit.tab.get_by_text("8 annotated").first.wait_for()
            assert visit.complaints == []
            visit.close()
    assert workspace.atlas.annotations.annotators() == ["ada", "grace"]


def test_live_run_steers_paints_and_reads(visit, workspace):
    visit.turn_to("Live")
    visit.tab.get_by_role("button", name="Reset").wait_for()
    visit.tab.locator(".bk-tab", has_text="Pattern").click()
    visit.tab.get_by_role("button", name="Run it live").click()
    until(lambda: (figure(visit, CLASSIFIED_AS, "model.title.text") or "").startswith("classified as "))
    visit.tab.get_by_text(re.compile(r"t = \d+ · \d+ frames/s")).wait_for()
    pattern = workspace.atlas.reading.names[int(workspace.atlas.members(workspace.largest_class())[0])]
    assert pattern != "H"
    dead = int(workspace.atlas.members("H")[0])
    visit.tab.mouse.click(*visit.pixel(workspace.atlas, dead))
    until(lambda: "H" in figure(visit, CLASSIFIED_AS, "model.title.text"))
    box = figure(visit, LIVE, "canvas_view.el.getBoundingClientRect().toJSON()")
    visit.tab.get_by_role("button", name="Pause").click()
    visit.tab.wait_for_timeout(400)
    before = live_field(visit)
    visit.tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    until(lambda: np.sum(live_field(visit) != before) > 20)


def test_the_next_pass_from_the_page_to_the_new_map(visit, workspace):
    scroller = montage(visit, "all")
    scroller.press("Control+a")
    scroller.press(" ")
    until(lambda: all(workspace.annotated))
    visit.turn_to("Next pass")
    visit.tab.get_by_text("Parameter points per class").wait_for()
    visit.tab.get_by_label("Runs per class").fill("4")
    visit.tab.get_by_label(re.compile("Epochs")).fill("3")
    visit.tab.get_by_label("Seed").last.fill("1")
    visit.tab.get_by_label("Seed").last.press("Enter")
    visit.tab.get_by_role("button", name="Train the next pass").click()
    visit.tab.get_by_text(re.compile("the new atlas is")).wait_for(timeout=120_000)
    visit.turn_to("Compare")
    visit.tab.get_by_text(re.compile(r"of 12 runs agree")).wait_for()
    made = workspace.next_pass.status.result
    assert isinstance(made, Atlas)
    assert set(made.classes) == {"kappa", "lambda", "H"}
    assert len(made.annotations.current()) == 12


def test_a_pass_can_be_cancelled(visit, workspace):
    scroller = montage(visit, "all")
    scroller.press("Control+a")
    scroller.press(" ")
    until(lambda: all(workspace.annotated))
    visit.turn_to("Next pass")
    visit.tab.get_by_role("button", name="Train the next pass").click()
    until(lambda: workspace.next_pass.running)
    visit.tab.get_by_role("button", name="Cancel").click()
    until(lambda: workspace.next_pass.status.phase == "cancelled")
    visit.tab.get_by_text(re.compile("^cancelled")).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_view_fits_and_is_kept_as_a_picture(chromium, workspace, size, scheme):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with explorer(workspace) as server:
        visit = Visit(chromium, server.address.url, *SIZES[size], scheme)
        for name in ("Pattern", "Montage", "Live", "Next pass", "Compare", "Share"):
            visit.turn_to(name)
            visit.tab.wait_for_timeout(500)
            picture = f"{size}-{scheme}-{name.lower().replace(' ', '-')}.png"
            visit.tab.screenshot(path=SCREENSHOTS / picture, full_page=True)
            assert visit.tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, name
        ground = visit.tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 200) == (scheme == "dark")
        assert visit.complaints == []
        visit.close()


def scrolled(tab):
    return tab.evaluate("document.scrollingElement.scrollTop")


def swipe(tab, x, y, by):
    """Drag a finger upwards by so many pixels."""
    session = tab.context.new_cdp_session(tab)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        moved = {"x": x, "y": y - by * step / 10}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [moved]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


FIGURES_SCROLL = """() => [...Bokeh.index.roots[0].owner.query((v) => v.model.type === "Figure")]
  .map((v) => v.model.toolbar.active_drag === null).join(" ")"""


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_on_a_phone_a_finger_on_a_figure_scrolls_the_page(chromium, workspace):
    with explorer(workspace) as server:
        visit = Visit(chromium, server.address.url, *SIZES["phone"], has_touch=True, is_mobile=True)
        for number, name in enumerate(("map", "pattern")):
            chart = visit.tab.locator(".bk-Figure").nth(number)
            chart.scroll_into_view_if_needed()
            until(lambda number=number: visit.tab.evaluate(FIGURES_SCROLL).split()[number] == "true")
            before = scrolled(visit.tab)
            swipe(visit.tab, *middle(chart), 150)
            until(lambda before=before: scrolled(visit.tab) > before + 100)
            assert visit.tab.locator(".bk-tab.bk-active").inner_text() == "Pattern", f"the {name} selected something"
        position = int(workspace.atlas.members("H")[0])
        visit.tab.locator(".bk-Figure").first.scroll_into_view_if_needed()
        visit.tab.touchscreen.tap(*visit.pixel(workspace.atlas, position))
        visit.tab.locator(".where span", has_text=": H, ").wait_for()
        for tab in visit.tab.locator(".bk-tab").all():
            box = tab.bounding_box()
            assert box["x"] + box["width"] <= SIZES["phone"][0], tab.inner_text()
        assert visit.complaints == []
        visit.close()
