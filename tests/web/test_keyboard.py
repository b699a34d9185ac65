"""The page by keyboard alone: every control of every tab is reached by Tab, and the focus is seen."""

import pytest

from tests.web.held import held_action
from tests.web.pages import PageVisit, until

#: A number for each element, which stays while others come and go.
NUMBER = """const number = (e) => {
    window.numbers ??= new Map();
    if (!window.numbers.has(e)) window.numbers.set(e, window.numbers.size);
    return window.numbers.get(e);
};"""
#: What has the focus: its name, whether it is in the window, whether something shows that it has the focus.
FOCUSED = (
    f"() => {{ {NUMBER}"
    + """
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    return {
        number: number(e),
        name: `${e.tagName} ${e.className} ${(e.getAttribute("aria-label") || e.innerText || "").slice(0, 30)}`,
        inside: box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth,
        seen: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none",
    };
}"""
)
#: The controls that are shown and that a pointer can use; of tabs, which arrow keys change, the chosen one.
CONTROLS = (
    f"() => {{ {NUMBER}"
    + """
    return [...document.querySelectorAll("a[href], button, input, select, summary, textarea, [tabindex='0']")]
    .filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0)
    .map((e) => [number(e), `${e.tagName} ${e.className} ${e.innerText.slice(0, 30)}`]);
}"""
)


@pytest.fixture
def visit(chromium, explorer):
    opened = PageVisit(chromium, explorer)
    yield opened
    opened.close()


def tabs(tab):
    return tab.get_by_role("tab").all_inner_texts()


def turn_by_keys(tab, title):
    """By arrow keys, from the tab that is chosen."""
    chosen = tab.locator("[role=tab][aria-selected=true]")
    chosen.focus()
    for _ in tabs(tab):
        if chosen.inner_text() == title:
            break
        tab.keyboard.press("ArrowRight")
    assert chosen.inner_text() == title
    until(lambda: chosen.evaluate("e => e === document.activeElement"))


def walk(tab):
    """Press Tab until the focus is where it has been; what had it."""
    found = []
    for _ in range(150):
        tab.keyboard.press("Tab")
        now = tab.evaluate(FOCUSED)
        if now is None:
            continue
        if now["number"] in {each["number"] for each in found}:
            break
        found.append(now)
    return found


def test_every_control_of_every_tab_is_reached_and_seen(visit):
    tab = visit.tab
    tab.locator(".chip", has_text="homogeneous state").first.wait_for()  # the theory lines are there
    for title in tabs(tab):
        turn_by_keys(tab, title)
        until(lambda: tab.locator("[role=tabpanel] .skeleton").count() == 0)
        if title == "Live":
            tab.get_by_role("button", name="Pause").click()
        reached = {each["number"]: each for each in walk(tab)}
        controls = dict(tab.evaluate(CONTROLS))
        assert len(controls) > 15
        assert [name for number, name in controls.items() if number not in reached] == [], title
        assert [each["name"] for each in reached.values() if not each["inside"] or not each["seen"]] == [], title


def test_theory_that_comes_late_leaves_the_focus_in_sight(visit, explorer):
    """It stands above the last control, and grows when it comes."""
    tab = visit.tab
    with held_action(explorer, "point") as held:
        visit.turn_to("Live")
        until(lambda: held.arrived)
        tab.get_by_role("status", name="Computing steady states").wait_for()
        tab.locator(".live-elsewhere").wait_for()  # the pattern shown before may be what has asked
        tab.locator(".live-part summary").last.focus()
        tab.keyboard.press("Tab")
        assert "VisualPDE" in tab.evaluate(FOCUSED)["name"]
    tab.locator(".live-key").first.wait_for()
    tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert tab.evaluate(FOCUSED)["inside"]
