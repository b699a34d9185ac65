"""The page of an adaptive scan: points that were not simulated are drawn, paler, and named as inferred."""

import io

import numpy as np
from PIL import Image

import morphoscope
from morphoscope.atlas.adaptive import BatchReader, simulate_adaptively
from morphoscope.atlas.scan import read_ensemble
from morphoscope.learning.prediction import Prediction
from morphoscope.web.packing import parts_of
from morphoscope.web.workspace import Workspace
from tests.small import untrained
from tests.web.conftest import SCREENSHOTS
from tests.web.pages import PageVisit, explorer_of, until


def test_inferred_points_are_paler_and_named(chromium, tmp_path):
    grid = {"f": (0.02, 0.06, 6), "k": (0.05, 0.07, 6)}
    plan = morphoscope.scan_plan("gray-scott", grid=grid, size=40, until=4, times=(2, 3, 4), dt=1)
    oracle = BatchReader(lambda ensemble, runs: Prediction(("H", "L"), np.eye(2, dtype=np.float32)[runs % 2]))
    made = simulate_adaptively(plan, tmp_path / "runs", oracle, 12, workers=1)
    atlas = read_ensemble(untrained(plan, ("H", "kappa")), made, tmp_path / "atlas", fill=True)
    runs, reading = atlas.inferred
    assert "inferred" in dict(parts_of(atlas))
    with explorer_of(Workspace(atlas)) as server:
        visit = PageVisit(chromium, server)
        visit.tab.locator(".chip", has_text="paler: inferred, not simulated (24)").wait_for()
        visit.tab.get_by_role("checkbox", name="letters").uncheck()
        visit.tab.get_by_role("button", name="all", exact=True).click()
        k, f = (float(plan.values(name)[runs[0]]) for name in ("k", "f"))
        looks = {name: colour for name, (_, colour) in atlas.class_styles().items()}
        full = np.array([int(looks[reading.names[0]][i : i + 2], 16) for i in (1, 3, 5)])

        def paler():
            picture = Image.open(io.BytesIO(visit.tab.screenshot())).convert("RGB")
            shown = np.array(picture.getpixel(tuple(map(int, visit.pixel(k, f)))))
            return np.abs(shown - (105 * full + 150 * 255) / 255).max() < 4

        until(paler)
        visit.hover(k, f, "inferred from its neighbours")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        visit.tab.screenshot(path=SCREENSHOTS / "page-inferred.png")
        address = visit.href()
        visit.tab.mouse.click(*visit.pixel(k, f))
        assert visit.href() == address  # there is no pattern to open
        visit.close()
