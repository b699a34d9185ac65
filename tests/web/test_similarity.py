"""The map of patterns that look alike: the same patterns, colours and selections as on the map of parameters."""

import io
import re

import numpy as np
from PIL import Image

import morphoscope
from morphoscope.atlas.similarity import FILE, SimilarityMap, patterned_rows, save_similarity
from morphoscope.atlas.starts import start_numbers
from morphoscope.web.packing import parts_of
from morphoscope.web.workspace import Workspace
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
        plot = tab.locator(".map-plot").bounding_box()
        tab.mouse.move(plot["x"] + 2, plot["y"] + 2)
        tab.mouse.down()
        tab.mouse.move(plot["x"] + plot["width"] - 2, plot["y"] + plot["height"] - 2)
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


def test_a_start_filters_the_patterns_and_the_legend_counts_what_is_shown(chromium, tmp_path):
    plan = morphoscope.scan_plan(
        "schnakenberg", grid={"a": (0.1, 0.2, 3), "b": (0.9, 1.0, 2)}, size=32, until=30, replicates=2,
        initial=["steady", "steady:amplitude=0"],
    )  # fmt: skip
    atlas = morphoscope.open_atlas(morphoscope.ensemble(plan, tmp_path / "scan"))
    rows = patterned_rows(atlas)
    assert 0 < len(rows) <= 12  # a uniform state stays uniform
    places = np.random.default_rng(0).uniform(-1, 1, (len(rows), 2)).astype(np.float32)
    save_similarity(atlas, SimilarityMap(atlas.runs[rows], places, len(rows), 1.0, "none"))
    with explorer_of(Workspace(atlas)) as server:
        visit = PageVisit(chromium, server)
        tab = visit.tab
        tab.get_by_role("combobox", name="Colour").select_option("class")
        tab.get_by_role("button", name="similarity", exact=True).click()
        chips = tab.get_by_role("group", name="Classes; press to hide and show")
        start = tab.get_by_role("combobox", name="Start of the runs")
        start.select_option("all")
        until(lambda: chips.inner_text().split() == ["pattern", str(len(rows))])
        tab.locator(".about", has_text=f"{24 - len(rows)} of 24 runs are homogeneous").wait_for()
        of_first = int((start_numbers(atlas)[rows] == 0).sum())
        start.select_option(atlas.initials[0])
        until(lambda: chips.inner_text().split() == ["pattern", str(of_first)])
        start.select_option(atlas.initials[1])
        until(lambda: str(of_first) not in chips.inner_text().split())
        visit.close()
