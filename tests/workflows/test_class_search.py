"""Searching for a class around a point."""

import dataclasses

import numpy as np
import pytest

from morphoscope.learning.prediction import Prediction
from morphoscope.workflows.scholz2022.class_search import search_class


@dataclasses.dataclass
class Plane:
    """The part of an atlas that a search needs: a row of points, f = 0 … 9."""

    reading: Prediction

    def values(self, name):
        return np.arange(10.0) if name == "f" else np.zeros(10)


@pytest.fixture
def search():
    probabilities = np.tile(np.float32([0.9, 0.1]), (10, 1))
    probabilities[[2, 3, 9]] = [0.2, 0.8]
    atlas = Plane(Prediction(("kappa", "pi"), probabilities))
    return search_class(atlas, "pi", {"f": 2.2, "k": 0.0}, {"f": 0.5, "k": 1.0}, far=8.0, nearest=3)


def test_nearest_readings_come_first(search):
    assert [s.point["f"] for s in search.nearest] == [2, 3, 1]
    assert [s.read_as for s in search.nearest] == ["pi", "pi", "kappa"]
    assert [s.distance for s in search.nearest] == pytest.approx([0.4, 1.6, 2.4])
    assert search.found == 2


def test_occurrences_are_all_readings_of_the_class(search):
    assert [s.point["f"] for s in search.occurrences] == [2, 3, 9]
    assert [s.point["f"] for s in search.far_away] == [9]
    assert search.occurrences[0].probability == pytest.approx(0.8)
    assert search.summary() == (
        "Of the 3 scan points nearest to f = 2.2, k = 0, 2 are read as π. "
        "In the whole scan, 3 are, 1 of them more than 8 steps of the scan away."
    )


def test_nothing_found(search):
    none = dataclasses.replace(search, occurrences=[])
    assert none.far_away == []
    assert none.to_dict()["far_away"] == 0
