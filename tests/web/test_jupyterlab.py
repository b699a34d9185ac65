"""The page in a running JupyterLab that reaches no other address: the widget's messages go through a real kernel."""

import ast
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.web.pages import pixel, until

pytestmark = pytest.mark.skipif(find_spec("jupyterlab") is None, reason="no JupyterLab; pip install jupyterlab")

#: Nothing of the person's own settings, and no look-up of news and versions.
SETTINGS = [
    "--no-browser", "--ServerApp.port=0", "--IdentityProvider.token=told", "--ServerApp.allow_root=True",
    "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]  # fmt: skip
CELLS = [
    "import morphoscope\nwidget = morphoscope.explore('atlas', who='ada')\nwidget",
    "print('labels', widget.annotations)",
]
OWN = ("http://localhost:", "ws://localhost:", "data:", "blob:")


@pytest.fixture
def lab(workspace):
    """A JupyterLab with a notebook beside the tiny atlas; yields the notebook's address."""
    folder = workspace.atlas.folder.parent
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {
        "cells": [{**empty, "source": text} for text in CELLS],
        "metadata": kernel,
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    (folder / "atlas.ipynb").write_text(json.dumps(notebook))
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as ending:
        own = {f"JUPYTER_{name}_DIR": f"{home}/{name}" for name in ("CONFIG", "DATA", "RUNTIME")}
        environment = {**os.environ, **own, "IPYTHONDIR": f"{home}/ipython", "JUPYTERLAB_SETTINGS_DIR": f"{home}/lab"}
        log = ending.enter_context((folder / "lab.log").open("w"))
        command = [sys.executable, "-m", "jupyterlab", *SETTINGS]
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        ending.callback(running.wait, 20)
        ending.callback(running.terminate)
        until(lambda: running.poll() is not None or address(home), seconds=60)
        assert running.poll() is None, (folder / "lab.log").read_text()
        yield f"{address(home)}lab/tree/atlas.ipynb?token=told"


def address(home):
    """What the server says of itself; None before it has written that."""
    with contextlib.suppress(ValueError, StopIteration):
        return json.loads(next(Path(home).glob("RUNTIME/jpserver-*.json")).read_text())["url"]


def test_map_click_live_run_and_labels_work_in_jupyterlab(chromium, lab, workspace):
    tab = chromium.new_page(viewport={"width": 1300, "height": 1000})
    tab.set_default_timeout(120_000)
    errors, requests = [], []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(lab)
    tab.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    cells = tab.locator(".jp-Notebook .jp-CodeCell .cm-content")
    cells.first.click()
    tab.keyboard.press("Control+Enter")
    page = tab.locator(".morphoscope")
    page.locator(".pattern .field canvas").first.wait_for()
    page.locator(".map-plot").first.scroll_into_view_if_needed()
    atlas = workspace.atlas
    row = int(atlas.members("lambda")[0])
    place, heading = (
        (float(atlas.values("k")[row]), float(atlas.values("f")[row])),
        page.locator("h2", has_text="λ lambda"),
    )
    # JupyterLab may still scroll, and a click that it moves away from the point opens nothing.
    until(lambda: tab.mouse.click(*pixel(tab, *place)) or heading.is_visible(), seconds=120, every=0.5)
    page.locator(".pattern").focus()
    tab.keyboard.press("x")
    page.locator(".told", has_text="Saved").wait_for()
    page.get_by_role("tab", name="Live").click()
    page.get_by_role("combobox", name="Speed").select_option("100")  # the first reading needs 60 time units
    page.locator(".live-reading").wait_for()
    cells.nth(1).click()
    tab.keyboard.press("Control+Enter")
    tab.locator(".jp-OutputArea-output", has_text="labels {").wait_for()
    told = tab.locator(".jp-OutputArea-output", has_text="labels {").inner_text()
    ((run, label),) = ast.literal_eval(told.removeprefix("labels ")).items()
    assert (atlas.reading.names[list(atlas.runs).index(run)], label) == ("lambda", "")
    assert atlas.annotations.current()[run].who == "ada"
    tab.close()
    assert errors == []
    assert [url for url in requests if not url.startswith(OWN)] == []
