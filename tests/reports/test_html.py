"""The report as a file."""

import numpy as np

from morphoscope.rendering.pictures import save_composite
from morphoscope.reports.html import Picture, Section, Table, write_report


def test_report_is_self_contained_and_escapes(tmp_path):
    picture = Picture(save_composite(np.ones((3, 4, 4)), tmp_path / "p.png"), "a <b>caption</b>")
    sections = [Section("One & two", ["<script>x</script>"], [Table(["a"], [["<1>"]])], [picture], [picture], "code")]
    text = write_report(tmp_path / "report.html", "Title", "lead", sections).read_text()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text
    assert text.count("data:image/png;base64,") == 2
