"""The pattern view draws all runs with one scale, so that rounding errors are not drawn as patterns."""

import numpy as np
import pytest

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.learning.estimator_training import train_estimator
from morphoscope.learning.targets import load_targets
from morphoscope.web.pattern_view import COMPOSITE, FRAMES, SALIENCY, PatternView
from morphoscope.web.workspace import Workspace


@pytest.fixture
def view(uniform_atlas):
    made = PatternView(Workspace(uniform_atlas), lambda _: None, lambda _: None)
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


@pytest.fixture(scope="module")
def estimator(tmp_path_factory):
    """One of Gray–Scott on the grid of the tiny atlas, with its three frames."""
    ranges, times = {"f": (0.03, 0.04), "k": (0.06, 0.064)}, (840.0, 870.0, 900.0)
    plan = morphoscope.scan_plan("gray-scott", sample="sobol:32", ranges=ranges, size=64, times=times, until=900)
    runs = morphoscope.ensemble(plan, tmp_path_factory.mktemp("estimator") / "runs")
    return train_estimator(load_targets(runs, "f,k"), epochs=1)


def test_an_estimator_shows_parameters_and_marks_its_draws(unchanged_workspace, estimator):
    atlas, marked = unchanged_workspace.atlas, []
    made = PatternView(Workspace(atlas, estimator=estimator), lambda _: None, marked.append)
    frames = atlas.frames(np.arange(len(atlas.runs)))
    patterned = int(np.argmax(np.ptp(frames[:, -1], axis=(1, 2))))
    made.show(patterned, frames[patterned])
    assert made.estimate.visible
    assert "estimated, with 90 % intervals: f = " in made.estimate.object
    assert set(marked[-1]) == {"f", "k"}
    assert np.isfinite(marked[-1]["f"]).all()
    made.show(patterned, np.full_like(frames[0], 0.5))
    assert made.estimate.object == "homogeneous: does not determine the parameters"
    assert marked[-1] == {}


def test_an_estimator_of_another_grid_is_refused(uniform_atlas, estimator):
    with pytest.raises(UsageError, match="estimator reads"):
        Workspace(uniform_atlas, estimator=estimator)
