"""The pattern view draws all runs with one scale, so that rounding errors are not drawn as patterns."""

import numpy as np
import pytest

from morphoscope.web.pattern_view import COMPOSITE, FRAMES, SALIENCY, PatternView
from morphoscope.web.workspace import Workspace


@pytest.fixture
def view(uniform_atlas):
    made = PatternView(Workspace(uniform_atlas), lambda _: None)
    made.show(0, uniform_atlas.frames(np.array([0]))[0])
    return made


def test_a_uniform_run_has_one_colour_and_no_spectrum(view):
    for mode in (FRAMES, COMPOSITE):
        view.mode.value = mode
        assert len(np.unique(view.image.data["image"][0])) == 1
    assert not np.any(view.rings.data["power"])
    assert len(np.unique(view.spectrum.data["image"][0])) == 1
    assert "homogeneous" in view.title.object


def test_the_colour_bar_has_the_scale_of_the_atlas(view, uniform_atlas):
    assert (view.mapper.low, view.mapper.high) == uniform_atlas.colour_range
    colours = view.mapper.palette
    view.mode.value = COMPOSITE
    assert view.mapper.palette != colours
    view.mode.value = SALIENCY
    assert not view.bar.visible
