"""Files of live runs: a picture or an array as the start, and a run kept as an ensemble; the server, and Chromium."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Ensemble
from morphoscope.models import get_model
from morphoscope.web.server.live_data import LiveData
from morphoscope.web.server.live_files import LiveFiles
from morphoscope.web.server.live_site import LiveSettings, LiveSite
from morphoscope.web.server.uploads import Uploads
from tests.web.accessibility import violations
from tests.web.clients import running
from tests.web.test_live import LiveVisit
from tests.web.test_photographs import DROP

MODEL = get_model("gray-scott")
SIDE = 64


def saved(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def stripes(width, height, wavelength):
    """Upright stripes under light that falls from left to right, PNG."""
    x = np.arange(width) + 0 * np.arange(height)[:, None]
    grey = np.round((150 + 80 * np.cos(2 * np.pi * x / wavelength)) * (1 - 0.4 * x / width)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def files(tmp_path):
    found = LiveFiles(LiveData(), Uploads(), tmp_path)
    yield found
    found.uploads.close()


def sent(files, content, name):
    number = files.uploads.upload(name, len(content))
    files.uploads.part(number, base64.b64encode(content).decode())
    return number


def start(files, content, name, width=SIDE, height=SIDE, **options):
    number = files.start_of(sent(files, content, name), "gray-scott", width, height, **options)
    return np.frombuffer(files.live.field(number).content, np.float32).reshape(2, height, width)


def test_a_state_is_taken_as_it_is(files):
    state = np.random.default_rng(0).random((2, SIDE, SIDE)).astype(np.float32)
    assert np.array_equal(start(files, saved(state), "state.npy"), state)
    buffer = io.BytesIO()
    np.savez(buffer, u=state[0], v=state[1])
    assert np.array_equal(start(files, buffer.getvalue(), "state.npz"), state)
    with pytest.raises(UsageError, match=r"state\.npy is a state of 64x64 cells, the run has 128x64"):
        start(files, saved(state), "state.npy", width=128)


def test_a_picture_becomes_a_start_without_distortion_and_light(files):
    """The middle 256 of 400 columns; 4 pixels a cell, so that stripes of 64 pixels have 16 cells."""
    content = stripes(400, 256, 64)
    u, v = start(files, content, "gel.png")
    low, high = (getattr(MODEL, name)["v"] for name in ("background", "perturbation"))
    assert (v.min(), v.max()) == pytest.approx((min(low, high), max(low, high)), abs=1e-6)
    row = v.mean(axis=0) - v.mean()
    assert np.argmax(np.abs(np.fft.rfft(row))) == SIDE // 16
    assert np.abs(v - v.mean(axis=0)).max() < 0.05 * np.ptp(v)
    tops = [row[left : left + 16].max() for left in range(0, SIDE, 16)]
    assert np.ptp(tops) < 0.1 * np.ptp(row)  # the light, which falls by 40 %, is gone
    share = (v - low) / (high - low)
    again = (start(files, content, "gel.png", bright=True)[1] - low) / (high - low)
    assert np.allclose(share + again, 1, atol=1e-5)
    assert np.allclose(
        (u - MODEL.background["u"]) / (MODEL.perturbation["u"] - MODEL.background["u"]), share, atol=1e-5
    )


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"no picture", "gel.png", "gel.png can't be read"),
        (saved(np.full((64, 64), np.nan)), "nan.npy", "nan.npy"),
        (saved(np.array([{}], dtype=object)), "code.npy", "could run code"),
        (stripes(64, 64, 1e9)[:80], "cut.png", "cut.png"),
        (saved(np.ones((64, 64))), "flat.npy", "flat.npy"),
    ],
)
def test_what_is_no_start_is_one_line(files, content, name, words):
    with pytest.raises(UsageError, match=words) as caught:
        start(files, content, name)
    assert "\n" not in str(caught.value)
    assert "morphoscope-files" not in str(caught.value)
    with pytest.raises(UsageError, match="two dimensions"):
        files.start_of(sent(files, stripes(64, 64, 8), "gel.png"), "gray-scott", SIDE, 1)


def kept(files, state, **changes):
    given = {"parameters": {"f": 0.03, "k": 0.06}, "spacing": 0.5, "boundary": "x=periodic,y=no-flux", "time": 250.5}
    return files.keep(sent(files, saved(state), "state.npy"), "gray-scott", **{**given, **changes})


def test_a_run_is_kept_as_an_ensemble(files, tmp_path):
    state = np.random.default_rng(1).random((2, 24, SIDE)).astype(np.float32)
    assert [kept(files, state), kept(files, state)] == ["live-gray-scott-1", "live-gray-scott-2"]
    found = Ensemble(tmp_path / "live-gray-scott-1")
    plan = found.plan
    assert np.array_equal(np.stack([found.frames(np.array([0]), name)[0, 0] for name in "uv"]), state)
    assert (plan.model.name, plan.times, plan.grid.spacing) == ("gray-scott", (250.5,), 0.5)
    assert plan.grid.boundary == "x=periodic,y=no-flux"
    assert {name: plan.values(name) for name in ("f", "k")} == {"f": [0.03], "k": [0.06]}
    assert morphoscope.check(tmp_path / "live-gray-scott-1") == []
    for changes in ({"spacing": 0}, {"time": float("nan")}, {"parameters": {"f": "x"}}, {"boundary": "open"},
                    {"parameters": {"f": -1e9, "nonsense": 2}}, {"time": None}):  # fmt: skip
        with pytest.raises(UsageError):
            kept(files, state, **changes)
    with pytest.raises(UsageError, match=r"expected \(species, y, x\)"):
        kept(files, state[:1])
    assert {path.name for path in tmp_path.iterdir()} == {"live-gray-scott-1", "live-gray-scott-2"}


def test_from_a_picture_to_an_ensemble_in_the_browser(chromium, files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with running(LiveSite(LiveSettings(width=SIDE, height=SIDE))) as server:
        visit = LiveVisit(chromium, server, hash="#model=gray-scott")
        tab = visit.tab
        tab.set_default_timeout(60_000)  # the first picture loads what prepares it
        visit.passes(0)
        chosen = {"name": "gel.png", "mimeType": "image/png", "buffer": stripes(200, 128, 32)}
        tab.get_by_label("Start from a picture or an array").set_input_files(chosen)
        tab.locator(".live-painting", has_text="Began from gel.png").wait_for()
        tab.get_by_role("button", name="Pause").click()
        tab.get_by_role("button", name="Reset").click()
        assert visit.shown_time() == 0
        tab.get_by_role("button", name="Save as ensemble").click()
        tab.locator(".live-transport", has_text="Saved as live-gray-scott-1").wait_for()
        found = Ensemble(tmp_path / "live-gray-scott-1")
        expected = start(files, stripes(200, 128, 32), "gel.png")
        assert np.allclose(found.frames(np.array([0]), "v")[0, 0], expected[1], atol=2e-3)  # of half precision
        tab.evaluate(DROP, [".live-canvas", ["broken.png", base64.b64encode(b"no picture").decode()]])
        tab.locator(".live-painting [role=alert]", has_text="broken.png").wait_for()
        assert violations(visit) == []
        visit.close()
