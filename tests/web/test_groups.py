"""The groups of a chart: what a page may ask, and the view in a real Chromium."""

import shutil

import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.web.server.explorer_data import ExplorerData
from morphoscope.web.server.group_actions import GroupActions
from morphoscope.web.workspace import Workspace
from tests.web.accessibility import violations
from tests.web.conftest import SCREENSHOTS
from tests.web.pages import PageVisit, explorer_of, until


@pytest.fixture
def workspace(charted, tmp_path):
    shutil.copytree(charted, tmp_path / "made")
    return Workspace(Atlas(tmp_path / "made"))


def names(actions):
    return [group["name"] for group in actions.groups()["groups"] if group["runs"]]


def test_groups_are_described_changed_and_restored(workspace):
    actions, before = GroupActions(workspace), workspace.atlas
    found = actions.groups()
    rows = {group["name"]: group for group in found["groups"]}
    assert {name: group["runs"] for name, group in rows.items()} == before.counts()
    assert [before.reading.names[row] for row in rows["g1"]["typical"]] == ["g1"] * len(rows["g1"]["typical"])
    assert rows["g1"]["unsplittable"] == ""
    assert "homogeneous" in next(g["unsplittable"] for name, g in rows.items() if name.startswith("homogeneous"))
    heard = []
    workspace.add_listener(heard.append)
    actions.regroup("ada", rename={"g1": "spots"})
    actions.regroup("ada", split={"spots": 2})
    assert names(actions)[:3] == ["spots-a", "spots-b", "g2"]
    actions.regroup("ada", merge={"rest": ["spots-b", "g2"]})
    found = actions.groups()
    assert [change["what"] for change in found["changes"]][-1] == "merged spots-b, g2 into rest"
    assert found["edition"] == workspace.edition
    assert len(heard) == 3
    for _ in range(3):
        actions.regroup("ada", undo=True)
    assert workspace.atlas.classes == before.classes
    assert workspace.labels == before.labels()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rename": {"g1": "two words"}}, "expected a word"),
        ({"rename": ["g1"]}, "names of groups"),
        ({"rename": {"g1": 3}}, "expected a text"),
        ({"merge": {"x": "g1"}}, "list of groups"),
        ({"split": {"g1": True}}, "whole number"),
        ({"split": {"g1": 100}}, "2 to 26"),
        ({"undo": True}, "left to undo"),
        ({"undo": "yes"}, "true or false"),
        ({}, "nothing to do"),
    ],
)
def test_other_requests_are_refused_and_change_nothing(workspace, wrong, words):
    edition = workspace.edition
    with pytest.raises(UsageError, match=words):
        GroupActions(workspace).regroup("ada", **wrong)
    assert workspace.edition == edition


def test_an_atlas_of_a_classifier_has_no_groups(unchanged_workspace):
    actions = GroupActions(unchanged_workspace)
    for ask in (actions.groups, lambda: actions.regroup("ada", confirm=True), lambda: actions.classifier("ada")):
        with pytest.raises(UsageError, match="is no chart"):
            ask()
    assert ExplorerData(unchanged_workspace, "ada").sources["manifest"](0).content.count(b'"groups": false') == 1


def test_a_change_by_a_command_is_followed(workspace):
    """Labels, columns and table of the page are those of the groups as they are on the disk."""
    data, heard = ExplorerData(workspace, "ada"), []
    workspace.add_listener(lambda positions: heard.append(data.changes(positions)))
    workspace.annotate([0], workspace.labels[0], "ada")
    edition = heard[-1]["edition"]
    morphoscope.regroup(workspace.atlas.folder, rename={"g1": "spots"}, who="grace")
    workspace.notify_if_changed()
    assert heard[-1]["edition"] != edition
    assert "spots" in [info["name"] for info in heard[-1]["classes"]]
    assert b"P(spots)" in data.sources["manifest"](0).content
    assert not data.sources["table"](0).kept


def test_a_confirmed_chart_trains_and_reads_the_runs_again(workspace, monkeypatch):
    """One request confirms, trains and reads; while that runs, the groups can't be changed."""
    from morphoscope.web import next_pass

    def short(*arguments, epochs, **options):
        return morphoscope.train(*arguments, epochs=1, **options)

    monkeypatch.setattr(next_pass, "train", short)
    actions = GroupActions(workspace)
    actions.classifier("ada")
    if workspace.next_pass.running:
        with pytest.raises(UsageError, match="is being trained"):
            actions.regroup("ada", rename={"g1": "spots"})
    until(lambda: workspace.next_pass.status.phase != "running", seconds=60)
    status = workspace.next_pass.status
    assert status.phase == "done", status.text
    assert status.result.runs.tolist() == workspace.atlas.runs.tolist()
    assert actions.groups()["confirmed"]["who"] == "ada"


def test_groups_on_the_page(chromium, workspace):
    """By keyboard alone: another name, a split, a merge, undo; map, legend and another page follow."""
    with explorer_of(workspace) as server:
        visit, other = PageVisit(chromium, server), PageVisit(chromium, server, width=390, height=844, scheme="dark")
        tab = visit.tab
        visit.turn_to("Groups")
        other.turn_to("Groups")
        other.tab.locator("[data-group=g1]").wait_for()
        tab.get_by_role("textbox", name="Name of g1").fill("not a name")
        tab.keyboard.press("Enter")
        visit.told("can't be a name")
        tab.get_by_role("textbox", name="Name of g1").fill("spots")
        tab.keyboard.press("Enter")
        visit.told("Saved: g1 renamed spots")
        assert Atlas(workspace.atlas.folder).classes[0] == "spots"
        tab.locator("[data-group=spots] input:focus").wait_for()
        tab.get_by_role("button", name="spots,").wait_for()  # in the legend
        other.tab.locator("[data-group=spots]").wait_for()
        tab.get_by_role("button", name="Split spots").focus()
        tab.keyboard.press("Enter")
        visit.told("Saved: spots split into 2")
        tab.locator("[data-group=spots-b]").wait_for()
        for name in ("spots-b", "g2"):
            tab.get_by_role("checkbox", name=f"Tick {name}").focus()
            tab.keyboard.press("Space")
        tab.get_by_role("textbox", name="Name of the merged group").fill("rest")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=SCREENSHOTS / "page-groups.png")
        found = violations(visit), violations(other)
        assert found == ([], [])
        tab.keyboard.press("Enter")
        visit.told("Saved: spots-b, g2 merged into rest")
        tab.get_by_role("button", name="Show rest on the map").click()
        tab.get_by_role("button", name=f"clear selection ({workspace.labels.count('rest')})").wait_for()
        tab.get_by_role("button", name="undo", exact=True).click()
        tab.locator("[data-group=g2]").wait_for()
        tab.get_by_role("button", name="Montage of g2").click()
        tab.get_by_role("combobox", name="Patterns").locator("option:checked", has_text="g2").wait_for(state="attached")
        visit.turn_to("Groups")
        tab.get_by_role("button", name="confirm the groups").click()
        tab.get_by_text("ada confirmed these groups").wait_for()
        tab.get_by_role("button", name="train a classifier").wait_for()
        visit.close()
        other.close()
    assert workspace.atlas.metadata["chart"]["confirmed"]["who"] == "ada"
