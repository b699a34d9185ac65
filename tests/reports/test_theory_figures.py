import json

import pytest
from PIL import Image
from typer.testing import CliRunner

import morphoscope
from morphoscope.cli.app import root
from morphoscope.core.errors import UsageError
from morphoscope.models import Model, model_names
from morphoscope.reports.theory_figures import theory_figure


@pytest.mark.parametrize("name", model_names())
def test_every_model_has_a_picture_of_its_theory(name):
    overview = morphoscope.analyze(name)
    figure = theory_figure(overview)
    title = figure.axes[-1].get_title()
    assert title == "dispersion relation"
    assert overview.kind in figure.get_suptitle()
    json.dumps(overview.to_json(), allow_nan=False)


def test_the_picture_marks_states_and_wavelength(tmp_path):
    text = (
        morphoscope.analyze("brusselator", {"B": 7.5}, out=tmp_path / "theory.svg")
        and (tmp_path / "theory.svg").read_text()
    )
    for words in ("nullclines", "Turing", "length ", "on the grid", "wavenumber"):
        assert words in text
    morphoscope.analyze("gray-scott", out=tmp_path / "theory.png")
    with Image.open(tmp_path / "theory.png") as picture:
        assert picture.width > 1000


def test_a_long_title_stays_inside(tmp_path):
    model = Model(
        name="long", title="A three-species activator-inhibitor model with a fast relay and a reservoir",
        reaction={"a": "alpha - a + a**2*b", "b": "beta - a**2*b", "c": "gamma*(a - c)"},
        diffusion={"a": "1", "b": "30"},
        defaults={"alpha": 0.1, "beta": 0.9, "gamma": 1.0, "delta": 1.0, "epsilon": 1.0},
    )  # fmt: skip
    figure = theory_figure(morphoscope.analyze(model))
    figure.draw_without_rendering()
    inside = figure._suptitle.get_window_extent()
    assert 0 <= inside.x0 < inside.x1 <= figure.bbox.width


def test_a_model_without_states_or_parameters_is_drawn_too(tmp_path):
    model = Model(name="source", reaction={"u": "1 + u**2", "v": "u"}, diffusion={"u": "1"})
    found = morphoscope.analyze(model, out=tmp_path / "t.png")
    assert (found.kind, found.states, found.critical) == ("unstable", (), {})


def test_command_prints_states_thresholds_and_class(tmp_path):
    out = tmp_path / "theory.png"
    done = CliRunner().invoke(root, ["theory", "gray-scott", "-p", "f=0.03", "-p", "k=0.055", "--out", str(out)])
    assert done.exit_code == 0, done.output
    for words in ("excitable-like", "u = 1, v = 0: stable node", "saddle-node at 0.0566025", "Hopf", "closed form"):
        assert words in done.output
    assert out.is_file()


def test_command_gives_json():
    done = CliRunner().invoke(
        root, ["theory", "brusselator", "-p", "A=2", "-p", "B=3", "-p", "Du=1", "-p", "Dv=8", "--json"]
    )
    found = json.loads(done.output)
    assert found["classification"] == "Turing"
    assert found["states"][0]["values"] == {"u": pytest.approx(2), "v": pytest.approx(1.5)}
    assert found["states"][0]["fastest_wave"]["wavelength"] == pytest.approx(7.4176, rel=1e-3)
    assert found["critical"]["B"][0]["value"] == pytest.approx(2.9142136, rel=1e-6)


def test_errors_of_the_user():
    with pytest.raises(UsageError, match="unknown model"):
        morphoscope.analyze("gray-scot")
    with pytest.raises(UsageError, match="unknown picture format"):
        morphoscope.analyze("gray-scott", out="theory.txt")
    with pytest.raises(UsageError, match="out of range"):
        morphoscope.analyze("gray-scott", {"f": 7})
