"""Two readings of the same runs, drawn."""

import numpy as np
import pytest

from morphoscope.atlas import Atlas
from morphoscope.learning.prediction import Prediction
from morphoscope.reports import save
from morphoscope.reports.comparison import change_map, shared_styles, two_maps


@pytest.fixture
def both(workshop):
    """An atlas, and the same with one more class, as which one run is read."""
    first, second = Atlas(workshop / "atlas"), Atlas(workshop / "atlas")
    more = np.hstack([second.reading.probabilities, np.zeros((len(second.runs), 1), np.float32)])
    more[0] = [0, 0, 0, 1]
    second.reading = Prediction((*second.classes, "pi"), more)
    return first, second


def test_both_maps_have_one_legend_with_both_counts(both, tmp_path):
    figure = two_maps(*both, ("one", "two"), ring={"f": 0.03, "k": 0.062})
    assert [axes.get_title() for axes in figure.axes] == ["one", "two"]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "π pi  (– → 1)" in texts
    assert len(texts) == len([n for n in both[0].counts().values() if n]) + 1
    assert save(figure, tmp_path / "maps.png").stat().st_size > 5000


def test_classes_that_only_one_reading_has_get_colours_of_their_own(both):
    for atlas, names in zip(both, (("H", "maze", "dots"), ("H", "stripes", "waves", "pi")), strict=True):
        atlas.reading = Prediction(names, atlas.reading.probabilities)
    looks = shared_styles(*both)
    assert looks["pi"][0] == "π"
    assert len({colour for _, colour in looks.values()}) == len(looks) == 6
    assert {looks[name] for name in both[0].classes} == set(both[0].class_styles().values())


def test_maps_are_limited_to_the_requested_classes(both):
    whole, cut = (two_maps(*both, ("one", "two"), without=w).axes[0].get_xlim() for w in ((), ("H",)))
    assert whole[0] <= 0.05 <= whole[1]
    assert cut[0] > 0.05


def test_maps_of_nothing_else_are_whole(both):
    nothing = two_maps(*both, ("one", "two"), without=both[0].classes)
    assert nothing.axes[0].get_xlim() == two_maps(*both, ("one", "two")).axes[0].get_xlim()


def test_changes_are_counted_by_the_second_reading(both):
    axes = change_map(*both).axes[0]
    assert axes.get_title() == f"1 of {len(both[0].runs)} runs is read differently"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["π pi  (1)"]


def test_no_change_is_drawn_too(both):
    figure = change_map(both[0], both[0])
    assert figure.axes[0].get_title().startswith("0 of")
    assert figure.axes[0].get_legend() is None
