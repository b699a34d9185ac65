"""The explorer of imported runs: everything but the live run."""

import numpy as np

import morphoscope
from morphoscope.web.page import LIVE, Page
from morphoscope.web.workspace import Workspace


def test_the_page_of_imported_runs_says_that_there_is_no_live_run(tmp_path):
    waves = 2 * np.pi * np.arange(48) / np.array([8, 12, 16])[:, None]
    np.save(tmp_path / "waves.npy", np.sin(waves)[:, None, :] + np.zeros((1, 40, 1)))
    made = morphoscope.import_patterns(tmp_path / "waves.npy", tmp_path / "out", axes="run,y,x")
    page = Page(Workspace(morphoscope.open_atlas(made)), [])
    page.complete()
    page.live_from(1)
    assert page.tabs.active == LIVE
    assert "imported from waves.npy" in page._holders[LIVE].objects[0].object
    assert "imported from waves.npy" in page.pattern.command.object
    assert page.pattern._mp4().getvalue()[4:8] == b"ftyp"
