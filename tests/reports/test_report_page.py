"""The report opened from disk in Chromium: no network, no errors, everything drawn, on desktop and phone."""

import numpy as np
import pytest

from morphoscope.rendering.pictures import save_composite
from morphoscope.reports.html import Picture, Section, Table, write_report


@pytest.fixture
def report(tmp_path):
    picture = Picture(save_composite(np.random.default_rng(0).random((3, 900, 1400)), tmp_path / "p.png"), "a map")
    table = Table([f"column {i}" for i in range(9)], [["a long cell of text"] * 9])
    sections = [
        Section("One", ["text"], [table], [picture]),
        Section("Two", folded=[picture], code="morphoscope " * 40),
    ]
    return write_report(tmp_path / "report.html", "Title", "lead", sections)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_opens_without_network_or_complaints(chromium, report, width, height, scheme):
    with chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme) as context:
        page = context.new_page()
        complaints, requests = [], []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(report.as_uri())
        drawn = page.evaluate(
            "[...document.images].filter(i => i.checkVisibility()).every(i => i.complete && i.naturalWidth > 0)"
        )
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        page.click("summary")
        opened = page.evaluate("document.querySelector('details').open")
    assert complaints == []
    assert all(url.startswith(("file:", "data:")) for url in requests)
    assert drawn
    assert opened
    assert overflow <= 0
