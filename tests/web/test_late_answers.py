"""Answers that come late or in another order: what is shown and stored is what the reader has chosen."""

import re
import shutil

import pytest

from morphoscope.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.operations.annotate import annotate
from morphoscope.web.server.actions import Actions
from morphoscope.web.server.proposal_actions import ProposalActions
from tests.web.conftest import copied_workspace
from tests.web.held import held_action, held_requests
from tests.web.pages import PageVisit, explorer_of, until


def rows_of(tab):
    return tab.locator(".tile").evaluate_all("all => all.map((t) => Number(t.dataset.row))")


def group_of(tab):
    return tab.get_by_role("combobox", name="Patterns").input_value()


def test_a_label_of_the_shown_pattern_leaves_the_montage_as_it_is(own):
    """The montage that no group was chosen for shows the class of the shown pattern; a label changes that class."""
    visit, workspace = own
    tab = visit.tab
    visit.turn_to("Montage")
    tab.locator(".tile").first.wait_for()
    before, group = rows_of(tab), group_of(tab)
    name = next(name for name in workspace.atlas.all_classes() if name != group)
    place = str(list(workspace.atlas.all_classes()).index(name) + 1)
    tab.locator(".tile").first.click()  # shows it
    tab.get_by_role("listbox").press(place)
    visit.told("Saved: run")
    tab.locator(".count", has_text="1 labelled").wait_for()
    assert (group_of(tab), rows_of(tab)) == (group, before)
    tab.keyboard.press("Control+a")
    tab.keyboard.press("x")  # nothing of the group is left
    visit.told(f"{len(before)} patterns: rejected")
    tab.locator(".count", has_text=f"{len(before)} labelled").wait_for()
    assert (group_of(tab), rows_of(tab)) == (group, before)


def test_another_order_is_shown_when_its_values_are_there(own):
    """A key does not label by the old order what the new one shows."""
    visit, workspace = own
    visit.montage("all")
    with held_requests(visit.tab, "**/data/column/*") as held:
        visit.tab.get_by_role("combobox", name="Sorted by").select_option("wavelength")
        until(lambda: visit.tab.evaluate("document.querySelectorAll('.tile').length") == 0 and held)
    visit.tab.locator(".tile").first.wait_for()
    assert workspace.atlas.annotations.log() == []


def test_a_comparison_that_comes_late_moves_no_pattern(chromium, workshop, tmp_path):
    """Neither in the group of those that are read differently nor in another one."""
    workspace = copied_workspace(workshop, tmp_path)
    workspace.compared = Atlas(workspace.atlas.folder)
    with explorer_of(workspace) as server, held_action(server, "compare") as compare:
        visit = PageVisit(chromium, server, hash="#tab=montage&group=*differing")
        visit.tab.locator(".montage .skeleton").wait_for()
        visit.montage("all").press("ArrowRight")
        focus = visit.tab.locator(".tile.focus").get_attribute("data-row")
        compare.release()
        visit.tab.locator(".chip", has_text="read differently by").wait_for()
        assert visit.tab.locator(".tile.focus").get_attribute("data-row") == focus
        visit.close()


def test_a_reader_at_something_else_is_left_there(own):
    """Similar patterns take seconds to be found; meanwhile one labels others."""
    visit, _ = own
    with held_action(visit.server, "alike", answer=lambda row: [row, 0, 1]) as alike:
        for stay in (False, True):
            visit.turn_to("Pattern")
            visit.tab.get_by_role("button", name="patterns like this one").click()
            if not stay:
                visit.montage("all").press("End")
                focus = visit.tab.locator(".tile.focus").get_attribute("data-row")
            alike.release()
            if stay:
                visit.tab.locator(".count", has_text="3 patterns").wait_for()
            else:
                visit.told("have been found")
                assert visit.tab.locator(".tile.focus").get_attribute("data-row") == focus
                assert group_of(visit.tab) == "*all"
                alike.hold()


def test_a_class_is_confirmed_as_it_was_seen(own):
    """A label by somebody else that the page has not received yet is not confirmed unseen."""
    visit, workspace = own
    visit.montage("all")
    row = int(visit.tab.locator(".tile.focus").get_attribute("data-row"))
    other = next(name for name in workspace.atlas.all_classes() if name != workspace.labels[row])
    workspace.notify_if_changed = lambda: None  # the server has not looked yet
    annotate(workspace.atlas, other, [int(workspace.atlas.runs[row])], who="grace")
    visit.tab.keyboard.press(" ")
    visit.told("got another class meanwhile")
    assert {entry.who for entry in workspace.atlas.annotations.log()} == {"grace"}


def test_what_is_confirmed_is_checked(workspace):
    ask, labels = Actions(workspace).annotate, workspace.labels
    assert ask([0, 1], None, "ada", seen=labels[:2]) == ""
    for wrong, words in ((labels[:1], "of each"), ("kappa", "of each"), (["x", labels[1]], "1 of these")):
        with pytest.raises(UsageError, match=words):
            ask([0, 1], None, "ada", seen=wrong)
    assert len(workspace.atlas.annotations.log()) == 2


def test_a_proposal_is_accepted_as_it_was_seen(proposed):
    """Another search may have replaced the proposals while the page was open."""
    import dataclasses

    from morphoscope.atlas.proposals import Discovery

    actions, found = ProposalActions(proposed), proposed.discovery()
    keys = [one["key"] for one in actions.proposals()["proposals"]]
    first, second = found.proposals
    swapped = (dataclasses.replace(second, number=1), dataclasses.replace(first, number=2))
    Discovery(swapped, found.plan_hash).save(proposed.proposals)
    with pytest.raises(UsageError, match="made again meanwhile"):
        actions.accept(1, "moving", "ada", keys[0])
    assert proposed.atlas.annotations.log() == []
    actions.accept(1, "moving", "ada", keys[1])
    assert {entry.run for entry in proposed.atlas.annotations.log()} == set(second.runs)


def test_another_persons_label_is_not_called_saved(own):
    """After a label that was not stored, the same pattern gets one from somebody else."""
    visit, workspace = own
    visit.montage("all")
    row = int(visit.tab.locator(".tile.focus").get_attribute("data-row"))
    names = [name for name in workspace.atlas.all_classes() if name != workspace.labels[row]]

    def fail(**values):
        raise UsageError("the disk is full")

    with held_action(visit.server, "annotate", answer=fail) as refused:
        refused.release()
        visit.tab.keyboard.press("x")
        visit.told("the disk is full")
    annotate(workspace.atlas, names[0], [int(workspace.atlas.runs[row])], who="grace")
    visit.tab.locator(".count", has_text="1 labelled").wait_for()
    assert "Saved" not in visit.tab.locator(".told").inner_text()
    visit.tab.locator(".tile.unsaved").wait_for()


def test_a_picture_that_did_not_come_is_asked_for_again(own):
    """The classifier is not blamed for it, and the other picture of the run is not taken for missing, too."""
    visit, _ = own
    tab = visit.tab
    tab.route("**/data/composite/*", lambda route: route.abort())
    tab.get_by_role("button", name="composite").click()
    tab.get_by_text("The composite could not be made").wait_for()
    tab.get_by_role("button", name="saliency").click()
    tab.locator("img[alt^=saliency]").wait_for()
    tab.unroute("**/data/composite/*")
    tab.get_by_role("button", name="composite").click()
    tab.locator("img[alt^=composite]").wait_for()
    visit.complaints = [text for text in visit.complaints if "ERR_FAILED" not in text]


def test_a_refused_pass_is_told_until_the_next_one(own):
    """Not only until the page asks again how far the pass is."""
    visit, workspace = own
    workspace.annotate([0], "kappa", "ada")
    visit.turn_to("Next pass")
    visit.tab.get_by_role("spinbutton", name="Epochs").fill("5000")
    asked = []
    with held_action(visit.server, "status", answer=lambda: asked.append(1) or real()) as status:
        real = status.real
        status.release()
        visit.tab.get_by_role("button", name="train the next pass").click()
        visit.tab.get_by_text("expected a number from 0 to 1000").wait_for()
        before = len(asked)
        until(lambda: visit.tab.evaluate("1") and len(asked) > before + 2)
    assert visit.tab.get_by_text("expected a number from 0 to 1000").count() == 1


def test_a_pass_that_ended_elsewhere_is_the_one_that_is_compared(chromium, workshop, tmp_path):
    """A comparison that the page has is replaced when another pass has ended while its tab was not shown."""
    workspace = copied_workspace(workshop, tmp_path)
    workspace.compared = Atlas(workspace.atlas.folder)
    with explorer_of(workspace) as server:
        visit = PageVisit(chromium, server)
        visit.turn_to("Compare")
        visit.tab.get_by_text("of 12 runs agree").wait_for()
        visit.turn_to("Montage")
        second = Atlas(shutil.copytree(workspace.atlas.folder, tmp_path / "second"))
        workspace.next_pass.status.phase, workspace.next_pass.status.result = "done", second
        visit.turn_to("Compare")
        visit.tab.locator(".compare b", has_text=re.compile("^second$")).wait_for()
        visit.close()
