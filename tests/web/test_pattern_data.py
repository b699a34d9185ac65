"""What a page is told of one pattern: of a uniform one, and by an estimator."""

import io
import json

import numpy as np
import pytest
from PIL import Image

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.learning.estimating.targets import load_targets
from morphoscope.learning.estimating.training import train_estimator
from morphoscope.web.server.atlas_data import AtlasData
from morphoscope.web.server.pattern_data import PatternData
from morphoscope.web.workspace import Workspace


def detail(workspace, run):
    return json.loads(PatternData(workspace).detail(run).content)


def test_a_uniform_run_has_one_colour_and_no_spectrum(uniform_atlas):
    workspace = Workspace(uniform_atlas)
    run = int(uniform_atlas.runs[0])
    data = PatternData(workspace)
    for body in (data.composite(run), data.spectrum(run)):
        picture = np.asarray(Image.open(io.BytesIO(body.content)))
        assert len(np.unique(picture.reshape(-1, picture.shape[-1]), axis=0)) == 1
    told = detail(workspace, run)
    assert told["wavelength"] is None
    assert not np.any(told["rings"]["power"])
    assert data.frames(10**6) is None
    assert AtlasData(workspace, "ada").described()["colourRange"] == list(uniform_atlas.colour_range)


@pytest.fixture(scope="module")
def estimator(tmp_path_factory):
    """One of Gray–Scott on the grid of the tiny atlas, with its three frames."""
    ranges, times = {"f": (0.03, 0.04), "k": (0.06, 0.064)}, (840.0, 870.0, 900.0)
    plan = morphoscope.scan_plan("gray-scott", sample="sobol:32", ranges=ranges, size=64, times=times, until=900)
    runs = morphoscope.ensemble(plan, tmp_path_factory.mktemp("estimator") / "runs")
    return train_estimator(load_targets(runs, "f,k"), epochs=1)


def test_an_estimator_tells_parameters_and_its_draws(unchanged_workspace, estimator):
    atlas = unchanged_workspace.atlas
    workspace = Workspace(atlas, estimator=estimator)
    frames = atlas.frames(np.arange(len(atlas.runs)))
    spread = np.ptp(frames[:, -1], axis=(1, 2))
    told = detail(workspace, int(atlas.runs[np.argmax(spread)]))["estimate"]
    assert "estimated, with 90 % intervals: f = " in told["text"]
    assert set(told["draws"]) == {"f", "k"}
    assert np.isfinite(told["draws"]["f"]).all()
    told = detail(workspace, int(atlas.runs[np.argmin(spread)]))["estimate"]
    assert told == {"text": "homogeneous: does not determine the parameters", "draws": {}}


def test_an_estimator_of_another_grid_is_refused(uniform_atlas, estimator):
    with pytest.raises(UsageError, match="estimator reads"):
        Workspace(uniform_atlas, estimator=estimator)
