"""The patterns of an atlas arranged by similarity."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

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


STOPPED = """
    import sys, time
    from morphoscope.atlas import Atlas, pattern_features
    from morphoscope.atlas.similarity import arrange_patterns
    from tests.atlas.test_similarity import Means
    from tests.conftest import Listening
    pattern_features._CHUNK = 3
    class Telling(Listening):
        def advance(self, *_, **__):
            print("a part", flush=True)
            time.sleep(60)
    arrange_patterns(Atlas(sys.argv[1]), Means(), progress=Telling())
"""


def test_an_interrupted_arrangement_goes_on(atlas, monkeypatch):
    """The features of a part are kept when it is done; of the rest only the frames are read."""
    whole = arrange_patterns(atlas, Means())
    for path in atlas.folder.glob("features-*"):
        path.unlink()
    paths = (str(Path(morphoscope.__file__).parents[1]), str(Path(__file__).parents[2]))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STOPPED), str(atlas.folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stdout.readline() == "a part\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert len(list(atlas.folder.glob("features-*-part-*.npz"))) == 1
    read, frames = [], Atlas.frames
    monkeypatch.setattr(Atlas, "frames", lambda self, rows: read.extend(rows.tolist()) or frames(self, rows))
    again = arrange_patterns(Atlas(atlas.folder), Means())
    assert sorted(read) == patterned_rows(atlas).tolist()[3:]
    assert np.array_equal(again.coordinates, whole.coordinates)
    assert [path.name.count("part") for path in atlas.folder.glob("features-*")] == [0]
    assert morphoscope.check(atlas.folder) == []
    arrange_patterns(Atlas(atlas.folder), Means())
    assert len(read) == len(whole.runs) - 3


def test_a_damaged_part_is_computed_again(atlas, monkeypatch):
    whole = arrange_patterns(atlas, Means())
    (stored,) = atlas.folder.glob("features-*.npz")
    stored.write_bytes(stored.read_bytes()[:-60])
    again = arrange_patterns(Atlas(atlas.folder), Means())
    assert np.array_equal(again.coordinates, whole.coordinates)


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
