"""The map of patterns that look alike: the same patterns, colours and selections as on the map of parameters."""

import io
import re

import numpy as np
from PIL import Image

from morphoscope.atlas.similarity import FILE
from morphoscope.web.packing import parts_of
from tests.web.conftest import SCREENSHOTS, copied_workspace
from tests.web.pages import PageVisit, explorer_of, until


def test_patterns_are_arranged_when_a_page_asks(chromium, workshop, tmp_path):
    workspace = copied_workspace(workshop, tmp_path)
    atlas = workspace.atlas
    assert "similarity" not in dict(parts_of(atlas))
    with explorer_of(workspace) as server:
        visit = PageVisit(chromium, server)
        tab = visit.tab
        before = tab.locator(".map-plot").get_attribute("data-window")
        tab.get_by_role("button", name="similarity", exact=True).click()
        tab.locator(".about", has_text="4 of 12 runs are homogeneous").wait_for()
        assert (atlas.folder / FILE).is_file()
        found = workspace.arrangement.found
        last = int(found.positions(atlas)[-1])
        place = [float(x) for x in found.coordinates[-1]]
        visit.hover(*place, atlas.reading.names[last])
        tab.mouse.click(*visit.pixel(*place))
        until(lambda: f"run={atlas.runs[last]}&" in visit.href())
        assert "axes=similarity" in visit.href()
        rows = found.positions(atlas)
        best = int(rows[np.argmax(atlas.reading.probability[rows])])  # the first that gets a picture
        colour = atlas.class_styles()[atlas.reading.names[best]][1]
        x, y = visit.pixel(*found.coordinates[list(rows).index(best)].tolist())
        tab.get_by_role("checkbox", name="letters").uncheck()
        tab.get_by_role("checkbox", name="pictures").check()

        def framed():
            picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
            sides = ((x - 18, y), (x + 18, y), (x, y - 18), (x, y + 18))  # some may lie under a ring
            pixels = (picture.getpixel((round(a), round(b))) for a, b in sides)
            return colour in ["#{:02x}{:02x}{:02x}".format(*pixel) for pixel in pixels]

        until(framed)
        tab.get_by_role("button", name="box", exact=True).click()
        (left, top), (right, bottom) = visit.pixel(-1.02, 1.02), visit.pixel(1.02, -1.02)
        tab.mouse.move(left, top)
        tab.mouse.down()
        tab.mouse.move(right, bottom)
        tab.mouse.up()
        tab.locator(".count", has_text="8 patterns").wait_for()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=SCREENSHOTS / "page-similarity.png")
        tab.get_by_role("button", name=re.compile("clear selection")).first.click()
        link = visit.href().partition("#")[2]
        tab.get_by_role("button", name="parameters", exact=True).click()
        until(lambda: tab.locator(".map-plot").get_attribute("data-window") == before)
        assert "axes=k,f" in visit.href()
        visit.close()
        other = PageVisit(chromium, server, hash=f"#{link}")
        other.tab.locator(".about").wait_for()
        other.close()
    assert "similarity" in dict(parts_of(atlas))
