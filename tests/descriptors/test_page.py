"""docs/descriptors.md is generated from the table by tools/descriptors.py."""

import importlib.util
from pathlib import Path

import pytest

from morphoscope.descriptors import DESCRIPTORS
from morphoscope.descriptors.patterns import MEASURES

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("descriptors_page", ROOT / "tools" / "descriptors.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_generated_from_the_table(tool):
    assert (ROOT / "docs" / "descriptors.md").read_text(encoding="utf-8") == tool.page()


@pytest.mark.parametrize("descriptor", DESCRIPTORS, ids=lambda d: d.name)
def test_every_descriptor_is_defined(tool, descriptor):
    assert descriptor.formula
    assert descriptor.unit
    cells = tool.row(descriptor).replace("\\|", "").split("|")
    assert len(cells) == 7


def test_the_page_of_photographs_has_every_measure():
    text = (ROOT / "docs" / "photographs.md").read_text()
    assert [measure.name for measure in MEASURES if f"`{measure.name}`" not in text] == []
