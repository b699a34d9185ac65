"""Figures of a run: axes in lengths, times, one colour bar with numbers."""

import numpy as np
import pytest

from morphoscope.core.errors import UsageError
from morphoscope.rendering.figure import pattern_figure, space_time_figure

FRAMES = np.random.default_rng(1).uniform(0.2, 0.8, (3, 16, 24))


def bar_labels(figure):
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.axes[-1].get_yticklabels()]


def test_frames_have_lengths_times_and_one_bar():
    figure = pattern_figure(FRAMES, spacing=0.5, times=[0, 50, 100], shown=(0, 1), species="v", title="a run")
    *frames, bar = figure.axes
    assert [axes.get_title() for axes in frames] == ["t = 0", "t = 50", "t = 100"]
    assert {axes.images[0].get_clim() for axes in frames} == {(0.0, 1.0)}
    assert frames[0].images[0].get_extent() == [0, 12, 8, 0]
    assert (frames[0].get_xlabel(), frames[0].get_ylabel(), bar.get_title()) == ("x", "y", "v")
    assert bar_labels(figure) == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert figure.get_suptitle() == "a run"


def test_a_title_of_two_lines_leaves_room_for_the_axis():
    figure = pattern_figure(np.zeros((3, 64, 64)), times=[1, 2, 3], title="a run\nwith its parameters")
    figure.draw_without_rendering()
    label = figure.axes[0].xaxis.label.get_window_extent()
    assert label.y0 >= 0


def test_first_and_last_of_many_frames_are_drawn():
    figure = pattern_figure(np.repeat(FRAMES, 9, axis=0), times=range(27))
    assert [axes.get_title() for axes in figure.axes[:-1]] == ["t = 0", "t = 9", "t = 17", "t = 26"]
    assert len(pattern_figure(FRAMES[0]).axes) == 2


@pytest.mark.parametrize(
    ("around", "labels"),
    [(1000.0, ["1000", "1002", "1004", "1006", "1008", "1010"]), (0.0, ["0", "2", "4", "6", "8", "10"])],
)
def test_bars_have_plain_numbers_without_offsets(around, labels):
    ramp = around + np.linspace(0, 10, 64).reshape(8, 8)
    assert bar_labels(pattern_figure(ramp)) == labels


def test_a_uniform_frame_has_one_colour():
    flat = 0.38 + np.random.default_rng(0).uniform(-4.5e-6, 4.5e-6, (16, 16))
    (image,) = pattern_figure(flat).axes[0].images
    assert np.ptp(image.norm(image.get_array())) < 1e-3


def test_a_line_has_time_downwards():
    film = np.linspace(0, 1, 40).reshape(5, 1, 8)
    figure = space_time_figure(film, spacing=2.0, times=[0, 10, 20, 30, 40])
    assert figure.axes[0].images[0].get_extent() == [0, 16, 40, 0]
    assert figure.axes[0].get_ylabel() == "time"
    assert space_time_figure(film[:1], times=[3.0]).axes[0].images[0].get_extent() == [0, 8, 4, 3]


@pytest.mark.parametrize("draw", [pattern_figure, space_time_figure])
def test_other_shapes_are_refused(draw):
    with pytest.raises(UsageError, match="expected"):
        draw(np.zeros((2, 2, 2, 2)))
