"""Parts of the page without a browser: live runs, uploads, messages, colours, export."""

import contextlib
import io
import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from morphoscope.atlas import Atlas
from morphoscope.core import outside_arrays
from morphoscope.core.errors import UsageError
from morphoscope.learning.classifier import Classifier
from morphoscope.web import uploads
from morphoscope.web.live_run import LiveRun, outside
from morphoscope.web.live_view import LiveView
from morphoscope.web.server.actions import Actions
from morphoscope.web.style import PALETTES
from morphoscope.web.workspace import Workspace


@pytest.fixture(scope="module")
def plan(workshop):
    return Atlas(workshop / "atlas").plan


def test_a_live_run_agrees_with_the_engine(plan):
    from morphoscope.ensembles.execution import repeat_runs

    live = LiveRun(plan, dict(plan.runs[0].parameters), seed=plan.runs[0].seed)
    before = live.advance(plan.steps[0] - 7)
    _, frames = live.advance_and_sample(7 + plan.steps[-1] - plan.steps[0])
    assert np.array_equal(frames, repeat_runs(plan, [0])[0])
    assert before.shape == plan.grid.shape
    assert live.time == plan.until


def test_a_live_run_is_steered_and_painted(plan):
    live = LiveRun(plan, {"f": 0.005, "k": 0.05}, initial="noise:amplitude=0")
    assert live.advance(1).std() < 1e-6
    live.steer({"f": 0.046, "k": 0.063})
    assert live.parameters["f"] == 0.046
    live.paint(1.0, 2.0, 3.0)  # across the corner
    field = live.advance(1)
    assert field.std() > 1e-4
    assert (field[:4, :3] != field[30, 30]).mean() > 0.5
    assert field[-1, 1] != field[30, 30]
    for place in ((np.nan, 1.0, 3.0), (1.0, np.inf, 3.0), (1.0, 1.0, 0.0), (1.0, 1.0, 1e9)):
        live.paint(*place)
    with pytest.raises(UsageError, match="out of range"):
        live.steer({"f": 3.0})
    with pytest.raises(UsageError, match="unknown initial condition"):
        live.reset({}, __file__, 0)


def test_a_live_run_says_when_it_is_outside_the_learned_times(workshop):
    learned = Classifier.load(workshop / "classifier").learned_times
    assert learned == (2940.0, 2970.0, 3000.0)
    assert outside(2969.0, learned) == outside(3000.0, learned) == outside(10.0, ()) == ""
    assert outside(500.0, learned) == "earlier than the patterns that the classifier has learned (t = 2940 to 3000)"
    assert outside(9e3, (3000.0,)) == "later than the patterns that the classifier has learned (t = 3000)"
    view = LiveView(Workspace(Atlas(workshop / "atlas")), lambda x, y: None)
    view._load_classifier()
    view.frames_shown = 14
    view._show(view.run.advance(1))
    assert "earlier than the patterns" in view.status.object


def test_uploads_are_states_of_the_grid(plan):
    model, (height, width) = plan.model, plan.grid.shape
    buffer = io.BytesIO()
    np.savez_compressed(buffer, u=np.ones((height, width)), v=np.zeros((height, width)))
    assert uploads.state_from("a.npz", buffer.getvalue(), plan).shape == (2, height, width)
    picture = io.BytesIO()
    Image.new("RGB", (200, 100), "black").save(picture, "JPEG")
    state = uploads.state_from("C:\\photos\\../../me.JPG", picture.getvalue(), plan)
    assert state[0].mean() == pytest.approx(model.perturbation["u"], abs=0.02)


def test_invalid_uploads_are_refused(plan, monkeypatch):
    bomb = io.BytesIO()
    np.savez_compressed(bomb, u=np.zeros((4000, 4000)), v=np.zeros(1))
    small = io.BytesIO()
    np.savez_compressed(small, u=np.ones((4, 4)), v=np.ones((4, 4)))
    pickled = io.BytesIO()
    np.save(pickled, np.array([{"a": 1}]), allow_pickle=True)
    postscript = io.BytesIO()
    Image.new("L", (20, 20)).save(postscript, "EPS")
    for name, content, words in (
        ("a.exe", b"MZ", "expected one of"),
        ("a", b"", "expected one of"),
        ("a.npz", b"PK\x03\x04 no archive", "the file can't be read"),
        ("a.npz", bomb.getvalue(), "at most"),
        ("a.npz", small.getvalue(), "expected 64x64"),
        ("a.npy", pickled.getvalue(), "could run code"),
        ("a.npy", b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'shape': (", "can't be read"),
        ("a.png", postscript.getvalue(), "can't be read"),
        ("a.png", b"\x89PNG\r\n\x1a\n broken", "can't be read"),
        ("a.png", b"x" * (uploads.UPLOAD_BYTES + 1), "at most"),
    ):
        with pytest.raises(UsageError, match=words):
            uploads.state_from(name, content, plan)
    monkeypatch.setattr(outside_arrays, "MAX_PIXELS", 10)
    picture = io.BytesIO()
    Image.new("L", (20, 20)).save(picture, "PNG")
    with pytest.raises(UsageError, match="pixels"):
        uploads.state_from("a.png", picture.getvalue(), plan)


@given(st.binary(max_size=300), st.sampled_from(sorted(uploads.UPLOADS)))
def test_any_upload_is_a_state_or_an_error(workshop, content, suffix):
    with pytest.raises(UsageError):
        uploads.state_from(f"a{suffix}", content, Atlas(workshop / "atlas").plan)


messages = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
ACTIONS = st.sampled_from(["annotate", "undo", "create", "agreement", "train", "log", "choice", "compare"])
VALUES = st.dictionaries(st.sampled_from(["rows", "name", "who", "why", "symbol", "colour", "runs", "first"]), messages)


@given(ACTIONS, VALUES)
def test_no_request_of_a_page_causes_damage(workshop, tmp_path_factory, action, values):
    """Every request is carried out or refused with one line; only known classes are ever stored."""
    actions = _fuzzed(workshop, tmp_path_factory)
    workspace = actions.workspace
    with contextlib.suppress(UsageError, TypeError):
        json.dumps(actions.by_name[action](**values))
    allowed = {"", *workspace.atlas.all_classes()}
    assert {annotation.new for annotation in workspace.atlas.annotations.log()} <= allowed


def _fuzzed(workshop, factory, kept=[]):  # noqa: B006 – one place for all examples
    if not kept:
        folder = factory.mktemp("fuzz") / "atlas"
        shutil.copytree(workshop / "atlas", folder)
        kept.append(Actions(Workspace(Atlas(folder))))
    return kept[0]


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", PALETTES)
def test_contrast_is_aa(theme):
    """WCAG 2.2: 4.5 for text, 3 for borders of controls and focus rings."""
    colours = PALETTES[theme]
    for ground in ("surface", "page", "hover"):
        for text in ("ink", "soft"):
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for mark in ("line", "focus", "accent"):
        assert _contrast(colours[mark], colours["surface"]) >= 3, mark
    assert _contrast(colours["surface"], colours["accent"]) >= 4.5  # text on a pressed button
    for text in ("good", "accent", "bad"):
        assert _contrast(colours[text], colours["surface"]) >= 4.5, text
