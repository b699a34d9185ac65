"""Choices that overtake each other: models, starts, colours, groups, history, and keys in a page from disk."""

import base64
import concurrent.futures
import contextlib
import io
import json
import shutil
import threading

import numpy as np
import pytest
from PIL import Image

from morphoscope.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.web.packing import export_atlas
from morphoscope.web.server import live_files
from morphoscope.web.server.group_actions import GroupActions
from morphoscope.web.server.live_data import LiveData
from morphoscope.web.server.live_files import LiveFiles
from morphoscope.web.server.uploads import Uploads
from morphoscope.web.workspace import Workspace
from tests.web.held import held_action, held_requests
from tests.web.pages import PageVisit, until
from tests.web.test_live import LiveVisit
from tests.web.test_photographs import picture


class ByArgument:
    """An action that waits for one of its answers only, which another value of an argument tells from the others."""

    def __init__(self, server, name, argument, value):
        self.actions, self.name, self.argument, self.value = server.site.channels.actions, name, argument, value
        self.begun, self.ended, self._free = threading.Event(), threading.Event(), threading.Event()

    def __enter__(self):
        real = self.real = self.actions[self.name]

        def action(**values):
            waits = values[self.argument] == self.value
            if waits:
                self.begun.set()
                assert self._free.wait(60), "nobody let it go"
            found = real(**values)
            if waits:
                self.ended.set()
            return found

        self.actions[self.name] = action
        return self

    def release(self):
        self._free.set()

    def __exit__(self, *problem):
        self._free.set()
        self.actions[self.name] = self.real


def test_the_model_that_was_chosen_last_is_the_one_that_runs(chromium, live):
    """The program of the first comes later, and after a step back none is opened."""
    visit = LiveVisit(chromium, live)
    tab = visit.tab
    with ByArgument(live, "program", "model", "brusselator") as late:
        tab.locator("[data-model=brusselator]").click()
        until(late.begun.is_set)
        tab.locator("[data-model=schnakenberg]").click()
        visit.passes(0)
        late.release()
        until(late.ended.is_set)
        tab.evaluate("new Promise((done) => setTimeout(done, 500))")
        assert "Schnakenberg" in tab.title()
        assert "model=schnakenberg" in visit.href()
    with ByArgument(live, "program", "model", "swift-hohenberg") as late:
        tab.get_by_role("button", name="All models").click()
        tab.locator("[data-model=swift-hohenberg]").click()
        until(late.begun.is_set)
        tab.go_back()
        late.release()
        until(late.ended.is_set)
        tab.evaluate("new Promise((done) => setTimeout(done, 500))")
        assert tab.locator(".live-menu").count() == 1
    visit.close()


def test_the_address_that_one_goes_back_to_stays(chromium, live):
    """While its model is being fetched, the run before does not write its own into it."""
    visit = LiveVisit(chromium, live, hash="#model=brusselator")
    tab = visit.tab
    visit.passes(0)
    tab.get_by_role("button", name="All models").click()
    tab.locator("[data-model=schnakenberg]").click()
    visit.passes(0)
    tab.evaluate("history.replaceState(null, '', '#model=schnakenberg')")
    with ByArgument(live, "program", "model", "brusselator") as late:
        tab.get_by_role("slider").first.evaluate("""(slider) => {
            addEventListener("hashchange", () => {
                slider.stepUp();
                slider.dispatchEvent(new Event("input", {bubbles: true}));  // the address would follow after 300 ms
            }, {once: true});
            history.go(-2);
        }""")
        until(late.begun.is_set)
        tab.evaluate("new Promise((done) => setTimeout(done, 600))")
        assert visit.href().endswith("#model=brusselator")
        late.release()
        until(lambda: "Brusselator" in tab.title())
    visit.close()


def test_the_start_that_was_chosen_last_is_the_one_that_runs(chromium, live):
    """Seeds that are chosen quickly are made by several threads, in any order; a picture says what it shows."""
    visit = LiveVisit(chromium, live, hash="#model=gray-scott")
    tab = visit.tab
    visit.passes(0)
    tab.get_by_role("button", name="Pause").click()

    def ends():
        return [tab.get_by_label(f"{end} colour").input_value() for end in ("darkest", "brightest")]

    def shown():
        with tab.expect_download() as download:
            tab.get_by_role("button", name="PNG", exact=True).click()
        return json.loads(Image.open(download.value.path()).text["Comment"])

    with ByArgument(live, "begin", "seed", 1) as late:
        for seed in (1, 2):
            tab.get_by_role("button", name="Another start").click()
            if seed == 1:
                until(late.begun.is_set)
                assert shown()["seed"] == 0
        until(lambda: visit.shown_time() > 0)
        tab.get_by_role("button", name="Pause").click()
        tab.get_by_role("button", name="Reset").click()
        second = ends()
        late.release()
        until(late.ended.is_set)
        tab.evaluate("new Promise((done) => setTimeout(done, 500))")
        tab.get_by_role("button", name="Reset").click()
        assert (ends(), shown()["seed"], shown()["time"]) == (second, 2, 0)
    visit.close()


def test_a_tick_counts_for_the_picture_that_is_being_read(chromium, live):
    asked = []
    real = live.site.channels.actions["start_of"]
    visit = LiveVisit(chromium, live, hash="#model=gray-scott")
    visit.passes(0)
    with held_action(live, "start_of", answer=lambda **v: asked.append(v["bright"]) or real(**v)) as held:
        chosen = {"name": "gel.png", "mimeType": "image/png", "buffer": picture()}
        visit.tab.get_by_label("Start from a picture or an array").set_input_files(chosen)
        until(lambda: held.arrived == 1)
        visit.tab.get_by_role("checkbox", name="bright is the pattern").check()
        held.release()
        visit.tab.get_by_text("Began from gel.png").wait_for()
        until(lambda: len(asked) == 2)
        assert asked == [False, True]
    visit.close()


def test_two_runs_that_are_kept_at_once_have_two_folders(tmp_path, monkeypatch):
    uploads = Uploads()
    files, numbers = LiveFiles(LiveData(), uploads, tmp_path), []
    for _ in range(2):
        buffer = io.BytesIO()
        np.save(buffer, np.random.default_rng(0).random((2, 16, 16)).astype(np.float32))
        numbers.append(uploads.upload("state.npy", len(buffer.getvalue())))
        uploads.part(numbers[-1], base64.b64encode(buffer.getvalue()).decode())
    both, real = threading.Barrier(2), live_files.write_state

    def slow(*arguments, **options):
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)  # both have chosen their folder, unless one waits for the other
        return real(*arguments, **options)

    monkeypatch.setattr(live_files, "write_state", slow)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        kept = [threads.submit(files.keep, number, "gray-scott", {}, 1.0, "periodic", 0.0) for number in numbers]
    uploads.close()
    assert sorted(each.result() for each in kept) == ["live-gray-scott-1", "live-gray-scott-2"]


def test_legend_and_map_wait_for_the_values_of_a_colouring(chromium, explorer):
    """What is shown until then is the colouring before; without the values it is chosen again."""
    visit = PageVisit(chromium, explorer)
    tab = visit.tab
    colour = tab.get_by_role("combobox", name="Colour")
    with held_requests(tab, "**/data/column/*") as held:
        colour.select_option("wavelength")
        until(lambda: tab.evaluate("1") and held)
        tab.locator(".chip", has_text="κ").wait_for()
        assert tab.locator(".colourbar").count() == 0
        held.pop().abort()
        until(lambda: colour.input_value() == "class")
    colour.select_option("wavelength")
    tab.locator(".colourbar", has_text="dominant wavelength").wait_for()
    visit.complaints = [text for text in visit.complaints if "ERR_FAILED" not in text]
    visit.close()


def test_back_leads_past_the_choice_of_a_group(chromium, explorer):
    """The address that has no group makes no new entry when one has been chosen since; a reload keeps the group."""
    visit = PageVisit(chromium, explorer)
    tab = visit.tab
    start = visit.href()
    visit.turn_to("Montage")
    visit.turn_to("Share")
    visit.turn_to("Montage")
    visit.montage("λ")
    until(lambda: "group=lambda" in visit.href())
    visit.turn_to("Pattern")
    count = tab.evaluate("history.length")
    for _ in range(4):
        before = visit.href()
        tab.go_back()
        until(lambda before=before: visit.href() != before)
    assert (visit.href().split("&tab")[0], tab.evaluate("history.length")) == (start.split("&tab")[0], count)
    assert "tab=pattern" in visit.href()
    tab.go_forward()
    until(lambda: "tab=montage" in visit.href())
    visit.close()


def test_a_live_run_is_named_as_the_run_that_it_began_as(chromium, explorer):
    """While another one is being prepared, and after its start has failed."""
    visit = PageVisit(chromium, explorer)
    tab = visit.tab
    visit.turn_to("Live")
    tab.get_by_text("Began as run 0:").wait_for()
    with held_requests(tab, "**/data/start/*") as held:
        tab.locator(".map-plot").press("ArrowDown")
        until(lambda: tab.evaluate("1") and held)
        assert tab.get_by_text("Began as run 0:").count() == 1
        held.pop().abort()
        tab.get_by_text("did not come").wait_for()
        assert tab.get_by_text("Began as run").count() == 0
    visit.turn_to("Pattern")
    tab.get_by_role("button", name="run it live").click()
    tab.get_by_text("Began as run").wait_for()
    visit.turn_to("Pattern")
    tab.locator(".map-plot").press("ArrowUp")
    visit.turn_to("Live")
    tab.get_by_text("Began as run 0:").wait_for()
    visit.complaints = [text for text in visit.complaints if "ERR_FAILED" not in text]
    visit.close()


def test_only_changes_that_were_seen_are_undone_and_confirmed(charted, tmp_path):
    shutil.copytree(charted, tmp_path / "made")
    workspace = Workspace(Atlas(tmp_path / "made"))
    actions = GroupActions(workspace)
    actions.regroup("ada", rename={"g1": "spots"})
    seen = actions.groups()["edition"]
    actions.regroup("grace", rename={"g2": "stripes"})
    for ask in (
        lambda: actions.regroup("ada", undo=True, edition=seen),
        lambda: actions.regroup("ada", confirm=True, edition=seen),
        lambda: actions.classifier("ada", seen),
    ):
        with pytest.raises(UsageError, match="have changed meanwhile"):
            ask()
    assert set(workspace.atlas.classes) >= {"spots", "stripes"}
    actions.regroup("ada", undo=True, edition=actions.groups()["edition"])
    assert "g2" in workspace.atlas.classes


def test_keys_in_quick_succession_lose_no_label_in_a_page_from_disk(chromium, workshop, tmp_path):
    """Each is stored in one step: a second one does not begin from what was there before the first."""
    page = export_atlas(Atlas(workshop / "atlas"), tmp_path / "page")
    context = chromium.new_context()
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.get_by_role("tab", name="Montage").click()
    select = tab.get_by_role("combobox", name="Patterns")
    select.select_option("*all")
    tab.locator(".tile").first.wait_for()
    tab.get_by_role("listbox").evaluate("""async (list) => {
        for (let i = 0; i < 5; i++) {
            list.dispatchEvent(new KeyboardEvent("keydown", {key: "x", bubbles: true}));
            for (let j = 0; j < 20; j++) await null;  // the page draws again; no file has been read yet
        }
    }""")
    tab.locator(".count", has_text="5 labelled").wait_for()
    tab.reload()
    tab.get_by_role("tab", name="Montage").click()
    tab.locator(".count", has_text="labelled").wait_for()
    tab.get_by_role("combobox", name="Patterns").select_option("*all")
    tab.locator(".count", has_text="5 labelled").wait_for()
    context.close()


def test_a_live_run_is_marked_on_the_map_while_it_is_shown(own):
    """Not when its start comes after the reader has gone to another tab."""
    visit, _ = own
    tab, mark = visit.tab, visit.tab.locator(".chip", has_text="live run")
    with held_requests(tab, "**/data/start/*") as held:
        visit.turn_to("Live")
        until(lambda: tab.evaluate("1") and held)
        visit.turn_to("Pattern")
    tab.evaluate("new Promise((done) => setTimeout(done, 500))")
    assert mark.count() == 0
    visit.turn_to("Live")
    mark.wait_for()
    visit.turn_to("Pattern")
    mark.wait_for(state="hidden")
