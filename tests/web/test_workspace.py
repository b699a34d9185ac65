"""The state that the pages of an explorer share, without a browser."""

import logging
import shutil
import time

import pytest

from morphoscope.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.operations.annotate import annotate
from morphoscope.web.server.explorer_site import ExplorerSite
from morphoscope.web.workspace import Workspace
from tests.web.clients import running, visits


class Listening:
    def __init__(self):
        self.changes = []

    def changed(self, positions):
        self.changes.append(positions)

    def broken(self, positions):
        raise RuntimeError("this page is gone")


@pytest.fixture
def workspace(workshop, tmp_path):
    shutil.copytree(workshop / "atlas", tmp_path / "atlas")
    return Workspace(Atlas(tmp_path / "atlas"))


def test_a_bound_method_is_removed(workspace):
    """A bound method is a new object at every access, so identity does not find it."""
    gone, there = Listening(), Listening()
    workspace.add_listener(gone.changed)
    workspace.add_listener(there.changed)
    workspace.remove_listener(gone.changed)
    workspace.annotate([0], "kappa", "ada")
    assert gone.changes == []
    assert there.changes == [[0]]


def test_a_listener_that_fails_does_not_stop_the_others(workspace, caplog):
    first, broken, last = Listening(), Listening(), Listening()
    for listener in (first.changed, broken.broken, last.changed):
        workspace.add_listener(listener)
    with caplog.at_level(logging.ERROR, "morphoscope.web"):
        assert workspace.annotate([3], "lambda", "ada") == 1
    assert first.changes == last.changes == [[3]]
    assert "this page is gone" in caplog.text
    assert workspace.labels[3] == "lambda"


def test_pages_that_were_closed_are_forgotten(workspace):
    site = ExplorerSite(workspace, "ada")
    with running(site) as server:
        for _ in range(3):
            assert visits(server)
        end = time.monotonic() + 20
        while len(site.channels):
            assert time.monotonic() < end, "closed pages are kept"
            time.sleep(0.05)
        assert len(workspace._listeners) == 1
    assert workspace._listeners == []


def test_a_change_from_elsewhere_is_noticed_once(workspace):
    page = Listening()
    workspace.add_listener(page.changed)
    workspace.notify_if_changed()
    assert page.changes == []
    annotate(workspace.atlas, "swirls", [2], who="grace")  # as the command line does
    workspace.notify_if_changed()
    workspace.notify_if_changed()
    assert page.changes == [[2]]
    assert workspace.labels[2] == "swirls"
    workspace.annotate([2], "kappa", "ada")
    workspace.notify_if_changed()
    assert page.changes == [[2], [2]]


def test_confirming_many_is_one_step(workspace):
    """Patterns of three classes are confirmed by one key, and undone by one."""
    before = list(workspace.labels)
    workspace.annotate([1], "", "ada")
    everything = list(range(len(before)))
    assert workspace.annotate(everything, None, "ada") == len(before) - 1  # rejected patterns are not confirmed
    assert workspace.annotate([1], None, "ada") == 0
    assert sum(workspace.annotated) == len(before)
    assert workspace.undo("ada") == len(before) - 1
    assert workspace.undo("ada") == 1
    assert (workspace.labels, sum(workspace.annotated)) == (before, 0)


@pytest.mark.parametrize(
    ("sent", "name", "words"),
    [
        ([0], "swirls", "unknown class 'swirls'"),  # a page creates classes in another way
        ([99], "kappa", "expected positions from 0 to 11"),
        ([True], "kappa", "expected positions"),
        ("0", "kappa", "expected a list"),
        ([0], 3, "expected the name"),
        ([], "kappa", "no run was given"),
    ],
)
def test_what_a_page_sends_is_checked(workspace, sent, name, words):
    with pytest.raises(UsageError, match=words):
        workspace.annotate(sent, name, "ada")
    assert workspace.atlas.annotations.log() == []


def test_the_next_pass_is_chosen_once(workspace, monkeypatch):
    """What the page shows is what is trained; it is chosen again only after a change."""
    from morphoscope.web import workspace as module

    calls = []
    choose = module.choose
    monkeypatch.setattr(module, "choose", lambda atlas: calls.append(atlas) or choose(atlas))
    monkeypatch.setattr(workspace.next_pass, "start", lambda choice, **_: calls.append(choice))
    with pytest.raises(UsageError, match="nothing in"):
        workspace.choice()
    workspace.annotate([0], "kappa", "ada")
    calls.clear()
    shown = workspace.choice()
    workspace.start_next_pass(runs_per_class=2, epochs=1, seed=0)
    assert calls == [workspace.atlas, shown]
    annotate(workspace.atlas, "swirls", [2], who="grace")
    workspace.start_next_pass(runs_per_class=2, epochs=1, seed=0)
    assert "swirls" in calls[-1].rows or calls[-1].contested
