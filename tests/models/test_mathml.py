"""Equations as MathML: well-formed, one per species, with the model's names."""

from xml.dom.minidom import parseString

import pytest

from morphoscope.models import Model, get_model, model_names
from morphoscope.models.mathml import mathml


def texts(line):
    """All characters of an equation, without markup."""
    document = parseString(line.replace("&InvisibleTimes;", "·").replace("&#8706;", "∂"))
    parts, left = [], [document]
    while left:
        node = left.pop(0)
        parts.append(node.data if node.nodeType == node.TEXT_NODE else "")
        left = [*node.childNodes, *left]
    return "".join(parts)


@pytest.mark.parametrize("name", model_names())
def test_every_model_has_an_equation_per_species(name):
    model = get_model(name)
    lines = mathml(model)
    assert len(lines) == len(model.species)
    for species, line in zip(model.species, lines, strict=True):
        assert texts(line).startswith(f"∂{species}∂t=")
        assert "laplace" not in line


def test_signs():
    assert texts(mathml(get_model("gray-scott"))[0]) == "∂u∂t=Du∇2u+f·(1-u)-u·v2"
    assert texts(mathml(get_model("swift-hohenberg"))[0]).endswith("-∇2(2·u+∇2u)")
    sums = Model(name="m", reaction={"u": "dx(u)"}, diffusion={"u": "a + b"}, defaults={"a": 1.0, "b": 2.0})
    assert texts(mathml(sums)[0]) == "∂u∂t=(a+b)∇2u+∂xu"


def test_unknown_equations_are_not_written():
    assert mathml(Model(name="dots", reaction={"u": "0"})) == []
