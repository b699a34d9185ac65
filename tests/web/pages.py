"""The new page in a tab: a server of an atlas in a thread, and a tab that collects what the browser complains about."""

import contextlib
import time

from morphoscope.web.server.explorer_site import ExplorerSite
from tests.web.clients import running


@contextlib.contextmanager
def explorer_of(workspace, who="ada"):
    with running(ExplorerSite(workspace, who)) as server:
        yield server


MAP_NOW = """plot => {
    const box = plot.getBoundingClientRect();
    return [[box.x, box.y, box.width, box.height], plot.dataset.window.split(" ").map(Number)];
}"""


class PageVisit:
    """One tab. ``complaints``: errors and warnings of the browser; ``script``: runs before those of the page."""

    def __init__(self, chromium, server, width=1440, height=900, scheme="light", hash="", script="", **device):
        viewport = {"width": width, "height": height}
        self.context = chromium.new_context(viewport=viewport, color_scheme=scheme, **device)
        self.context.set_default_timeout(60_000)
        self.context.add_init_script(script)
        self.server, self.complaints, self.requests = server, [], []
        self.tab = self.new_tab()
        self.tab.goto(server.address.url + hash)
        self.ready()

    def new_tab(self):
        tab = self.context.new_page()
        tab.on("console", self._on_console)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("request", lambda request: self.requests.append(request.url))
        return tab

    def _on_console(self, message):
        if message.type in {"error", "warning"} and "GL Driver Message" not in message.text:
            self.complaints.append(message.text)

    def ready(self, tab=None):
        shown = tab or self.tab
        shown.locator(".where").filter(has_text=":").wait_for()
        shown.locator(".map-plot[data-window]").first.wait_for()

    def turn_to(self, title):
        self.tab.get_by_role("tab", name=title).click()

    def href(self):
        """The address; ``tab.url`` lags behind changes by scripts."""
        return self.tab.evaluate("location.href")

    def where(self):
        return self.tab.locator(".where").inner_text()

    def pixel(self, x, y):
        return pixel(self.tab, x, y)

    def hover(self, x, y, text):
        """Rest the pointer on a point of the plane until its tip shows the text."""
        tip = self.tab.locator(".tip", has_text=text)
        until(lambda: self.tab.mouse.move(*self.pixel(x, y)) or tip.is_visible())
        return tip

    def told(self, text):
        self.tab.locator(".told", has_text=text).first.wait_for()

    def montage(self, what):
        """Turn to the montage of a group, with the keyboard's focus in it."""
        self.turn_to("Montage")
        select = self.tab.get_by_role("combobox", name="Patterns")
        select.select_option(select.locator("option", has_text=what).first.get_attribute("value"))
        scroller = self.tab.get_by_role("listbox")
        self.tab.locator(".tile").first.wait_for()
        scroller.focus()
        return scroller

    def close(self):
        assert self.complaints == []
        own = (f"http://127.0.0.1:{self.server.address.port}/", "data:", "blob:")
        assert all(request.startswith(own) for request in self.requests)
        self.context.close()


def pixel(tab, x, y):
    """Where a point of the plane is on the screen, once the map has stopped changing its size."""
    seen = [None]

    def rests():
        seen.append(tab.locator(".map-plot").first.evaluate(MAP_NOW))
        return seen[-1] == seen[-2]

    until(rests, every=0.1)
    (left, top, width, height), (x0, x1, y0, y1) = seen[-1]
    return left + width * (x - x0) / (x1 - x0), top + height * (y1 - y) / (y1 - y0)


def until(condition, seconds=60, every=0.02):
    """Wait for something that the server or the page does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(every)


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


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
