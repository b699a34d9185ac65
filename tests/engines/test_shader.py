"""Shaders of models: every model has them, and what is printed means what the expression means.

That the shaders compile and agree with the reference engine is tested in a browser, in tests/web/test_simulator.py.
"""

import math
import re

import numpy as np
import pytest

from morphoscope.core.errors import UsageError
from morphoscope.engines.shader import compute_shader, shader
from morphoscope.engines.shader.printing import printed, printed_compute
from morphoscope.models import Model, get_model, model_names
from morphoscope.models.expressions import evaluate, parse
from morphoscope.models.typed import typed_model


@pytest.mark.parametrize("name", model_names())
def test_every_built_in_model_has_a_shader(name):
    model = get_model(name)
    made = shader(model)
    assert made.passes[-1].writes == "state"
    assert made.packed == {1: 4, 2: 2, 3: 1}[len(model.species)]
    text = made.passes[-1].text
    written = re.search(r"result = TEXEL\((.*)\);", text).group(1)
    assert all(f"s{index} + dt*" in written for index in range(len(model.species)))
    used = {p for each in made.passes for p in re.findall(r"PARAMETER\((\d)\)", each.text.partition("void ")[2])}
    assert used == {str(index) for index in range(len(model.parameters))}


@pytest.mark.parametrize("name", model_names())
def test_every_built_in_model_has_a_compute_shader(name):
    """It computes what the other one does, one cell at a time."""
    model = get_model(name)
    made, other = compute_shader(model), shader(model)
    assert made.channels == 4 // other.packed
    assert len(made.passes) == made.inner + 1 == len(other.passes)
    written = re.search(r"next\[place\] = value\((.*)\);", made.passes[-1]).group(1)
    assert all(f"s{index} + dt*" in written for index in range(len(model.species)))
    used = {p for each in made.passes for p in re.findall(r"parameter\[(\d)\]", each)}
    assert used == {str(index) for index in range(len(model.parameters))}


def test_inner_results_have_places_of_their_own():
    nested = {"u": "laplace(u*laplace(laplace(u)) + dx(v)) + dx(laplace(u))", "v": "0"}
    made = compute_shader(Model(name="deep", reaction=nested, diffusion={"u": "1", "v": "1"}))
    assert (made.inner, made.channels) == (2, 2)
    written = [re.search(r"(\w+)\[(?:(\d)\*CELLS \+ )?place\] = value", each).groups() for each in made.passes]
    assert written == [("inner", "0"), ("inner", "1"), ("next", None)]


def test_nested_operators_are_stored_before_they_are_used():
    made = shader(get_model("swift-hohenberg"))
    assert [each.writes for each in made.passes] == ["inner0", "state"]
    assert made.passes[1].textures == ("state", "inner0")
    nested = {"u": "laplace(u*laplace(laplace(u))) + dx(laplace(u))", "v": "laplace(laplace(u) + laplace(v))"}
    made = shader(Model(name="deep", reaction=nested, diffusion={"u": "1"}))
    known = {"state"}
    for each in made.passes:
        assert known.issuperset(each.textures)
        known.add(each.writes)


@pytest.mark.parametrize(("language", "whole"), [(printed, "power"), (printed_compute, "whole_power")])
@pytest.mark.parametrize(
    "text",
    [
        "2*u - 1/3", "u**3 - u**12 + (u - 2)**5", "1/u**2 + u**-3", "sqrt(u) + u**1.5 + u**0.25", "exp(-u) + log(u)",
        "tanh(20*u) + abs(u - 3) + sin(u)*cos(u)", "3/7*u + 1e-7*u + 1e30*u", "a**2 - u**a", "exp(1)*u", "-u*(a - u)/a",
    ],
)  # fmt: skip
def test_printed_text_has_the_value_of_the_expression(text, language, whole):
    """The text is also Python; numbers must have a point, since GLSL and WGSL do not convert integers to floats."""
    expression = parse(text, ["u", "a"])
    values = {"u": 0.7, "a": 1.3}
    found = language(expression)
    integers = re.findall(r"(?<![\w.])\d+(?![\w.])", re.sub(r"\d+e[-+]?\d+", "", found))
    assert len(integers) == len(re.findall(rf"\b{whole}\([^,]*, \d+\)", found)), found  # exponents alone
    names = {"power": math.pow, "whole_power": math.pow, "clamp": lambda x, low, high: min(max(x, low), high)}
    names |= {name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "pow")}
    value = eval(found, {"__builtins__": {}, "abs": abs, **names}, values)
    np.testing.assert_allclose(value, float(evaluate(expression, values)), rtol=1e-8)


def test_any_name_can_be_used():
    """Names of GLSL, and letters that it does not have, are allowed in models."""
    model = typed_model({"vec2": "π*half - vec2*s1", "s1": "vec2 - half*s1"}, {"vec2": "1"}, {"π": 3.0, "half": 0.5})
    for text in (shader(model).passes[-1].text, compute_shader(model).passes[-1]):
        assert "π" not in text
        assert "half" not in text


@pytest.mark.parametrize("write", [shader, compute_shader])
def test_models_without_a_shader_say_why(write):
    with pytest.raises(UsageError, match="equations of dots are not known"):
        write(Model(name="dots", reaction={"u": "0"}))
    inner = " + ".join(f"laplace(laplace(u**{n})*{n})" for n in range(2, 12))
    with pytest.raises(UsageError, match="too many nested operators"):
        write(Model(name="deep", reaction={"u": inner, "v": inner.replace("u", "(u + v)")}))
