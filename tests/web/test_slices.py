"""Theory on slices of an atlas with three varying parameters; spectra; what a page does not ask for."""

import json

import numpy as np
import pytest

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.models import get_model
from morphoscope.theory import bifurcation_lines
from morphoscope.web.packing import page, parts_of
from morphoscope.web.server.atlas_data import AtlasData
from morphoscope.web.workspace import Workspace
from tests.web.pages import PageVisit, explorer_of, until

GRID = {"A": (2.0, 4.0, 3), "B": (2.0, 6.0, 3), "Dv": (8.0, 16.0, 2)}


PLANE = {"a": (0.1, 0.2, 2), "b": (0.9, 1.0, 2)}


def workspace_of(folder, model="brusselator", grid=GRID, **options):
    plan = morphoscope.scan_plan(model, grid=grid, **{"size": 32, "until": 5, **options})
    return Workspace(morphoscope.open_atlas(morphoscope.ensemble(plan, folder)))


@pytest.fixture(scope="module")
def sliced(tmp_path_factory):
    return workspace_of(tmp_path_factory.mktemp("sliced") / "scan")


def test_lines_are_those_of_the_slice(sliced):
    data = AtlasData(sliced, "ada")
    for value in (8.0, 16.0):
        found = data.theory(["A", "B"], {"Dv": value})
        wanted = bifurcation_lines(get_model("brusselator"), (2, 4), (2, 6), {"Dv": value})
        assert [line["name"] for line in found] == [line.name for line in wanted]
        for line, direct in zip(found, wanted, strict=True):
            for piece, points in zip(line["pieces"], direct.pieces, strict=True):
                assert np.allclose(piece, points, atol=1e-8)
        coarse = data.theory(["A", "B"], {"Dv": value}, coarse=True)
        assert [line["kind"] for line in coarse] == [line["kind"] for line in found]
    assert data.theory(["A", "B"], {}) == []
    assert data.theory(["A", "A"], {"Dv": 8.0}) == []
    with pytest.raises(UsageError, match="no plane"):
        data.theory(["A", "C"], {})


def test_a_page_from_disk_has_the_lines_of_every_slice(sliced):
    slices = json.loads(dict(parts_of(sliced.atlas))["theory"])
    assert [each["at"] for each in slices] == [{"Dv": 8.0}, {"Dv": 16.0}]
    turing = [next(line for line in each["lines"] if line["kind"] == "Turing") for each in slices]
    for each, line in zip(slices, turing, strict=True):
        a, b = np.array(line["pieces"][0]).T
        assert b == pytest.approx((1 + a * np.sqrt(2 / each["at"]["Dv"])) ** 2, abs=2e-3)


def test_the_map_and_small_maps_show_the_theory_of_their_slices(chromium, sliced, tmp_path):
    with explorer_of(sliced) as server:
        visit = PageVisit(chromium, server)
        tab = visit.tab
        chips = tab.get_by_role("group", name="Theory; press to hide and show")
        chips.get_by_role("button", name="Turing").wait_for()
        small = tab.get_by_role("group", name="Maps by Dv").get_by_role("button")
        canvas = small.nth(1).locator("canvas[data-lines='2']")
        canvas.wait_for()
        drawn = canvas.evaluate("canvas => canvas.toDataURL()")
        chips.get_by_role("button", name="Turing").click()
        until(lambda: canvas.evaluate("canvas => canvas.toDataURL()") != drawn)
        chips.get_by_role("button", name="Turing").click()
        until(lambda: canvas.evaluate("canvas => canvas.toDataURL()") == drawn)
        small.first.click()
        visit.hover(2.5, (1 + 2.5 * np.sqrt(2 / 8)) ** 2, "waves of finite length start to grow (Turing)")
        small.nth(1).click()
        visit.hover(2.5, (1 + 2.5 * np.sqrt(2 / 16)) ** 2, "waves of finite length start to grow (Turing)")
        tab.get_by_role("checkbox", name="all Dv").check()
        chips.wait_for(state="detached")
        visit.close()
    path = tmp_path / "page.html"
    path.write_text(page(sliced.atlas), encoding="utf-8")
    tab = chromium.new_page()
    tab.goto(path.as_uri())
    chips = tab.get_by_role("group", name="Theory; press to hide and show")
    chips.get_by_role("button", name="Turing").wait_for()
    tab.locator(".pattern-theory").wait_for()  # of the page's own program
    tab.close()


def test_a_line_has_a_plot_of_its_spectrum_with_the_predicted_wave(chromium, tmp_path):
    workspace = workspace_of(
        tmp_path / "line", "schnakenberg", {"a": (0.1, 0.2, 2), "b": (0.9, 1.0, 2)}, size=(128, 1), until=60
    )
    with explorer_of(workspace) as server:
        visit = PageVisit(chromium, server)
        tab = visit.tab
        plot = tab.get_by_role("img", name="Power by wavenumber; measured wavelength")
        plot.wait_for()
        tab.locator(".spectra", has_text="fastest-growing wave").wait_for()
        assert "predicted" in plot.get_attribute("aria-label")
        assert tab.locator(".spectrum").count() == 0  # the picture, of a line a line
        assert "Turing" in tab.locator(".pattern-theory").inner_text()
        visit.turn_to("Live")
        tab.locator(".live-status").wait_for()
        asked = [url for url in visit.requests if "/data/" in url]
        assert not any("/data/network" in url or "/data/spectrum" in url for url in asked)
        visit.close()
