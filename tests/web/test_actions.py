"""Requests of pages, whatever is in them."""

import contextlib
import json
import shutil

from hypothesis import given
from hypothesis import strategies as st

from morphoscope.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.web.server.actions import Actions
from morphoscope.web.workspace import Workspace

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
