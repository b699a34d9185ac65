"""The atlas that comes with the package."""

import numpy as np
import pytest

from morphoscope.atlas import Atlas
from morphoscope.atlas.discovery import patterned
from morphoscope.atlas.files import shipped_folder, shipped_names
from morphoscope.atlas.pattern_features import compute_features
from morphoscope.atlas.reader import find_classifier
from morphoscope.atlas.stored_features import StoredFeatures, features_file
from morphoscope.learning.encoder import Encoder


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_atlas_is_small_and_whole(name):
    atlas = Atlas(name)
    folder = shipped_folder() / name
    assert sum(path.stat().st_size for path in folder.iterdir()) < 8 * 2**20
    assert atlas.ensemble is None
    assert all(atlas.thumbnails(i) for i in range(-(-len(atlas.runs) // 1024)))
    assert find_classifier(atlas).classes == atlas.classes


def test_the_papers_scan_with_the_second_pass():
    atlas = Atlas("gray-scott")
    assert len(atlas.runs) == 5481
    assert len(atlas.classes) == 16
    read = {atlas.reading.names[p] for p in atlas.positions({"f": 0.068, "k": 0.060625}, 3)}
    assert "pi" in read


def test_a_shipped_reading_is_reproduced_by_its_classifier_and_a_new_simulation():
    atlas = Atlas("gray-scott")
    positions = np.array([atlas.members("kappa")[0], atlas.members("pi")[0]])
    again = find_classifier(atlas).predict(atlas.frames(positions))
    assert again.names == ["kappa", "pi"]


def test_no_homogeneous_run_of_it_is_read_as_a_pattern():
    atlas = Atlas("gray-scott")
    homogeneous = np.isnan(atlas.descriptors["wavelength"])
    assert homogeneous.sum() == 4633
    assert np.array_equal(atlas.read_by == "theory", homogeneous)
    assert set(np.array(atlas.reading.names)[homogeneous]) == {"H", "L"}


def test_the_features_of_its_patterns_are_stored_by_the_shipped_networks():
    """Otherwise discovery simulates 848 runs again: python tools/publish.py --features."""
    atlas, encoder = Atlas("gray-scott"), Encoder.shipped()
    classifier, (positions, _) = find_classifier(atlas), patterned(atlas, 0)
    kept = StoredFeatures(atlas, features_file(atlas, encoder, classifier))
    assert not len(kept.lacks(positions))
    found = kept.of(positions)
    chosen = np.array([0, 400])
    again = compute_features(atlas, positions[chosen], encoder, classifier)
    for stored, computed in zip(found, again, strict=True):
        assert stored[chosen] == pytest.approx(computed, rel=1e-3, abs=1e-3)
