"""Classes that border on each other can be told apart, also with colour blindness."""

import itertools

import numpy as np
import pytest
from scipy.spatial import cKDTree
from skimage.color import deltaE_ciede2000, rgb2lab

from morphoscope.atlas import Atlas
from morphoscope.atlas.classes import class_colours

#: Machado, Oliveira & Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009), severity 1, for linear RGB.
SEEN = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
LEAST = 10.0


def as_seen(colour, matrix):
    """The CIELAB coordinates of #rrggbb."""
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(matrix) @ linear, 0, 1)
    return rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))


def difference(one, other, matrix):
    return float(deltaE_ciede2000(as_seen(one, matrix), as_seen(other, matrix)))


@pytest.fixture(scope="module")
def neighbours():
    """Pairs of classes that adjoining cells of the shipped map have."""
    atlas = Atlas("gray-scott")
    places = [np.unique(atlas.values(name).round(9), return_inverse=True)[1] for name in atlas.plane]
    found = cKDTree(np.stack(places, axis=1)).query_pairs(1.05)
    names = atlas.reading.names
    return {tuple(sorted((names[i], names[j]))) for i, j in found} - {(name, name) for name in atlas.classes}


@pytest.mark.parametrize("sight", SEEN)
def test_neighbours_on_the_map_differ(neighbours, sight):
    colours = class_colours(Atlas("gray-scott").classes)
    assert ("pi", "theta") in neighbours
    for one, other in neighbours:
        assert difference(colours[one], colours[other], SEEN[sight]) >= LEAST, (one, other)


def test_all_classes_differ_for_normal_sight():
    colours = class_colours(Atlas("gray-scott").classes)
    for one, other in itertools.combinations(colours, 2):
        assert difference(colours[one], colours[other], SEEN["normal"]) >= LEAST, (one, other)


def test_the_measure_knows_colours_that_are_confused():
    """Those of π and θ in earlier versions."""
    assert difference("#ff3b30", "#e8743b", SEEN["normal"]) > LEAST
    assert difference("#ff3b30", "#e8743b", SEEN["deuteranopia"]) < 7
