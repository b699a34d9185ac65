"""The patterns of an atlas arranged by similarity."""

import dataclasses
import json

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.similarity import FILE, arrange_patterns, load_similarity, patterned_rows, save_similarity
from morphoscope.core.errors import DataError, UsageError
from morphoscope.learning.encoder import Encoder
from tests.cli.in_process import cli_here
from tests.web.conftest import copied_workspace


class Means:
    """An encoder that sees only how dense a pattern is."""

    hash = "means"

    def features(self, frames):
        return np.stack([frames.mean(axis=(1, 2, 3)), frames.std(axis=(1, 2, 3))], axis=1)


@pytest.fixture
def atlas(workshop, tmp_path):
    return copied_workspace(workshop, tmp_path).atlas


def test_runs_with_a_pattern_have_a_place_that_is_stored(atlas):
    found = arrange_patterns(atlas, Means())
    assert found.runs.tolist() == atlas.runs[atlas.read_by == "network"].tolist()
    assert (found.laid_out, found.coordinates.shape) == (8, (8, 2))
    assert load_similarity(atlas) is None
    save_similarity(atlas, found)
    again = load_similarity(Atlas(atlas.folder))
    assert np.array_equal(again.coordinates, found.coordinates)
    assert (again.trustworthiness, again.encoder) == (found.trustworthiness, "means")
    assert np.array_equal(atlas.runs[again.positions(atlas)], found.runs)
    assert morphoscope.check(atlas.folder) == []


def test_places_of_other_runs_and_damaged_ones_are_not_taken(atlas):
    found = arrange_patterns(atlas, Means())
    save_similarity(atlas, dataclasses.replace(found, runs=found.runs[1:], coordinates=found.coordinates[1:]))
    assert load_similarity(atlas) is None  # a pattern has no place
    path = save_similarity(atlas, found)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"similarity\.npz is damaged"):
        load_similarity(atlas)


def test_more_patterns_are_placed_between_those_that_are_laid_out(atlas, monkeypatch):
    monkeypatch.setattr("morphoscope.learning.layout.LEAST", 6)
    found = arrange_patterns(atlas, Means(), most=6)
    assert (found.laid_out, len(found.runs)) == (6, 8)
    assert np.isfinite(found.coordinates).all()
    assert np.abs(found.coordinates).max() <= 1


def test_too_few_and_too_small_patterns(atlas, tmp_path):
    plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.02, 0.04, 2)}, size=(24, 48), until=10, initial="noise")
    with pytest.raises(UsageError, match="24x48 cells; an encoder reads 32 or more each way"):
        morphoscope.arrange(morphoscope.ensemble(plan, tmp_path / "scan"))
    atlas.read_by[patterned_rows(atlas)[0]] = "variance"
    with pytest.raises(UsageError, match="has 7 runs with a pattern; 8 or more are needed"):
        arrange_patterns(atlas, Means())


def test_the_shipped_atlas_has_its_places(monkeypatch, tmp_path):
    monkeypatch.setattr("morphoscope.atlas.similarity.arrange_patterns", None)  # nothing is computed
    found = morphoscope.arrange("gray-scott")
    assert len(found.runs) == found.laid_out == 848
    assert found.trustworthiness > 0.99
    assert found.encoder == Encoder.shipped().hash
    assert load_similarity(Atlas("gray-scott")).covers(Atlas("gray-scott"))
    assert FILE in Atlas("gray-scott").metadata["files"]
    assert "848 patterns are laid out; trustworthiness 0.99" in cli_here("arrange", "gray-scott", cwd=tmp_path).stdout
    said = cli_here("arrange", "gray-scott", "--json", cwd=tmp_path).stdout
    assert len(json.loads(said)["places"]) == 848
