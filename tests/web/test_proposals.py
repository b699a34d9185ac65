"""Proposed classes: what a page may ask, and the view in a real Chromium."""

import shutil

import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.web.server.explorer_data import ExplorerData
from morphoscope.web.server.proposal_actions import ProposalActions
from morphoscope.web.workspace import Workspace
from tests.web.accessibility import violations
from tests.web.conftest import SCREENSHOTS
from tests.web.pages import PageVisit, explorer_of, until


def test_proposals_are_described_beside_what_they_were_read_as(proposed):
    atlas, found = proposed.atlas, ProposalActions(proposed).proposals()
    assert found["folder"] == str(proposed.proposals)
    first = found["proposals"][0]
    assert atlas.runs[first["rows"]].tolist() == list(proposed.discovery()[0].runs)
    assert "40% of their neighbours" in first["reason"]
    alike = [side for side in first["beside"] if side["alike"]]
    assert [(side["name"], atlas.runs[side["rows"]].tolist()) for side in alike] == [
        (name, list(runs)) for name, runs in proposed.discovery()[0].alike.items() if runs
    ]
    assert not any(side["alike"] for side in found["proposals"][1]["beside"])  # as of an earlier version
    for side in first["beside"]:
        assert side["name"] in dict(first["readAs"])
        assert {atlas.reading.names[row] for row in side["rows"]} == {side["name"]}
        assert not set(side["rows"]) & set(first["rows"])


def test_accepting_does_what_the_command_does(proposed):
    actions, atlas = ProposalActions(proposed), proposed.atlas
    heard = []
    proposed.add_listener(heard.append)
    assert actions.accept(2, "moving", "ada") == ""
    assert heard[-1] == [3, 4]
    page = [(a.run, a.who, a.new, a.why) for a in atlas.annotations.log()]
    assert {why for *_, why in page} == {"proposal 2 of discover"}
    assert len(atlas.annotations.undo("ada")) == 2
    assert morphoscope.accept(atlas, proposed.proposals, 2, "moving", who="ada") == 2
    assert [(a.run, a.who, a.new, a.why) for a in atlas.annotations.log()][2:] == page
    for number, name, words in (
        (3, "x", "there are 2"), (True, "x", "number of a proposal"), (1, "", "name the class"),
        (1, "two words", "expected a word"), (1, 7, "expected a text"), (1, "ambiguous", "name the class"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=words):
            actions.accept(number, name, "ada")
    assert len(atlas.annotations.log()) == 4


def test_the_folder_is_given_or_found_beside_the_atlas(proposed, tmp_path, small_atlas):
    beside = proposed.proposals
    assert beside == (tmp_path / "proposals").resolve()
    shutil.move(beside, tmp_path / "elsewhere")
    atlas = Atlas(proposed.atlas.folder)
    assert Workspace(atlas).proposals is None
    with pytest.raises(UsageError, match="no proposals for this atlas"):
        ProposalActions(Workspace(atlas)).proposals()
    given = Workspace(atlas, proposals=tmp_path / "elsewhere")
    assert len(given.discovery()) == 2
    assert b'"proposals": true' in ExplorerData(given, "ada").sources["manifest"](0).content
    with pytest.raises(UsageError, match="has no proposals"):
        Workspace(atlas, proposals=tmp_path / "nowhere")
    with pytest.raises(UsageError, match="of another atlas"):
        Workspace(small_atlas, proposals=tmp_path / "elsewhere")


def test_proposals_on_the_page(chromium, proposed):
    """Where a proposal lies, its patterns in the montage, and accepting it by keyboard."""
    with explorer_of(proposed) as server:
        visit, phone = PageVisit(chromium, server), PageVisit(chromium, server, width=390, height=844, scheme="dark")
        tab = visit.tab
        visit.turn_to("Proposals")
        phone.turn_to("Proposals")
        card = tab.get_by_role("region", name="Proposal 1")
        card.get_by_role("button", name="Show proposal 1 on the map").click()
        tab.get_by_role("button", name="clear selection (3)").wait_for()
        card.get_by_role("button", name="Show proposal 1 on the map", pressed=True).wait_for()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=SCREENSHOTS / "page-proposals.png")
        phone.tab.get_by_role("region", name="Proposal 1").wait_for()
        assert (violations(visit), violations(phone)) == ([], [])
        assert phone.tab.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        card.get_by_role("textbox").or_(card.get_by_role("combobox")).focus()
        tab.keyboard.type("two words")
        tab.keyboard.press("Enter")
        visit.told("can't be the name of a class")
        assert proposed.atlas.annotations.log() == []
        tab.keyboard.press("Control+A")
        tab.keyboard.type("moving")
        tab.keyboard.press("Enter")
        visit.told("Saved: proposal 1, 3 runs: moving")
        assert [proposed.atlas.labels()[row] for row in (0, 1, 2)] == ["moving"] * 3
        card.get_by_text("labelled:").wait_for()
        phone.tab.get_by_role("region", name="Proposal 1").get_by_text("labelled:").wait_for()
        card.get_by_role("button", name="Proposal 1 in the montage").click()
        until(lambda: tab.locator(".tile").count() == 3)
        visit.close()
        phone.close()
