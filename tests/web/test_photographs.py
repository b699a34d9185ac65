"""A photograph on the page: what the server takes and refuses, and the view in a real Chromium."""

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from morphoscope.core.errors import UsageError
from morphoscope.web.server import uploads
from morphoscope.web.server.photograph_actions import PhotographActions
from tests.web.accessibility import violations
from tests.web.conftest import SCREENSHOTS
from tests.web.pages import PageVisit, explorer_of

WAVELENGTH = 16.0  # pixels


def picture(side=128):
    """Hexagons of bright spots, PNG."""
    y, x = np.mgrid[:side, :side]
    q = 2 * np.pi / WAVELENGTH
    angles = np.deg2rad([0, 60, 120])
    values = sum(np.cos(q * (np.cos(a) * x + np.sin(a) * y)) for a in angles)
    grey = np.round(40 + 150 * (values - values.min()) / np.ptp(values)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    return buffer.getvalue()


def sent(actions, content, name="gel.png"):
    number = actions.uploads.upload(name, len(content))
    half = len(content) // 2
    for part in (content[:half], content[half:]):
        actions.uploads.part(number, base64.b64encode(part).decode())
    return number


@pytest.fixture
def actions(unchanged_workspace):
    found = PhotographActions(unchanged_workspace.atlas, uploads.Uploads())
    yield found
    found.close()
    found.uploads.close()


def test_a_photograph_is_prepared_measured_and_identified(actions):
    number = sent(actions, picture())
    found = actions.photograph(number, scale="0.1mm")
    assert found["measures"]["kind"] == "bright spots"
    assert found["measures"]["unit"] == "mm"
    assert found["measures"]["wavelength"] == pytest.approx(0.1 * WAVELENGTH, rel=0.03)
    assert found["reading"]["kind"] == "bright spots"
    shares = [share for _, share, _ in found["reading"]["ranking"]]
    assert shares == sorted(shares, reverse=True)
    draws = found["reading"]["draws"]
    assert set(draws) == {"f", "k"}
    assert all(0 < k < 0.25 * (1 + f) for f, k in zip(draws["f"], draws["k"], strict=True))
    image = Image.open(io.BytesIO(actions.figure(found["figure"]).content))
    assert min(image.size) > 100
    inverted = actions.photograph(number, settings={"invert": True, "region": [0, 0, 100, 110]})
    assert inverted["measures"]["kind"] == "dark spots"
    assert inverted["measures"]["wavelength"] == pytest.approx(WAVELENGTH, rel=0.03)


def test_a_pattern_is_most_like_itself(unchanged_workspace, actions):
    """Each pattern of the atlas as a photograph: four times as large, inverted and faint."""
    atlas, ranks = unchanged_workspace.atlas, []
    for position in np.flatnonzero(~np.isnan(atlas.descriptors["wavelength"])).tolist():
        buffer = io.BytesIO()
        np.save(buffer, 0.4 - 0.01 * np.kron(atlas.frames(np.array([position]))[0, -1], np.ones((4, 4))))
        rows, cosines = zip(*actions.similar(sent(actions, buffer.getvalue(), "gel.npy")), strict=True)
        assert list(cosines) == sorted(cosines, reverse=True)
        ranks.append(rows.index(position))
        assert actions.alike(position)[0] == position
    for wrong in (True, -1, 12, "1", None):
        with pytest.raises(UsageError, match="expected a row"):
            actions.alike(wrong)
    with pytest.raises(UsageError, match="no pattern"):
        actions.alike(int(atlas.members("H")[0]))
    assert len(ranks) == 8
    assert np.median(ranks) <= 1


def bomb():
    """The head of a PNG of 10^10 pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


@pytest.mark.parametrize(
    "content",
    [b"no picture", picture()[:200], bomb(), b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(40)],
    ids=["text", "truncated", "bomb", "signature", "gif"],
)
@pytest.mark.parametrize("name", ["gel.png", "gel.mat", "gel.npy", "gel.tif"])
def test_malformed_files_are_one_line_with_the_name_that_the_user_knows(actions, content, name):
    number = sent(actions, content, name)
    with pytest.raises(UsageError) as caught:
        actions.photograph(number)
    text = str(caught.value)
    assert "\n" not in text
    assert "morphoscope-files" not in text
    assert "gel" in text


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("a.exe", 10, "no picture"),
        ("../../a.py", 10, "no picture"),
        ("a.png", 0, "empty"),
        ("a.png", True, "empty"),
        ("a.png", "9", "empty"),
        ("a.png", 10**9, "at most 32 MiB"),
        (7, 10, "expected a text"),
        ("a" * 300 + ".png", 10, "expected a text"),
    ],
)
def test_other_files_are_refused_before_they_are_sent(actions, name, size, words):
    with pytest.raises(UsageError, match=words):
        actions.uploads.upload(name, size)


def test_parts_and_settings_are_checked(actions, monkeypatch):
    number = actions.uploads.upload("a.png", 4)
    for wrong, words in (("!", "malformed"), (base64.b64encode(bytes(5)).decode(), "more bytes"), (None, "a text")):
        with pytest.raises(UsageError, match=words):
            actions.uploads.part(number, wrong)
    with pytest.raises(UsageError, match="not arrived"):
        actions.photograph(number)
    number = sent(actions, picture())
    for values, words in (
        ({"settings": []}, "settings"), ({"settings": {"dust": 1}}, "settings"),
        ({"settings": {"channel": "x"}}, "channel"),
        ({"settings": {"channel": [1]}}, "channel"), ({"settings": {"region": [None, 1, 2, 3]}}, "region"),
        ({"scale": "wide"}, "scale"), ({"scale": 3}, "text"), ({"size": [1]}, "width"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=words):
            actions.photograph(number, **values)
    monkeypatch.setattr(uploads, "MOST_PIXELS", 1000)
    with pytest.raises(UsageError, match="128x128 pixels; at most 1,000"):
        actions.photograph(number)
    with pytest.raises(UsageError, match="no longer there"):
        actions.photograph(99)


def test_few_photographs_are_kept_and_none_after_the_end(actions):
    numbers = [sent(actions, b"x" * 10) for _ in range(6)]
    folder = actions.uploads.whole(numbers[-1]).path.parent
    assert len(list(folder.iterdir())) == 4
    with pytest.raises(UsageError, match="no longer there"):
        actions.photograph(numbers[0])
    actions.uploads.close()
    assert not folder.exists()


DROP = """([where, ...files]) => {
    for (const [name, text] of files) {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
        const options = { dataTransfer: data, bubbles: true, cancelable: true };
        const target = document.querySelector(where);
        for (const kind of ["dragover", "drop"]) target.dispatchEvent(new DragEvent(kind, options));
    }
}"""


def test_a_photograph_on_the_page(chromium, unchanged_workspace):
    """Chosen by the dialog, prepared again with a scale; then two are dropped, the second while the first is sent."""
    with explorer_of(unchanged_workspace) as server:
        visit = PageVisit(chromium, server)
        tab = visit.tab
        visit.turn_to("Photograph")
        tab.locator("input[type=file]").set_input_files(
            {"name": "gel.png", "mimeType": "image/png", "buffer": picture()}
        )
        tab.locator(".photograph", has_text="Looks like bright spots").wait_for()
        tab.locator(".photograph img.steps").evaluate("image => image.decode()")
        reading = tab.locator(".photograph", has_text="Looks like").get_by_text("Looks like").bounding_box()
        assert reading["y"] < tab.viewport_size["height"]  # without scrolling; the figure of the steps is below
        tab.get_by_role("textbox", name="Side of a pixel").fill("0.1mm")
        tab.keyboard.press("Enter")
        tab.locator(".photograph", has_text=" mm").wait_for()
        tab.locator(".photograph .similar button").first.wait_for()
        assert violations(visit) == []
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=SCREENSHOTS / "photograph-light.png")
        tab.locator(".photograph .similar button").first.click()
        tab.get_by_role("tab", name="Pattern", selected=True).wait_for()
        tab.get_by_role("button", name="patterns like this one").click()
        tab.locator(".count", has_text="8 patterns").wait_for()
        dropped = {"good.png": picture(), "broken.png": b"no picture"}
        tab.evaluate(DROP, [".map-plot", *([n, base64.b64encode(b).decode()] for n, b in dropped.items())])
        alert = tab.locator(".photograph [role=alert]", has_text="broken.png")
        alert.wait_for()
        tab.set_viewport_size({"width": 390, "height": 844})
        tab.emulate_media(color_scheme="dark")
        tab.locator("input[type=file]").set_input_files(
            {"name": "gel.png", "mimeType": "image/png", "buffer": picture()}
        )
        tab.locator(".photograph", has_text="Looks like bright spots").wait_for()
        assert tab.get_by_role("textbox", name="Side of a pixel").input_value() == ""  # of the photograph before
        assert violations(visit) == []
        tab.screenshot(path=SCREENSHOTS / "photograph-dark-390.png", full_page=True)
        assert visit.complaints == []
        visit.close()
