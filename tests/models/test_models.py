import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphoscope.core.errors import UsageError
from morphoscope.models import Model, get_model, model_names
from morphoscope.models.expressions import FUNCTIONS, evaluate, parse


@pytest.mark.parametrize("name", model_names())
class TestEveryModel:
    def test_round_trips_through_json(self, name):
        model = get_model(name)
        assert Model.from_dict(json.loads(json.dumps(model.to_dict()))) == model

    def test_defaults_are_in_range(self, name):
        model = get_model(name)
        assert model.complete({}) == dict(model.defaults)

    def test_terms_use_known_names_only(self, name):
        model = get_model(name)
        known = {*model.species, *model.parameters}
        for term in model.reaction_terms.values():
            assert {str(s) for s in term.free_symbols} <= known

    def test_equations_have_one_line_per_species(self, name):
        model = get_model(name)
        assert len(model.equations()) == len(model.species)
        assert all(f"∂{s}/∂t" in line for s, line in zip(model.species, model.equations(), strict=True))


def test_gray_scott_agrees_with_the_paper(gray_scott):
    values = {"u": 0.4, "v": 0.3, "f": 0.03, "k": 0.055, "Du": 0.2, "Dv": 0.1}
    terms = gray_scott.reaction_terms
    assert evaluate(terms["u"], values) == pytest.approx(-0.4 * 0.09 + 0.03 * 0.6)
    assert evaluate(terms["v"], values) == pytest.approx(0.4 * 0.09 - 0.085 * 0.3)
    assert gray_scott.diffusivities(gray_scott.complete({})) == {"u": 0.2, "v": 0.1}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"F": 0.03}, "did you mean 'f'"),
        ({"f": "fast"}, "not a number"),
        ({"f": float("nan")}, "out of range"),
        ({"f": 0.3}, "expected a number in [0, 0.25]"),
        ({"k": -1}, "out of range"),
        ({"k": None}, "not a number"),
    ],
)
def test_bad_parameters_are_one_line(gray_scott, values, words):
    with pytest.raises(UsageError) as caught:
        gray_scott.complete(values)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_model_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'gray-scott'"):
        get_model("gray_scot")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "u.real", "u[0]", "lambda: 1", "u if 1 else v", "'u'", "u and v", "u == v", "open(u)",
        "exp(u, v)", "exp(*u)", "exp(x=u)", "u := 1", "True", "1j", "u @ v", "u // v", "u % v", "~u", "[u]", "", "u +",
        "1/0", "u**9999", "w", "-" * 200 + "u", "u" * 3000, "u\x00", "f'{u}'", "u; v",
    ],
)  # fmt: skip
def test_text_outside_the_grammar_is_refused(text):
    with pytest.raises(UsageError) as caught:
        parse(text, ["u", "v"])
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text):
    with contextlib.suppress(UsageError):  # anything else is a failure
        parse(text, ["u", "v", "f"])


@given(st.floats(0.1, 3), st.floats(0.1, 3))
def test_parsed_text_has_the_value_that_python_computes(u, v):
    import math

    text = "2*u**3 - v/(1 + u*v) + exp(-u) + sqrt(v) - abs(u - v) + tanh(u) + log(v) + sin(u)*cos(v)"
    names = {name: getattr(math, name, abs) for name in FUNCTIONS} | {"u": u, "v": v}
    expected = (
        2 * u**3 - v / (1 + u * v) + names["exp"](-u) + names["sqrt"](v) - abs(u - v)
        + names["tanh"](u) + names["log"](v) + names["sin"](u) * names["cos"](v)
    )  # fmt: skip
    assert evaluate(parse(text, ["u", "v"]), {"u": u, "v": v}) == pytest.approx(expected, rel=1e-12)
