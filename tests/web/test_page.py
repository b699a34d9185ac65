"""The page in a real Chromium: map, montage, pattern, labels, comparison, address, a phone, a server that is gone."""

import io
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from benchmarks.large_page import large_site
from PIL import Image

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.operations.annotate import annotate
from morphoscope.web.server.atlas_data import AtlasData
from morphoscope.web.workspace import Workspace
from tests.web.accessibility import violations
from tests.web.clients import running
from tests.web.conftest import SCREENSHOTS, copied_workspace
from tests.web.pages import PageVisit, explorer_of, middle, swipe, until


@pytest.fixture(scope="module")
def explorer(needs_browser, workshop, tmp_path_factory):
    """One server for all tests that leave the labels as they were, and its workspace."""
    workspace = copied_workspace(workshop, tmp_path_factory.mktemp("page"))
    with explorer_of(workspace) as server:
        yield server, workspace


@pytest.fixture
def visit(chromium, explorer):
    opened = PageVisit(chromium, explorer[0])
    yield opened
    opened.close()


def member(atlas, name):
    position = int(atlas.members(name)[0])
    return position, (float(atlas.values("k")[position]), float(atlas.values("f")[position]))


def test_the_map_shows_what_was_read(visit, explorer):
    """Hover shows a pattern, a click opens it, keys walk, the address follows, back returns."""
    atlas = explorer[1].atlas
    _, place = member(atlas, "lambda")
    tab = visit.tab
    assert tab.title() == f"Morphoscope: {atlas.plan.model.title}"
    visit.hover(*place, "λ lambda")
    assert "/data/thumbnails/0" in tab.locator(".tip .thumbnail").evaluate("e => e.style.backgroundImage")
    before = visit.href()
    tab.mouse.click(*visit.pixel(*place))
    tab.locator("h2", has_text="λ lambda").wait_for()
    run = int(re.search(r"run=(\d+)", visit.href())[1])
    assert atlas.reading.names[list(atlas.runs).index(run)] == "lambda"
    tab.locator(".command code", has_text="morphoscope simulate gray-scott -p f=0.03 -p k=0.062").wait_for()
    assert "t = 3000" in tab.locator(".player").inner_text()
    tab.go_back()
    tab.locator("h2", has_text="λ lambda").wait_for(state="hidden")
    assert visit.href() == before
    tab.locator(".map-plot").focus()
    tab.keyboard.press("ArrowDown")
    until(lambda: visit.href() != before)
    link = visit.href()
    other = PageVisit(visit.context.browser, explorer[0], hash=f"#{link.partition('#')[2]}")
    assert other.where() == visit.where()
    other.close()


def test_colours_zoom_and_legend(visit, explorer):
    tab = visit.tab
    window = tab.locator(".map-plot").get_attribute("data-window")
    tab.get_by_role("combobox", name="Colour").select_option("wavelength")
    tab.locator(".colourbar", has_text="dominant wavelength").wait_for()
    tab.get_by_role("combobox", name="Colour").select_option("class")
    tab.locator(".map-plot").hover()
    tab.mouse.wheel(0, -400)
    until(lambda: tab.locator(".map-plot").get_attribute("data-window") != window)
    until(lambda: "view=" in visit.href())
    tab.locator(".map-plot").press("0")
    until(lambda: tab.locator(".map-plot").get_attribute("data-window") == window)
    chip = tab.locator(".chip", has_text="κ")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"
    until(lambda: "hidden=kappa" in visit.href())
    chip.click()


def test_box_and_lasso_select_for_the_montage(visit, explorer):
    atlas, tab = explorer[1].atlas, visit.tab
    _, place = member(atlas, "kappa")
    for tool in ("box", "lasso"):
        tab.get_by_role("button", name=tool, exact=True).click()
        x, y = visit.pixel(*place)
        tab.mouse.move(x - 25, y - 25)
        tab.mouse.down()
        for dx, dy in ((25, -25), (25, 25), (-25, 25)) if tool == "lasso" else ((25, 25),):
            tab.mouse.move(x + dx, y + dy)
        tab.mouse.up()
        tab.locator(".count", has_text="4 patterns").wait_for()
        rows = tab.locator(".tile").evaluate_all("all => all.map((t) => Number(t.dataset.row))")
        assert {atlas.reading.names[row] for row in rows} == {"kappa"}
        tab.get_by_role("button", name=re.compile("clear selection")).first.click()
        assert tab.get_by_role("button", name=re.compile("clear selection")).count() == 0
    tab.get_by_role("button", name="move", exact=True).click()


def test_one_key_labels_and_another_page_sees_it(own):
    visit, workspace = own
    other = visit.new_tab()
    other.goto(visit.href())
    visit.ready(other)
    scroller = visit.montage("κ kappa")
    first = int(visit.tab.locator(".tile.focus").get_attribute("data-row"))
    visit.tab.keyboard.press("2")
    visit.told("Saved: run")
    name = workspace.atlas.all_classes()[1]
    assert workspace.labels[first] == name
    other.locator(".chip", has_text="labelled by a person").wait_for()
    scroller.press("Control+a")
    scroller.press("x")
    visit.told("Saved: 4 patterns: rejected")
    assert workspace.labels.count("") == 4
    scroller.press("u")
    visit.told("undone: 4")
    scroller.press("u")
    visit.told("undone: 1 annotation")
    assert not any(workspace.annotated)
    annotate(workspace.atlas, "kappa", [int(workspace.atlas.runs[0])], who="grace")  # as the command line does
    other.locator(".chip", has_text="labelled by a person").wait_for()


def test_a_new_class_has_a_colour_of_its_own(own):
    visit, workspace = own
    scroller = visit.montage("κ kappa")
    for name in ("σ", "moving spots", "moving-spots", "labyrinths"):
        scroller.press("n")
        visit.tab.get_by_label("Name of the class, as in moving-spots").fill(name)
        visit.tab.keyboard.press("Enter")
        if name in ("σ", "moving spots"):
            visit.told("can't be a name")
            visit.tab.keyboard.press("Escape")
        else:
            visit.told(f"{name}")
            until(lambda name=name: name in workspace.labels)
    made = workspace.atlas.class_styles()
    assert made["moving-spots"][1] != made["labyrinths"][1]


def test_a_server_that_is_gone_is_noticed_and_nothing_counts_as_saved(chromium, workshop, tmp_path):
    workspace = copied_workspace(workshop, tmp_path)
    with explorer_of(workspace) as server:
        visit = PageVisit(chromium, server)
        scroller = visit.montage("κ kappa")
    visit.tab.get_by_role("alert").filter(has_text="does not answer").wait_for(timeout=3000)
    scroller.press("2")
    visit.told("Not saved")
    visit.tab.locator(".tile.unsaved").first.wait_for()
    assert not any(workspace.annotated)
    visit.context.close()


@pytest.fixture
def process(workshop, tmp_path):
    """An explorer in a process of its own, which can be stalled and killed, and the workspace that it serves."""
    workspace = copied_workspace(workshop, tmp_path)
    command = [sys.executable, "-m", "morphoscope", "explore", str(workspace.atlas.folder), "--no-browser"]
    started = subprocess.Popen([*command, "--who", "ada"], stdout=-1, stderr=subprocess.DEVNULL, text=True)
    for line in started.stdout:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/\S*", line):
            started.address = type("Address", (), {"url": found[0], "port": int(found[1])})
            break
    yield started, workspace
    started.kill()
    started.wait()
    started.stdout.close()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs SIGSTOP")
def test_a_label_counts_when_the_server_has_answered(chromium, process):
    """A server that stalls: the label waits, the page says so, and both recover when the server goes on."""
    server, workspace = process
    visit = PageVisit(chromium, server)
    scroller = visit.montage("all")
    os.kill(server.pid, signal.SIGSTOP)
    try:
        scroller.press(" ")
        visit.tab.locator(".tile.saving").wait_for()
        assert visit.tab.locator(".told").inner_text().startswith("Saving: ")
        visit.tab.locator(".banner").wait_for(timeout=6000)
        visit.tab.locator(".tile.unsaved").wait_for()
        assert visit.tab.locator(".tile.confirmed").count() == 0
        assert workspace.atlas.annotations.log() == []
    finally:
        os.kill(server.pid, signal.SIGCONT)
    visit.tab.locator(".tile.confirmed").wait_for()
    visit.told("Saved")
    visit.tab.locator(".banner").wait_for(state="hidden")
    assert len(workspace.atlas.annotations.log()) == 1
    visit.tab.reload()
    visit.ready()
    visit.montage("all")
    assert visit.tab.locator(".tile.confirmed").count() == 1
    visit.close()


def test_two_people_label_with_one_key_a_pattern(chromium, workshop, tmp_path):
    workspace = copied_workspace(workshop, tmp_path)
    with explorer_of(workspace) as server:
        ada, grace = (PageVisit(chromium, server) for _ in range(2))
        grace.tab.get_by_role("textbox", name="Your name").fill("grace")
        for visit, first in ((ada, "Home"), (grace, "End")):
            visit.montage("all").press(first)
        for _ in range(4):  # from both ends
            ada.tab.keyboard.press(" ")
            grace.tab.keyboard.press("x")
            grace.tab.keyboard.press("ArrowLeft")
            grace.tab.keyboard.press("ArrowLeft")
        until(lambda: len(workspace.atlas.annotations.log()) == 8)
        latest = workspace.atlas.annotations.current()
        for visit in (ada, grace):
            visit.tab.locator(".count", has_text="12 patterns, 8 labelled").wait_for()
        assert {annotation.who for annotation in latest.values()} == {"ada", "grace"}
        ada.turn_to("Next pass")
        ada.tab.get_by_role("combobox", name="compared with").wait_for()
        ada.close()
        grace.close()


def test_patterns_have_their_places_before_a_key_labels_them(own):
    """The montage waits for the values that it is sorted by: a late answer moves no pattern below the reader's key."""
    visit, workspace = own
    held = []
    visit.tab.route("**/data/column/*", lambda route: held.append(route))
    with visit.tab.expect_request("**/data/column/*"):
        visit.turn_to("Montage")
    visit.tab.locator(".montage .skeleton").wait_for()
    assert visit.tab.locator(".tile").count() == 0
    held[0].continue_()
    visit.montage("all").press("End")
    visit.tab.keyboard.press("x")
    until(lambda: workspace.atlas.annotations.log())
    margin = workspace.atlas.reading.margin.astype(float)
    last = max(range(len(margin)), key=lambda row: (np.inf if np.isnan(margin[row]) else margin[row], row))
    assert list(workspace.atlas.annotations.current()) == [int(workspace.atlas.runs[last])]


def test_compare_and_train(chromium, workshop, tmp_path):
    workspace = copied_workspace(workshop, tmp_path)
    other = Workspace(Atlas(workspace.atlas.folder))
    workspace.compared = other.atlas
    with explorer_of(workspace) as server:
        visit = PageVisit(chromium, server)
        visit.turn_to("Compare")
        visit.tab.get_by_text("100.0% of 12 runs agree").wait_for()
        assert visit.tab.locator(".map-plot").count() == 2
        visit.turn_to("Next pass")
        visit.tab.get_by_text("None yet").wait_for()
        assert visit.tab.get_by_role("button", name="train the next pass").is_disabled()
        workspace.annotate([0], "kappa", "ada")
        visit.tab.get_by_text("Parameter points per class").wait_for()
        visit.tab.get_by_role("spinbutton", name="Runs per class").fill("2")
        visit.tab.get_by_role("spinbutton", name="Epochs").fill("1")
        visit.tab.get_by_role("button", name="train the next pass").click()
        visit.tab.get_by_role("button", name="compare both readings").wait_for(timeout=60_000)
        visit.tab.get_by_role("button", name="compare both readings").click()
        visit.tab.get_by_text(re.compile(r"of 12 runs agree")).wait_for()
        visit.close()


def test_phone_and_keyboard(chromium, explorer):
    """Tabs over one view; every tab is reached with arrow keys; nothing is wider than the screen."""
    visit = PageVisit(chromium, explorer[0], width=390, height=844, has_touch=True)
    tab = visit.tab
    titles = tab.get_by_role("tab").all_inner_texts()
    assert titles[:3] == ["Map", "Pattern", "Montage"]
    tab.get_by_role("tab", name="Map").focus()
    for title in [*titles[1:], titles[0]]:
        tab.keyboard.press("ArrowRight")
        tab.get_by_role("tab", name=title, selected=True).wait_for()
        assert tab.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), title
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=SCREENSHOTS / f"page-phone-{title.lower().replace(' ', '-')}.png")
    window = tab.locator(".map-plot").get_attribute("data-window")
    swipe(tab, *middle(tab.locator(".map-plot")), 120)
    until(lambda: tab.locator(".map-plot").get_attribute("data-window") != window)
    tab.get_by_role("button", name="patterns", exact=True).click()
    _, place = member(explorer[1].atlas, "H")
    tab.get_by_role("button", name="all", exact=True).click()
    until(lambda: tab.locator(".map-plot").get_attribute("data-window") != window)
    tab.touchscreen.tap(*visit.pixel(*place))
    tab.get_by_role("tab", name="Pattern", selected=True).wait_for()
    tab.get_by_role("heading", name="H", exact=True).wait_for()
    tab.keyboard.press("?")
    tab.get_by_role("dialog").get_by_text("keys and gestures").wait_for()
    until(lambda: tab.locator(".help h2").evaluate("title => title === document.activeElement"))
    assert tab.locator(".help").evaluate("help => help.scrollHeight > help.clientHeight && help.scrollTop === 0")
    tab.keyboard.press("Escape")
    visit.close()


def test_a_second_person_labels_on_a_phone(chromium, workshop, tmp_path):
    """The header of a phone has no room for name and theme: the help has them."""
    workspace = copied_workspace(workshop, tmp_path)
    with explorer_of(workspace) as server:
        visit = PageVisit(chromium, server, width=390, height=844, has_touch=True)
        visit.tab.get_by_role("button", name=re.compile("Help")).tap()
        visit.tab.get_by_role("dialog").get_by_role("textbox", name="Your name").fill("grace")
        visit.tab.get_by_role("dialog").get_by_role("combobox", name="Theme").select_option("dark")
        visit.tab.screenshot(path=SCREENSHOTS / "page-phone-help.png")
        visit.tab.keyboard.press("Escape")
        visit.montage("all").press("x")
        until(lambda: workspace.atlas.annotations.log())
        assert [entry.who for entry in workspace.atlas.annotations.log()] == ["grace"]
        assert visit.tab.locator(".morphoscope").get_attribute("data-theme") == "dark"
        visit.close()


@pytest.mark.parametrize("way", ["cells", "2d", "webgl2"])
def test_many_runs_are_drawn(chromium, workspace, way):
    """Cells of a scan as a picture, other points by the processor, or with WebGL if there is a graphics card."""
    site, (k, f) = large_site(workspace, 200, scattered=way != "cells")
    card = "{requestAdapter: async () => ({isFallbackAdapter: false})}" if way == "webgl2" else "undefined"
    with running(site) as server:
        visit = PageVisit(chromium, server, script=f"Object.defineProperty(navigator, 'gpu', {{value: {card}}})")
        canvas = visit.tab.locator(".map-cells canvas")
        if way != "cells":
            until(lambda: canvas.evaluate_all(f"all => all.map(e => !!e.getContext('{way}'))") == [True])
        assert visit.tab.locator(".map-cells").is_hidden() == (way == "cells")
        visit.tab.get_by_role("checkbox", name="letters").uncheck()
        colours = [style["colour"] for style in AtlasData(workspace, "ada").classes()]
        rows = [int(np.argmin(np.hypot(k - x, f - 0.6))) for x in (0.25, 0.75)]

        def drawn():
            picture = Image.open(io.BytesIO(visit.tab.screenshot())).convert("RGB")
            pixels = (picture.getpixel(tuple(map(int, visit.pixel(k[row], f[row])))) for row in rows)
            return ["#{:02x}{:02x}{:02x}".format(*pixel) for pixel in pixels]

        until(lambda: drawn() == colours[:2])
        visit.tab.mouse.click(*visit.pixel(k[rows[1]], f[rows[1]]))
        visit.tab.locator(".where", has_text="k 0.7").wait_for()
        visit.context.close()


def test_an_ensemble_with_three_parameters(chromium, tmp_path):
    """Nobody has read it: it is coloured by a descriptor; the third parameter has a slider, axes can be exchanged."""
    values = {"f": (0.02, 0.06, 3), "k": (0.055, 0.065, 3), "Du": (0.15, 0.25, 2)}
    plan = morphoscope.scan_plan("gray-scott", grid=values, size=48, until=60)
    workspace = Workspace(morphoscope.open_atlas(morphoscope.ensemble(plan, tmp_path / "scan")))
    with explorer_of(workspace) as server:
        visit = PageVisit(chromium, server)
        tab = visit.tab
        tab.locator(".colourbar").wait_for()
        assert "P(" not in tab.get_by_role("combobox", name="Colour").inner_text()
        tab.locator(".slices", has_text="Du = ").wait_for()
        assert "runs here" not in visit.hover(0.055, 0.02, "0.055").inner_text()
        tab.get_by_role("checkbox", name="all Du").check()
        visit.hover(0.055, 0.02, "2 runs here")
        tab.get_by_role("combobox", name="Across").select_option("f")
        tab.get_by_text("Du all 2 values").wait_for()
        until(lambda: "axes=f,k" in visit.href())
        tab.get_by_role("combobox", name="Up").select_option("Du")
        tab.locator(".slices", has_text="k = ").wait_for()
        tab.get_by_role("button", name="k = 0.065").click()  # a small map
        until(lambda: "at.k=0.065" in visit.href())
        visit.close()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_no_violations_of_accessibility_rules(chromium, explorer, width, scheme):
    """axe-core's rules of WCAG 2.x, A and AA, in every tab and in the help."""
    visit = PageVisit(chromium, explorer[0], width=width, scheme=scheme)
    found = []
    for title in [*visit.tab.get_by_role("tab").all_inner_texts(), "help"]:
        if title == "help":
            visit.tab.keyboard.press("?")
        else:
            visit.turn_to(title)
            visit.tab.locator("[aria-busy=true]").first.wait_for(state="detached")
        found += violations(visit, title)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        visit.tab.screenshot(path=SCREENSHOTS / f"page-{width}-{scheme}-{title.lower().replace(' ', '-')}.png")
    assert found == []
    visit.close()
