"""The page in a notebook: the same app in a cell, with the messages of a widget between it and the kernel."""

import base64
import json
import re
import shutil

import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.web.server.site import SCRIPTS
from morphoscope.web.widget import AtlasWidget
from morphoscope.web.workspace import Workspace
from tests.web.pages import until

#: A page with the part of a notebook that anywidget is for a widget: its module, its style, and messages.
PAGE = """<!doctype html><meta charset="utf-8"><style>{style}</style><div id="cell" style="width: 1100px"></div>
<script type="module">
const module = await import("data:text/javascript;base64,{module}");
const listeners = new Set();
const buffers = (texts) => texts.map((t) => new DataView(Uint8Array.from(atob(t), (c) => c.charCodeAt(0)).buffer));
window.receive = (message, texts) => listeners.forEach((listener) => listener(message, buffers(texts)));
const model = {{
  send: (content) => {{ void window.toKernel(content); }},
  on: (event, listener) => listeners.add(listener),
  off: (event, listener) => listeners.delete(listener),
}};
const render = () => (window.end = module.default.render({{ model, el: document.getElementById("cell") }}));
render();
window.again = render;
</script>"""


class Cell:
    """A widget's view in Chromium. What the widget sends is kept until the page takes it, as in a kernel's queue."""

    def __init__(self, chromium, widget):
        self.widget, self.sent, self.complaints, self.requests = widget, [], [], []
        widget.send = lambda content, buffers=(): self.sent.append((content, buffers))
        self.tab = chromium.new_page(viewport={"width": 1200, "height": 800})
        self.tab.set_default_timeout(20_000)
        self.tab.on("console", self._on_console)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.asked = []
        self.tab.expose_function("toKernel", lambda message: self.asked.append(message))
        module = base64.b64encode(AtlasWidget._esm.encode()).decode()
        self.tab.set_content(PAGE.format(style=(SCRIPTS / "app.css").read_text(), module=module))

    def _on_console(self, message):
        if message.type in {"error", "warning"} and "GL Driver Message" not in message.text:
            self.complaints.append(message.text)

    def work(self):
        """The kernel answers what was asked so far."""
        while self.asked:
            self.widget._received(self.widget, self.asked.pop(0), [])
        while self.sent:
            content, buffers = self.sent.pop(0)
            texts = [base64.b64encode(bytes(each)).decode() for each in buffers]
            self.tab.evaluate("([message, texts]) => receive(message, texts)", [json.loads(json.dumps(content)), texts])

    def until(self, locator, seconds=60):
        """Work until the page shows something."""

        def shown():
            self.work()
            self.tab.wait_for_timeout(20)
            return locator.count() > 0

        until(shown, seconds)


@pytest.fixture
def widget(workspace):
    made = AtlasWidget(workspace, "ada")
    yield made
    made.close()


def test_map_click_live_run_and_labels_work_in_a_cell(chromium, widget):
    cell, atlas = Cell(chromium, widget), widget.workspace.atlas
    tab, seen = cell.tab, []
    widget.observe(lambda change: seen.append(change["new"]), "annotations")
    cell.until(tab.locator(".map-plot"))
    cell.until(tab.locator(".pattern .field canvas"))
    assert tab.locator("[data-lm-suppress-shortcuts]").count() == 1
    tab.locator(".pattern").focus()
    tab.keyboard.press("x")
    cell.until(tab.locator(".told", has_text="Saved"))
    run = int(atlas.runs[widget._data._data.described()["first"]])
    assert widget.annotations == {run: ""} == seen[-1]
    morphoscope.annotate(atlas, "worms", [run], who="grace")
    widget.workspace.notify_if_changed()
    cell.until(tab.locator(".badge.person", has_text="worms"))
    tab.get_by_role("tab", name="Live").click()
    cell.until(tab.locator(".live-status", has_text="frames/s"))
    tab.evaluate("end()")
    assert tab.locator(".morphoscope").count() == 0
    assert cell.complaints == []
    assert all(url.startswith(("about:", "data:", "blob:")) for url in cell.requests)
    tab.close()


def test_the_next_pass_is_trained_and_compared_in_a_cell(chromium, widget):
    widget.workspace.annotate([0], "kappa", "ada")
    cell = Cell(chromium, widget)
    tab = cell.tab
    cell.until(tab.locator(".map-plot"))
    tab.get_by_role("tab", name="Next pass").click()
    cell.until(tab.get_by_text("Parameter points per class"))
    tab.get_by_role("spinbutton", name="Runs per class").fill("2")
    tab.get_by_role("spinbutton", name="Epochs").fill("1")
    tab.get_by_role("button", name="train the next pass").click()
    compare = tab.get_by_role("button", name="compare both readings")
    cell.until(compare)
    compare.click()
    cell.until(tab.get_by_text(re.compile(r"of 12 runs agree")))
    assert tab.locator(".map-plot").count() == 2
    assert cell.complaints == []
    tab.close()


def test_groups_are_changed_in_a_cell(chromium, charted, tmp_path):
    """Another name, symbol and colour, which the map has at once."""
    shutil.copytree(charted, tmp_path / "made")
    widget = AtlasWidget(Workspace(Atlas(tmp_path / "made")), "ada")
    cell = Cell(chromium, widget)
    tab = cell.tab
    cell.until(tab.locator(".map-plot"))
    tab.get_by_role("tab", name="Groups").click()
    cell.until(tab.get_by_role("textbox", name="Symbol of g1"))
    tab.get_by_role("textbox", name="Symbol of g1").fill("σ")
    tab.keyboard.press("Enter")
    cell.until(tab.locator(".told", has_text="Saved: g1 has the symbol σ"))
    tab.get_by_role("textbox", name="Name of g1").fill("spots")
    tab.keyboard.press("Enter")
    cell.until(tab.locator(".told", has_text="Saved: g1 renamed spots"))
    cell.until(tab.get_by_label("Colour of spots"))
    tab.get_by_label("Colour of spots").fill("#bb5500")
    cell.until(tab.locator(".told", has_text="Saved: spots has another colour"))
    assert widget.workspace.atlas.class_styles()["spots"] == ("σ", "#bb5500")
    assert "σ spots" in (tmp_path / "made" / "atlas" / "chart.html").read_text()
    assert cell.complaints == []
    tab.close()
    widget.close()


def test_a_proposal_is_accepted_in_a_cell(chromium, proposed):
    widget = AtlasWidget(proposed, "ada")
    cell = Cell(chromium, widget)
    tab = cell.tab
    cell.until(tab.locator(".map-plot"))
    tab.get_by_role("tab", name="Proposals").click()
    card = tab.get_by_role("region", name="Proposal 2")
    cell.until(card)
    card.get_by_label("Class of proposal 2").fill("moving")
    tab.keyboard.press("Enter")
    cell.until(card.get_by_text("moving (2)"))
    assert sorted(widget.annotations.values()) == ["moving", "moving"]
    assert cell.complaints == []
    tab.close()
    widget.close()


def test_a_notebook_gets_the_widget(workspace, monkeypatch):
    monkeypatch.setattr("morphoscope.web.explore.in_notebook", lambda: True)
    made = morphoscope.explore(workspace.atlas, who="ada")
    assert isinstance(made, AtlasWidget)
    assert made.annotations == {}
    made.close()


@pytest.mark.parametrize(
    "message",
    [
        None, 7, "x", [], {}, {"id": "1"}, {"id": 1}, {"id": 1, "action": "eval"},
        {"id": 1, "action": "annotate", "values": 3}, {"id": 1, "action": "annotate", "values": {"rows": [0]}},
        {"id": 1, "data": "passwd"}, {"id": 1, "data": "../log"}, {"id": 1, "data": "frames", "number": -1},
        {"id": 1, "data": "frames", "number": "0"},
    ],
)  # fmt: skip
def test_any_message_is_answered_in_one_line(widget, message):
    sent = []
    widget.send = lambda content, buffers=(): sent.append(content)
    widget._received(widget, message, [])
    assert len(sent) == 1
    assert "\n" not in sent[0]["problem"]
    assert widget.annotations == {}
