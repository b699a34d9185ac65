"""Pictures of single runs: variation is visible on any scale, homogeneous fields are uniform, time runs downwards."""

import numpy as np
import pytest
from PIL import Image

import morphoscope
from morphoscope.core.errors import UsageError
from morphoscope.ensembles.pictures import save_run_video, simulation_figure
from morphoscope.ensembles.settings import Settings
from morphoscope.ensembles.simulation import run_plan, simulate_one, video_times
from morphoscope.models import Model


def run(reaction, low, high, *, video=False, **settings):
    """A user's model with values from about ``low`` to ``high``, started from noise."""
    model = Model(
        name="own", reaction={"u": reaction}, defaults={"a": high}, background={"u": low}, perturbation={"u": high},
        initial="noise", shown=None, spacing=0.5,
    )  # fmt: skip
    plan = run_plan(model, {}, Settings.of(**{"size": (32, 32), "until": 14.0, "dt": 0.1, **settings}))
    return simulate_one(plan, video=video)


def contrast(simulation):
    """The share of the colours that the last frame in the figure uses."""
    image = simulation_figure(simulation).axes[-2].images[0]
    return float(np.ptp(image.norm(image.get_array())))


def grey_levels(simulation, folder):
    from morphoscope.ensembles.run_folder import save_run

    save_run(simulation, folder)
    return len(np.unique(np.asarray(Image.open(folder / "u.png"))))


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1000.0, 1010.0), (1e-6, 2e-6), (-3.0, -1.0)])
def test_what_varies_is_seen_on_any_scale(tmp_path, low, high):
    resting = run("0*u", low, high)
    assert contrast(resting) > 0.99
    assert grey_levels(resting, tmp_path / "run") > 100


@pytest.mark.parametrize(("low", "high"), [(0.3, 0.38), (1000.0, 1010.0), (1e-6, 2e-6)])
@pytest.mark.parametrize("reaction", ["a - u", "-u"])
def test_what_is_uniform_but_for_rounding_is_drawn_uniform(tmp_path, reaction, low, high):
    """Also if everything has decayed to the level of noise."""
    settled = run(reaction, low, high)
    assert 0 < np.ptp(settled.states) < 1e-3 * high
    assert contrast(settled) < 1 / 255
    assert grey_levels(settled, tmp_path / "run") == 1


def test_a_figure_states_what_it_shows():
    figure = simulation_figure(run("a - u", 0.0, 1.0, times=(7.0, 14.0)))
    assert figure.get_suptitle() == "own\na = 1, seed 0"
    *frames, bar = figure.axes
    assert [axes.get_title() for axes in frames] == ["t = 7", "t = 14"]
    assert frames[0].images[0].get_extent() == [0, 16, 16, 0]
    assert bar.get_title() == "u"


def test_a_line_has_space_and_time():
    line = run("a - u", 0.0, 1.0, size=(32, 1))
    axes = simulation_figure(line).axes[0]
    assert axes.get_xlabel() == "x"
    assert axes.get_ylabel() == "time"
    assert axes.images[0].get_extent() == [0, 16, 14, 0]
    assert video_times(line)[[0, -1]] == pytest.approx([0, 14])


def test_a_film_needs_a_film(tmp_path):
    with pytest.raises(UsageError, match="without a video"):
        save_run_video(run("a - u", 0.0, 1.0), tmp_path / "a.mp4")
    filmed = run("a - u", 0.0, 1.0, video=True, size=(16, 16), until=1.0)
    assert video_times(filmed) == pytest.approx(np.linspace(0, 1, 11))
    assert save_run_video(filmed, tmp_path / "a.mp4").stat().st_size > 1000


def test_the_raw_png_is_still_what_classify_reads(tmp_path):
    done = morphoscope.simulate("gray-scott", {"f": 0.03, "k": 0.062}, size=(48, 48), until=120, out=tmp_path / "run")
    assert {p.name for p in (tmp_path / "run").iterdir()} == {
        "picture.png", "u.png", "initial.npz", "snapshots.npz", "run.json"
    }  # fmt: skip
    pixels = np.asarray(Image.open(tmp_path / "run" / "u.png")) / 255
    assert np.moveaxis(pixels, 2, 0) == pytest.approx(done.species("u"), abs=0.51 / 255)
