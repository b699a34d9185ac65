"""The page of live runs in Chromium: menu, run, parameters, theory, patterns, editing, recording; and its server."""

import json
import struct
import time
import zlib

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from morphoscope.core.errors import UsageError
from morphoscope.engines.initial import InitialCondition, stream
from morphoscope.models import get_model, model_names
from morphoscope.theory import most_unstable
from morphoscope.web.live import live
from morphoscope.web.server.live_data import LiveData
from morphoscope.web.server.live_site import LiveSettings, LiveSite
from morphoscope.web.server.presets import known_patterns, picture
from morphoscope.web.server.shades import palette
from tests.web.clients import running
from tests.web.pages import PageVisit


def until(condition, seconds=20):
    """Wait; the page's policy allows no evaluation of text, which Playwright's own waiting needs."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


class LiveVisit(PageVisit):
    """A tab on the page of live runs."""

    def ready(self, tab=None):
        (tab or self.tab).locator(".live-menu, .live-transport").first.wait_for()

    def shown_time(self):
        return float(self.tab.locator(".live-status b").first.inner_text())

    def passes(self, time):
        """Wait until a run has passed this time."""
        self.tab.locator(".live-transport").wait_for()
        until(lambda: self.shown_time() > time)


@pytest.fixture(scope="module")
def server(needs_browser):
    with running(LiveSite(LiveSettings())) as opened:
        yield opened


def visit_of(chromium, server, hash="", **options):
    return LiveVisit(chromium, server, hash=hash, **options)


def test_from_the_menu_to_a_pattern_that_is_compared_with_theory(chromium, server):
    visit = visit_of(chromium, server)
    tab = visit.tab
    assert tab.locator(".live-menu li").count() == len(model_names())
    assert tab.locator(".live-menu img").count() == len(model_names())
    tab.get_by_role("button", name="Swift–Hohenberg").click()
    visit.passes(0)
    tab.locator(".live-waves").wait_for()
    mode = most_unstable(get_model("swift-hohenberg"), {"u": 0.0}, finite=True)
    assert f"{mode.wavelength:.4g}" in tab.locator(".live-waves").inner_text()
    assert "Turing" in tab.locator(".live-theory").inner_text()
    tab.get_by_role("button", name="hexagons").click()
    until(lambda: "g=1" in visit.href())
    assert tab.get_by_role("spinbutton", name="g, as a number").input_value() == "1"
    tab.get_by_role("button", name="Pause").click()
    tab.get_by_role("button", name="Reset").click()
    assert visit.shown_time() == 0
    tab.get_by_role("button", name="Step").click()
    assert visit.shown_time() == pytest.approx(0.05)
    tab.go_back()
    tab.locator(".live-menu").wait_for()
    visit.close()


def test_a_run_starts_from_the_state_that_python_makes_and_reset_returns_to_it(chromium, server):
    model = get_model("gray-scott")
    visit = visit_of(chromium, server, "#model=gray-scott&f=0.04&k=0.06&seed=7")
    tab = visit.tab
    visit.passes(0)
    tab.get_by_role("button", name="Pause").click()
    tab.get_by_role("button", name="Reset").click()
    expected = InitialCondition.parse(model.initial).state(model, (128, 128), stream(7), model.complete({}))[0]
    low, high = (float(tab.get_by_label(f"{end} colour").input_value()) for end in ("darkest", "brightest"))
    np.testing.assert_allclose([low, high], [expected.min(), expected.max()], rtol=5e-3)
    assert tab.get_by_role("spinbutton", name="f, as a number").input_value() == "0.04"
    tab.get_by_role("spinbutton", name="Dv, as a number").fill("5")
    tab.get_by_role("spinbutton", name="Dv, as a number").press("Enter")
    tab.locator(".live-status", has_text="reduced for stability").wait_for()
    visit.close()


def test_a_picture_says_how_to_repeat_it(chromium, server):
    """And the page breaks none of axe-core's rules, A and AA; the keyboard paints."""
    visit = visit_of(chromium, server, "#model=brusselator&B=8&seed=3")
    tab = visit.tab
    visit.passes(0)
    tab.get_by_role("button", name="Pause").click()
    rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
    assert [rule["id"] for rule in Axe().run(tab, options=rules).response["violations"]] == []
    tab.locator(".live-canvas").focus()
    for key in ("ArrowLeft", "ArrowUp", "Enter"):  # the brush of the keyboard
        tab.keyboard.press(key)
    assert tab.locator(".live-cursor").count() == 1
    with tab.expect_download() as download:
        tab.get_by_role("button", name="PNG").click()
    texts = png_texts(download.value.path().read_bytes())
    told = json.loads(texts["Comment"])
    assert (told["model"], told["parameters"]["B"], told["seed"]) == ("brusselator", 8, 3)
    assert told["time"] == pytest.approx(told["steps"] * told["dt"])
    assert texts["Title"] == "Brusselator"
    visit.close()


def test_a_gif_shows_the_run_and_says_how_to_repeat_it(chromium, server):
    """Its frames are pictures of the pattern at different times; a film is recorded beside it."""
    visit = visit_of(chromium, server, "#model=gray-scott&f=0.04&k=0.06&seed=7")
    tab = visit.tab
    visit.passes(0)
    tab.get_by_role("button", name="Record GIF").click()
    assert tab.get_by_role("button", name="Record film").is_disabled()
    visit.passes(visit.shown_time() + 100)
    tab.get_by_role("button", name="Pause").click()
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Stop and save").click()
    with Image.open(download.value.path()) as gif:
        assert download.value.suggested_filename.endswith(".gif")
        count, shades = gif.n_frames, set(palette("cividis"))
        frames = [np.asarray((gif.seek(i), gif.convert("RGB"))[1]) for i in (0, count - 1)]
        told = json.loads(gif.info["comment"])
        assert gif.info["duration"] >= 100
    assert (told["model"], told["parameters"]["k"], told["seed"]) == ("gray-scott", 0.06, 7)
    assert told["time"] == pytest.approx(told["steps"] * told["dt"])
    assert count > 2
    assert not np.array_equal(frames[0], frames[1])
    pattern = frames[1][20:380:3, 20:380:3].reshape(-1, 3)  # in each cell of it, one pixel
    assert {"#{:02x}{:02x}{:02x}".format(*pixel) for pixel in pattern} <= shades
    tab.get_by_role("button", name="Play").click()
    tab.get_by_role("button", name="Record film").click()
    visit.passes(told["time"])
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Stop and save").click()
    content = download.value.path().read_bytes()
    assert content[4:8] == b"ftyp" or content[:4] == b"\x1aE\xdf\xa3"  # MP4 or WebM
    visit.close()


@pytest.mark.parametrize("kind", ["GIF", "film"])
def test_a_recording_is_saved_when_the_run_is_left(chromium, server, kind):
    visit = visit_of(chromium, server, "#model=gray-scott")
    tab = visit.tab
    visit.passes(0)
    tab.get_by_role("button", name=f"Record {kind}").click()
    visit.passes(visit.shown_time())
    with tab.expect_download() as download:
        tab.get_by_role("button", name="All models").click()
    content = download.value.path().read_bytes()
    assert download.value.suggested_filename.startswith("gray-scott-t")
    assert content[:6] == b"GIF89a" if kind == "GIF" else content[4:8] == b"ftyp" or content[:4] == b"\x1aE\xdf\xa3"
    visit.close()


def png_texts(content):
    """The tEXt chunks of a PNG, whose checksums must be right."""
    found, at = {}, 8
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", content[at + 8 + length : at + 12 + length])[0]
        if kind == b"tEXt":
            key, _, text = body.partition(b"\0")
            found[key.decode()] = text.decode("latin-1")
        at += 12 + length
    return found


def test_equations_are_edited_on_the_page(chromium, server):
    visit = visit_of(chromium, server, "#model=schnakenberg")
    tab = visit.tab
    visit.passes(0)
    tab.get_by_text("Edit the equations").click()
    field = tab.locator(".live-editor fieldset input").nth(1)
    field.fill("a - u + u**2*vv")
    tab.get_by_role("button", name="Run this model").click()
    tab.get_by_text("unknown name 'vv'").wait_for()
    field.fill("2*a - u + u**2*v")
    tab.get_by_role("button", name="Run this model").click()
    tab.locator(".name p", has_text="Typed model").wait_for()
    visit.passes(0)
    until(lambda: "typed=" in visit.href())
    tab.get_by_role("spinbutton", name="b, as a number").fill("0.8")
    tab.get_by_role("spinbutton", name="b, as a number").press("Enter")
    until(lambda: "b=0.8" in visit.href())
    tab.reload()  # the address has the formulas, too
    visit.passes(0)
    assert tab.get_by_role("spinbutton", name="b, as a number").input_value() == "0.8"
    assert "2*a - u" in tab.locator(".live-editor fieldset input").nth(1).input_value()
    tab.goto(server.address.url + "#typed=nothing")
    tab.get_by_text("The model in the address can't be read").wait_for()
    visit.close()


def test_a_model_is_typed_without_choosing_one_first(chromium, server):
    visit = visit_of(chromium, server, width=390, height=844)
    tab = visit.tab
    tab.get_by_label("reaction").first.fill("u - u**3 - 2*v")
    tab.get_by_role("button", name="Run this model").click()
    visit.passes(0)
    assert tab.locator(".name p").inner_text() == "Typed model"
    tab.go_back()
    tab.locator(".live-menu").wait_for()
    visit.close()


def test_one_dimension_and_a_phone(chromium, needs_browser):
    settings = LiveSettings(get_model("brusselator"), {"B": 8.0}, width=120, height=1, boundary="no-flux")
    with running(LiveSite(settings)) as server:
        visit = visit_of(chromium, server, width=390, height=844)
        visit.passes(0)
        tab = visit.tab
        assert tab.evaluate("document.documentElement.scrollWidth") == 390
        assert tab.locator(".live-canvas").evaluate("c => [c.width, c.height]") == [120, 256]
        visit.close()


def test_answers_of_the_server():
    data = LiveData()
    number = data.begin("gray-scott", {"f": 0.03}, "spots:count=3", 5, 32, 16)
    state = np.frombuffer(data.field(number).content, dtype="<f4").reshape(2, 16, 32)
    model = get_model("gray-scott")
    expected = InitialCondition.parse("spots:count=3").state(model, (16, 32), stream(5), model.complete({}))
    assert np.array_equal(state, expected.astype(np.float32))
    assert data.field(number + 1) is None
    point = data.point("brusselator", {"A": 2, "B": 3, "Du": 1, "Dv": 8}, 1.0, 9)
    (only,) = point["states"]
    assert point["kind"] == "Turing"
    assert point["dt"] == pytest.approx(0.5 / 8)
    assert only["values"] == {"u": 2.0, "v": 1.5}
    peak = only["q"][int(np.argmax(only["growth"]))]
    assert 2 * np.pi / peak == pytest.approx(only["wave"]["wavelength"], rel=0.02)
    assert data.point("allen-cahn", {}, 1.0, 9)["states"][1]["wave"] is None  # the homogeneous mode grows fastest
    kinds = {line["kind"] for line in data.plane("brusselator", {}, [2, 5], [4, 12])}
    assert kinds == {"Hopf", "Turing"}


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        (lambda d: d.program("gray_scott"), "did you mean 'gray-scott'"),
        (lambda d: d.program({"reaction": {"u": "u*"}, "diffusion": {}, "parameters": {}}), "reaction of u"),
        (lambda d: d.program({"reaction": ["u"]}), "reaction, diffusion and parameters"),
        (lambda d: d.begin("gray-scott", {}, "/etc/passwd", 0, 64, 64), "unknown initial condition"),
        (lambda d: d.begin("gray-scott", {}, "spots", 0, 2048, 1024), "too large"),
        (lambda d: d.point("gray-scott", {"f": 9}, 1.0, 9), "out of range"),
    ],
)
def test_what_the_server_refuses(ask, problem):
    with pytest.raises(UsageError, match=problem):
        ask(LiveData())


def test_every_known_pattern_has_a_picture_and_valid_parameters():
    assert {known.model for known in known_patterns()} == set(model_names())
    for known in known_patterns():
        get_model(known.model).complete(known.parameters)
        assert picture(known.picture)[:4] == b"RIFF", known.picture


def test_an_invalid_setting_ends_before_a_server_starts():
    for options, problem in (
        ({"model": "nope"}, "unknown model"),
        ({"parameters": {"f": 1}}, "without a model"),
        ({"model": "gray-scott", "parameters": {"f": "x:0:0.1"}}, "varies in space"),
        ({"size": (2048, 1024)}, "too large"),
        ({"initial": "nothing"}, "unknown initial condition"),
    ):
        with pytest.raises(UsageError, match=problem):
            live(**options)
