"""docs/performance.md has a place for each table that `make figures` measures, and only there is it changed."""

import importlib.util
import sys
from pathlib import Path

import pytest
from benchmarks import accuracy

from morphoscope.core.errors import DataError
from morphoscope.workflows.scholz2022.passes import FIRST

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"


@pytest.fixture(scope="module")
def figures():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        spec = importlib.util.spec_from_file_location("figures", BENCHMARKS / "figures.py")
        module = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, "figures", module)
        spec.loader.exec_module(module)
        yield module


def test_the_page_has_a_place_for_every_part_and_for_nothing_else(figures):
    places = [found["name"] for found in figures.MARKED.finditer(figures.PAGE.read_text())]
    assert len(places) == len(set(places))
    assert all(set(part.tables) & set(places) for part in figures.PARTS.values())
    assert set(places) <= {name for part in figures.PARTS.values() for name in part.tables}


def test_only_what_stands_between_the_markers_is_replaced(figures):
    page = figures.PAGE.read_text()
    new = figures.written(page, {"sizes": TABLE}, {"sizes": "*this machine.*"})
    assert f"*this machine.*\n\n{TABLE}\n<!-- end" in new
    assert figures.MARKED.sub("", new) == figures.MARKED.sub("", page)
    assert new.count("| program, one core |") == page.count("| program, one core |")
    assert figures.written(new, {"sizes": TABLE}, {"sizes": "*this machine.*"}) == new
    with pytest.raises(DataError, match="no marker for nothing"):
        figures.written(page, {"nothing": TABLE}, {"nothing": ""})


def test_tables_are_found_in_what_a_benchmark_prints(figures):
    output = f"one\n\n{TABLE}\n\nnetwork a, confusions\n\n{TABLE.replace('1', '3')}\n"
    assert figures.tables_of(output) == [TABLE, TABLE.replace("1", "3")]
    assert figures.merged(figures.tables_of(output)) == f"{TABLE}\n| 3 | 2 |"
    with pytest.raises(DataError, match="different headings"):
        figures.merged([TABLE, TABLE.replace("a", "c")])
    with pytest.raises(DataError, match="printed 2 tables, expected 5"):
        figures.named(figures.PARTS["engine"], output)


def test_the_networks_stand_side_by_side(figures):
    names = ("train", "validation", "test", "test_seen", "test_unseen", "calibration_error", "seconds")
    rows = [f"| {net} | {name} | 0.9733 | 0.0023 | 0 | 1 |" for net in ("p", "s") for name in names]
    table = figures.pivoted(
        "\n".join(["| network | figure | mean | sd | min | max |", "|---|---|---|---|---|---|", *rows]),
        figures.ROWS["networks"],
    )
    assert table.splitlines()[0] == "| | `p` | `s` | paper |"
    assert "| test set | 97.33 ± 0.23 % | 97.33 ± 0.23 % | ≈ 96 % |" in table


def test_what_the_benchmark_of_the_networks_prints_is_read(figures, capsys):
    """Each network has a heading of its own, since a line about its confusions follows."""
    figure = dict.fromkeys(("train", "validation", "test", "test_seen", "test_unseen", "calibration_error"), 0.5)
    rows = [{"network": net, "seconds": 9.0, "confused": [("a", "b", 2)], **figure} for net in ("p", "p", "s")]
    accuracy._print(rows, FIRST)
    found = figures.named(figures.PARTS["networks"], capsys.readouterr().out)
    assert "| test set | 50.00 ± 0.00 % | 50.00 ± 0.00 % | ≈ 96 % |" in found["networks"]
