"""Models as TOML files and as texts on the command line."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphoscope.core.errors import DataError, UsageError
from morphoscope.models import Model, find_model, get_model, model_names
from morphoscope.models.files import (
    TEMPLATE,
    load_model,
    model_from_toml,
    model_to_toml,
    new_model,
)
from morphoscope.models.typed import typed_model

WHOLE = """
name = "mine"
title = "My model"
source = "me"
literature = "nowhere"
[reaction]
u = "a - u + u**2*v"
v = "b - u**2*v"
[diffusion]
u = 1
v = "d/2"
[parameters]
a = 0.1
b = { default = 0.9, range = [0, 2], meaning = "supply" }
d = { default = 80, meaning = "spread" }
[background]
u = 1.5
[perturbation]
v = -2
[run]
dt = 0.002
until = 100
spacing = 0.5
apart = 10
initial = "spots:count=3"
integrator = "euler"
shown = [0, 3]
plane = ["b", "d"]
"""


def test_a_file_defines_every_field_of_a_model():
    expected = Model(
        name="mine", title="My model", source="me", literature="nowhere",
        reaction={"u": "a - u + u**2*v", "v": "b - u**2*v"}, diffusion={"u": "1", "v": "d/2"},
        defaults={"a": 0.1, "b": 0.9, "d": 80}, ranges={"b": (0, 2)}, meanings={"b": "supply", "d": "spread"},
        background={"u": 1.5}, perturbation={"v": -2}, dt=0.002, until=100, spacing=0.5, apart=10,
        initial="spots:count=3", integrator="euler", shown=(0, 3), plane=("b", "d"),
    )  # fmt: skip
    assert model_from_toml(WHOLE) == expected


def test_every_field_of_a_model_has_a_key():
    changed = {
        "title": "T", "source": "S", "literature": "L", "dt": 0.25, "until": 9.0, "spacing": 0.5, "apart": 7.0,
        "initial": "noise", "integrator": "etdrk2", "shown": (0.5, 2.0), "plane": ("b", "a"),
        "diffusion": {"u": "a", "v": "0.125"},
        "ranges": {"a": (0.0, 1.0)}, "meanings": {"b": "B"}, "background": {"u": 0.5}, "perturbation": {"v": 0.25},
    }  # fmt: skip
    mandatory = {"name": "n", "reaction": {"u": "a - u", "v": "b - v"}, "defaults": {"a": 0.5, "b": 2.0}}
    assert {f.name for f in dataclasses.fields(Model)} == {*changed, *mandatory}
    for name, value in changed.items():
        model = Model(**mandatory, **{name: value})
        assert model_from_toml(model_to_toml(model)) == model, name


@pytest.mark.parametrize("name", model_names())
def test_built_in_models_survive_a_round_trip_through_a_file(name, tmp_path):
    path = tmp_path / "m.toml"
    path.write_text(model_to_toml(get_model(name)), encoding="utf-8")
    assert find_model(path) == find_model(str(path)) == get_model(name)
    assert list(load_model(path).reaction) == list(get_model(name).reaction)  # the order is the arrays'


@settings(max_examples=60)
@given(
    texts=st.tuples(
        *[st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn", "Co", "Cf"]), max_size=20)] * 3
    ),
    numbers=st.lists(st.floats(-1e300, 1e300), min_size=4, max_size=4),
    names=st.lists(st.sampled_from(["a", "β", "Du", "k2", "x_1"]), min_size=2, max_size=4, unique=True),
)
def test_any_model_survives_a_round_trip_through_a_file(texts, numbers, names):
    title, source, meaning = (text if text.isprintable() else "" for text in texts)
    model = Model(
        name="n", title=title, source=source, reaction={"ü": f"{names[0]} - ü", "w": "-w"}, diffusion={"w": names[1]},
        defaults=dict.fromkeys(names, numbers[0] % 10), meanings={names[0]: meaning},
        ranges={names[1]: tuple(sorted((numbers[0] % 10, numbers[1])))}, background={"ü": numbers[2]},
        perturbation={"w": numbers[3]}, shown=None,
    )  # fmt: skip
    assert model_from_toml(model_to_toml(model)) == model


def test_missing_keys_get_defaults():
    model = model_from_toml('name = "m"\n[reaction]\nu = "-u"\n')
    assert (model.initial, model.dt, model.shown, model.diffusion) == ("steady", None, None, {"u": "0"})


HEAD = 'name = "m"\n[reaction]\nu = "a - u"\n[parameters]\na = 1\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WHOLE.replace("u**2*v", "u**2*$", 1), "x.toml, reaction of u: 'a - u + u**2*$', column 14"),
        (WHOLE.replace('"d/2"', '"D/2"'), "x.toml, diffusion of v: 'D/2', column 1: unknown name 'D'; did you mean"),
        (WHOLE.replace('"d/2"', '"u"'), "can use parameters only"),
        (WHOLE.replace("a - u", "c - u"), "add c to [parameters]"),
        (WHOLE.replace("[reaction]", "[reactoin]"), "x.toml: unknown key 'reactoin'; did you mean 'reaction'"),
        (WHOLE.replace("until", "untill"), "x.toml, run: unknown key 'untill'; did you mean 'until'"),
        (WHOLE.replace("0.002", "-1"), "x.toml, run.dt: -1; expected a number above 0"),
        (WHOLE.replace("0.002", "inf"), "x.toml, run.dt: inf; expected a finite number"),
        (WHOLE.replace("0.002", "true"), "x.toml, run.dt: True; expected a number"),
        (WHOLE.replace("[0, 2]", "[2, 0]"), "x.toml, parameters.b.range: [2, 0]; expected two numbers"),
        (WHOLE.replace("[0, 2]", "[1, 2]"), "x.toml: parameter b=0.9 is out of range"),
        (WHOLE.replace("default = 80, ", ""), "x.toml, parameters.d: default is missing"),
        (WHOLE.replace('["b", "d"]', '["b", "D"]'), "x.toml, run.plane: unknown parameter 'D'; did you mean 'd'"),
        (WHOLE.replace('"me"', '"\\u001b[2J"'), "x.toml, source: '\\x1b[2J'; expected one line of printable text"),
        (WHOLE.replace("[background]\nu", "[background]\nw"), "x.toml: model 'mine': background has the key 'w'"),
        (WHOLE.replace('name = "mine"', ""), "x.toml: name is missing"),
        ('name = "m"', "x.toml: reaction is missing"),
        (HEAD + "u = ", "x.toml is not valid TOML: Invalid value (at"),
        (HEAD + "a = 2", "x.toml is not valid TOML: Cannot overwrite a value (at"),
        ("#" * 100_001, "x.toml is larger than 100000 bytes"),
    ],
)  # fmt: skip
def test_errors_name_the_place(text, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        find_model("x.toml")
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_byte_order_mark_and_carriage_returns_are_accepted(tmp_path):
    path = tmp_path / "m.toml"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert load_model(path) == model_from_toml(WHOLE)


def test_unknown_models_and_files():
    with pytest.raises(UsageError, match="did you mean 'gray-scott'"):
        find_model("gray-scot")
    with pytest.raises(DataError, match=r"absent.toml does not exist"):
        find_model("absent.toml")


def test_a_new_file_has_the_new_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_model(new_model("tiger-2")).name == "tiger-2"
    assert (tmp_path / "tiger-2.toml").read_text(encoding="utf-8").count("tiger-2") >= 1
    assert load_model(new_model("x", tmp_path / "folder" / "y.toml")).name == "x"
    with pytest.raises(UsageError, match="already exists"):
        new_model("tiger-2")
    for name in ("", "../x", "a/b", "-x", "a b", "x\n", 'x"'):
        with pytest.raises(UsageError, match="is not a valid model name"):
            new_model(name)
    assert {p.name for p in tmp_path.iterdir()} == {"tiger-2.toml", "folder"}


def test_the_template_explains_every_key():
    text = TEMPLATE.read_text(encoding="utf-8")
    for key in (
        "dt",
        "until",
        "spacing",
        "apart",
        "initial",
        "integrator",
        "shown",
        "plane",
        "meaning",
        "range",
        "source",
    ):
        assert f"{key} = " in text


def test_a_typed_model():
    model = typed_model(
        {"u": " a - u + u**2*v", "v": "b - u**2*v"}, {"u": "1", "v": "d"}, {"a": "0.1", "b": 0.9, "d": "x:20:40"}
    )
    assert (dict(model.defaults), model.dt, model.initial, model.shown) == (
        {"a": 0.1, "b": 0.9, "d": 20.0},
        None,
        "steady",
        None,
    )
    assert model.diffusivities(model.complete({})) == {"u": 1, "v": 20}
    assert Model.from_dict(model.to_dict()) == model


@pytest.mark.parametrize(
    ("reaction", "diffusion", "parameters", "words"),
    [
        ({"u": "a - u"}, {}, {},"'a - u', column 1: unknown name 'a'; known: u; or give parameter a a value"),
        ({"u": "-u"}, {"u": "D"}, {}, "or give parameter D a value"),
        ({"u": "-u"}, {"w": "1"}, {}, "diffusion has the key 'w'"),
        ({"u": "-u"}, {}, {"u": 1}, "both a species and a parameter"),
        ({"u": "-u"}, {}, {"a": "fast"}, "parameter a='fast' is not a number"),
        ({"exp": "1"}, {}, {}, "'exp' is not a valid name"),
        (dict.fromkeys("uvwxy", "1"), {}, {}, "5 species"),
    ],
)  # fmt: skip
def test_invalid_typed_models_are_rejected(reaction, diffusion, parameters, words):
    with pytest.raises(UsageError) as caught:
        typed_model(reaction, diffusion, parameters)
    assert words in str(caught.value)
