"""docs/models.md is what the tool generates from the models, and it has a picture of each."""

import importlib.util
import sys
from pathlib import Path

import pytest

from morphoscope.models import Model, get_model, model_names

ROOT = Path(__file__).parent.parent
LARGEST_PICTURE = 120_000  # bytes


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "tools" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["gallery"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["gallery"]


@pytest.fixture(scope="module")
def models():
    return [get_model(name) for name in model_names()]


def test_page_is_what_the_tool_makes(gallery, models):
    assert gallery.PAGE.read_text(encoding="utf-8") == gallery.page(models), "run `python tools/gallery.py`"


@pytest.mark.parametrize("name", model_names())
def test_every_model_has_its_section_and_picture(gallery, name):
    from PIL import Image

    model = get_model(name)
    text = gallery.PAGE.read_text(encoding="utf-8")
    for part in (f"\n## {model.title}\n", *model.equations(), f"morphoscope simulate {name} ", model.source):
        assert part in text
    path = gallery.PICTURES / f"{name}.png"
    assert path.stat().st_size <= LARGEST_PICTURE
    with Image.open(path) as image:
        assert min(image.size) > 300


def test_pictures_of_removed_models_are_removed(gallery):
    assert {path.stem for path in gallery.PICTURES.glob("*.png")} == set(model_names())


def test_contents_lead_to_sections(gallery, models):
    text = gallery.page(models)
    for model in models:
        assert f"](#{gallery._anchor(model.title)})" in text
    assert gallery._anchor("Gray–Scott (two variables)") == "grayscott-two-variables"


def test_section_of_a_minimal_model(gallery):
    plain = Model(name="plain", reaction={"c": "-k*c"}, defaults={"k": 1.0}, meanings={"k": "a | b"})
    text = gallery.section(plain)
    assert "a \\| b" in text
    assert "Source" not in text
    assert "derived time step" in text


def test_picture_is_drawn_with_lengths_along_its_axes(gallery):
    from morphoscope.ensembles.settings import Settings
    from morphoscope.ensembles.simulation import run_plan, simulate_one

    model = get_model("brusselator")
    figure = gallery.picture(simulate_one(run_plan(model, {}, Settings.of(size=(32, 16), until=0.5))))
    axes = figure.axes[0]
    assert axes.get_xlim() == (0, 32 * model.spacing)
    assert axes.get_ylim() == (16 * model.spacing, 0)
    assert axes.get_title() == gallery.caption(model)
