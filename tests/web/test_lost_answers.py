"""Connections and requests that fail, and data that are replaced while a page reads them."""

import shutil

import numpy as np
import pytest

from morphoscope.atlas import Atlas
from morphoscope.atlas.similarity import SimilarityMap, patterned_rows, save_similarity
from morphoscope.core.errors import UsageError
from morphoscope.web.workspace import Workspace
from tests.web.conftest import copied_workspace
from tests.web.held import held_action, held_requests
from tests.web.pages import PageVisit, explorer_of, until
from tests.web.test_photographs import picture

# Connections that never open, and messages that get lost.
SOCKETS = """
const Real = WebSocket;
window.WebSocket = new Proxy(Real, {construct(target, values) {
    if (window.nowhere) {
        window.tried = new EventTarget();
        window.tried.readyState = Real.CONNECTING;
        return window.tried;
    }
    const made = window.socket = new target(...values);
    window.said = [];
    made.send = (text) => {
        window.said.push(text);
        if (!window.mute) Real.prototype.send.call(made, text);
    };
    return made;
}});
"""


@pytest.fixture
def own(chromium, workshop, tmp_path):
    workspace = copied_workspace(workshop, tmp_path)
    with explorer_of(workspace) as server:
        opened = PageVisit(chromium, server, script=SOCKETS)
        yield opened, workspace
        opened.close()


@pytest.fixture
def chart(charted, tmp_path):
    shutil.copytree(charted, tmp_path / "made")
    return Workspace(Atlas(tmp_path / "made"))


def without(visit, words):
    """The browser complains about requests that a test lets fail."""
    visit.complaints = [text for text in visit.complaints if words not in text]


def test_a_label_does_not_wait_for_a_connection_that_never_opens(own):
    visit, workspace = own
    visit.montage("all")
    visit.tab.evaluate("window.nowhere = true; window.socket.close()")
    until(lambda: visit.tab.evaluate("!!window.tried"))
    visit.tab.keyboard.press("x")
    visit.told("Saving: run")
    visit.tab.evaluate("""() => {
        window.nowhere = false;
        window.tried.readyState = WebSocket.CLOSED;
        window.tried.onclose?.();
        window.tried.dispatchEvent(new Event("close"));
    }""")
    visit.told("Not saved: run")
    visit.tab.locator(".tile.unsaved").wait_for()
    assert workspace.atlas.annotations.log() == []


def test_a_new_connection_asks_for_signs_of_life_of_its_own(own):
    """Also if the one of the connection before was never answered: else the page takes the server for gone again."""
    visit, _ = own
    visit.tab.evaluate("window.mute = true; window.said = []")
    until(lambda: "ping" in visit.tab.evaluate("window.said.join()"))
    visit.tab.evaluate("window.mute = false; window.before = window.socket; window.socket.close()")
    until(lambda: visit.tab.evaluate("window.socket !== window.before"))
    until(lambda: "ping" in visit.tab.evaluate("window.said.join()"), seconds=20)
    visit.tab.locator(".banner").wait_for(state="hidden")


def test_theory_that_failed_is_asked_for_when_the_server_is_back(chromium, workshop, tmp_path):
    """After five questions in vain the page does not ask on its own."""
    soon = "const later = setTimeout; window.setTimeout = (work, ms) => later(work, ms === 4000 ? 1 : ms);"
    failing = [True]

    def answer(*values, **named):
        if failing[0]:
            raise UsageError("not now")
        return held.real(*values, **named)

    with (
        explorer_of(copied_workspace(workshop, tmp_path)) as server,
        held_action(server, "theory", answer) as held,
    ):
        held.release()
        visit = PageVisit(chromium, server, script=SOCKETS + soon)
        until(lambda: held.arrived == 5)
        visit.tab.evaluate("new Promise((done) => setTimeout(done, 300))")
        assert held.arrived == 5
        failing[0] = False
        visit.tab.evaluate("window.socket.close()")
        visit.tab.locator(".chip", has_text="homogeneous state").first.wait_for()
        visit.close()


def test_groups_that_did_not_come_are_asked_for_when_the_server_is_back(chromium, chart):
    def answer():
        raise UsageError("not now")

    with explorer_of(chart) as server:
        with held_action(server, "groups", answer) as held:
            held.release()
            visit = PageVisit(chromium, server, script=SOCKETS)
            visit.turn_to("Groups")
            visit.told("not now")
        visit.tab.evaluate("window.socket.close()")
        visit.tab.locator(".group").first.wait_for()
        visit.close()


def test_a_page_that_slept_does_not_take_the_server_for_gone(own):
    """Or that was busy for seconds: no sign of life was missed, and questions keep their answers."""
    visit, _ = own
    tab = visit.tab
    with held_action(visit.server, "alike", answer=lambda row: [row, 0, 1]) as held:
        tab.get_by_role("button", name="patterns like this one").click()
        until(lambda: held.arrived)
        tab.evaluate("""() => {
            const now = Date.now;
            Date.now = () => now() + 10000;
            window.said = [];
        }""")
        until(lambda: "ping" in tab.evaluate("window.said.join()"))
    tab.locator(".count", has_text="patterns").wait_for()
    assert tab.get_by_role("tab", name="Montage").get_attribute("aria-selected") == "true"


def test_places_that_come_late_do_not_turn_the_map(chromium, workshop, tmp_path):
    """The reader has gone back to the parameters before the places by similarity have come."""
    workspace = copied_workspace(workshop, tmp_path)
    atlas = workspace.atlas
    rows = patterned_rows(atlas)
    spread = np.random.default_rng(0).normal(size=(len(rows), 2)).astype(np.float32)
    save_similarity(atlas, SimilarityMap(atlas.runs[rows], spread, len(rows), 1.0, "none"))
    with explorer_of(Workspace(Atlas(atlas.folder))) as server:
        visit = PageVisit(chromium, server)
        button = visit.tab.get_by_role("button", name="similarity", exact=True)
        with held_requests(visit.tab, "**/data/similarity") as held:
            button.click()
            until(lambda: visit.tab.evaluate("1") and held)
            visit.tab.get_by_role("button", name="parameters", exact=True).click()
        visit.tab.evaluate("new Promise((done) => setTimeout(done, 300))")
        assert button.get_attribute("aria-pressed") == "false"
        button.click()
        visit.tab.locator(".about").wait_for()
        visit.close()


def test_draws_belong_to_the_pattern_that_is_shown(own):
    """Those of an estimator go when another pattern is chosen in the montage."""
    visit, _ = own
    tab = visit.tab

    def estimated(route):
        values = route.fetch().json()
        values["estimate"] = {"text": "estimated", "draws": {"f": [0.03, 0.04], "k": [0.06, 0.061]}}
        route.fulfill(json=values)

    tab.route("**/data/detail/*", estimated)
    tab.locator(".map-plot").press("ArrowDown")
    chip = tab.locator(".chip", has_text="draws of the posterior")
    chip.wait_for()
    visit.montage("λ").press("End")
    chip.wait_for()
    tab.locator(".tile").first.click()
    chip.wait_for(state="hidden")


def test_a_network_that_did_not_come_is_asked_for_again(own):
    visit, _ = own
    visit.tab.route("**/data/network", lambda route: route.abort())
    visit.turn_to("Live")
    visit.tab.get_by_text("The classifier can't be used").wait_for()
    visit.tab.unroute("**/data/network")
    visit.turn_to("Pattern")
    visit.turn_to("Live")
    visit.tab.locator(".live-reading").or_(visit.tab.get_by_text("The first reading follows")).first.wait_for()
    without(visit, "ERR_FAILED")


def test_an_older_answer_does_not_replace_the_groups(chromium, chart):
    """Two changes of a chart; the page's answers to the first come after those to the second."""
    with explorer_of(chart) as server:
        visit = PageVisit(chromium, server)
        tab, legend = visit.tab, visit.tab.get_by_role("group", name="Classes; press to hide and show")
        legend.get_by_role("button", name="g1,").wait_for()
        held = []
        tab.route("**/data/manifest", lambda route: held.append(route) if len(held) < 2 else route.continue_())
        chart.regroup("ada", rename={"g1": "spots"})
        until(lambda: tab.evaluate("1") and len(held) == 1)
        first = held[0].fetch()
        chart.regroup("ada", rename={"spots": "stripes"})
        until(lambda: tab.evaluate("1") and len(held) == 2)
        held[1].continue_()
        legend.get_by_role("button", name="stripes,").wait_for()
        held[0].fulfill(response=first)
        tab.evaluate("new Promise((done) => setTimeout(done, 500))")
        assert legend.get_by_role("button", name="stripes,").count() == 1
        visit.close()


def test_probabilities_have_the_names_that_groups_have_now(chromium, chart):
    with explorer_of(chart) as server:
        visit = PageVisit(chromium, server)
        table = visit.tab.locator(".pattern table.bars")
        table.wait_for()
        before = table.locator("th").first.inner_text()
        chart.regroup("ada", rename={before: "spots"})
        table.locator("th", has_text="spots").wait_for()
        assert "?" not in table.inner_text()
        visit.close()


def test_similar_patterns_are_those_of_the_photograph_as_it_was_prepared(own):
    """Not as its settings have been changed meanwhile; a failed question is asked again."""
    visit, _ = own
    tab, asked = visit.tab, []
    reading = {"kind": "spots", "abstains": False, "grayScott": "", "verdict": "Gray–Scott", "ranking": [],
               "compatible": [], "none": 0, "draws": {}}  # fmt: skip
    measures = {"kind": "spots", "wavelength": None, "error": None, "unit": "", "polarity": "", "rows": []}
    found = {"name": "gel.png", "figure": 1, "steps": [], "measures": measures, "reading": reading, "problem": ""}

    def similar(settings, **values):
        asked.append(settings["invert"])
        if len(asked) == 1:
            raise UsageError("the index is broken")
        return [[0, 0.9]]

    tab.route("**/data/photograph/*", lambda route: route.fulfill(body=picture(), content_type="image/png"))
    with (
        held_action(visit.server, "photograph", answer=lambda **values: found) as photograph,
        held_action(visit.server, "similar", answer=similar) as answers,
    ):
        answers.release()
        visit.turn_to("Photograph")
        chosen = {"name": "gel.png", "mimeType": "image/png", "buffer": picture()}
        tab.get_by_label("Photograph", exact=True).last.set_input_files(chosen)
        until(lambda: photograph.arrived == 1)
        tab.get_by_role("checkbox", name="exchange bright and dark").check()
        photograph.release()
        tab.get_by_text("the index is broken").wait_for()
        assert asked == [False]
        tab.get_by_role("button", name="prepare again").click()
        tab.locator(".similar button").wait_for()
        assert asked == [False, True]
        assert tab.get_by_text("the index is broken").count() == 0
