"""Known scores and conformal sets in atlases, their tables, figures and pages; atlases without them."""

import csv
import dataclasses
import json
import shutil

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.starts import with_initial
from morphoscope.core.errors import DataError, UsageError
from morphoscope.ensembles import Ensemble
from morphoscope.learning.classifier import Classifier
from morphoscope.reports import class_map, montage
from morphoscope.web.server.atlas_data import AtlasData
from morphoscope.web.server.pattern_data import PatternData
from morphoscope.web.workspace import Workspace
from tests.cli.in_process import cli_here
from tests.records import change_record


@pytest.fixture
def doubtful(workshop, tmp_path):
    """The workshop's atlas, in which the second and the last reading of the network are unknown."""
    folder = shutil.copytree(workshop / "atlas", tmp_path / "atlas")
    known = np.load(folder / "known.npy")
    places = np.flatnonzero(np.isfinite(known))[[1, -1]]
    known[np.isfinite(known)] = 0.9
    known[places] = 0.25
    np.save(folder / "known.npy", known)
    change_record(folder / "atlas.json", ensemble=str(workshop / "validation"))
    return Atlas(folder), places


def test_an_atlas_has_what_classify_says(workshop):
    reading = Atlas(workshop / "atlas").reading
    found = morphoscope.classify(workshop / "classifier", Ensemble(workshop / "validation"))
    assert np.array_equal(reading.known, found.known, equal_nan=True)
    assert np.array_equal(reading.sets, found.sets)
    assert reading.coverage == 0.9


def test_points_have_columns(doubtful, tmp_path):
    atlas, places = doubtful
    rows = atlas.points()
    assert [i for i, row in enumerate(rows) if row["unknown"]] == places.tolist()
    assert [row["known"] is None for row in rows] == (atlas.read_by == "theory").tolist()
    assert rows[places[0]]["known"] == 0.25
    assert all(row["set"] == row["class"] for row in rows if row["read_by"] == "theory")
    written = list(csv.DictReader((atlas.folder / "points.csv").open()))
    assert {"known", "unknown", "set"} <= written[0].keys()


def test_the_map_marks_unknown_points(doubtful):
    atlas, places = doubtful
    words = [text.get_text() for text in class_map(atlas).axes[0].get_legend().get_texts()]
    assert f"unknown  ({len(places)})" in words
    class_map(atlas, color="known")
    assert np.isnan(atlas.variables()["known"][atlas.read_by == "theory"]).all()


def test_the_montage_marks_unknown_patterns(doubtful):
    atlas, places = doubtful
    name = atlas.reading.names[places[0]]
    figure = montage(atlas, name)
    count = int(atlas.reading.unknown[atlas.members(name)].sum())
    assert f"{count} unknown (?)" in figure.get_suptitle()
    assert sum(text.get_text().startswith("? ") for text in figure.axes[0].texts) == count


def test_the_page_is_told_of_unknown_patterns(doubtful):
    atlas, places = doubtful
    workspace = Workspace(atlas)
    told = json.loads(PatternData(workspace).detail(int(atlas.runs[places[0]])).content)
    assert told["coverage"] == 0.9
    assert told["set"] == atlas.reading.set_of(places[0])
    names = [each["name"] for each in AtlasData(workspace, "ada").described()["variables"]]
    assert "known" in names


def test_a_part_of_an_atlas_keeps_its_scores(doubtful):
    atlas, places = doubtful
    part = with_initial(atlas, atlas.initials[0])
    assert np.array_equal(part.reading.known, atlas.reading.known, equal_nan=True)
    assert atlas.reading.at(places).unknown.all()


def test_atlases_without_scores_open(workshop, tmp_path):
    old = Classifier.load(workshop / "classifier")
    old = dataclasses.replace(old, known=None, conformal=None)
    atlas = morphoscope.scan(old, workshop / "validation", tmp_path / "atlas")
    assert not (tmp_path / "atlas" / "known.npy").exists()
    for metadata in (atlas.metadata["known"], None):
        change_record(tmp_path / "atlas" / "atlas.json", known=metadata)
        again = Atlas(tmp_path / "atlas")
        assert (again.reading.known, again.reading.sets, again.reading.unknown.any()) == (None, None, False)
        assert not {"known", "unknown", "set"} & again.points()[0].keys()
        assert json.loads(PatternData(Workspace(again)).detail(int(again.runs[0])).content)["set"] is None
        with pytest.raises(UsageError, match="no known scores"):
            class_map(again, color="known")


def test_damaged_scores_are_refused(workshop, tmp_path):
    folder = shutil.copytree(workshop / "atlas", tmp_path / "atlas")
    np.save(folder / "known.npy", np.zeros(3, np.float32))
    with pytest.raises(DataError, match=r"known\.npy is damaged"):
        Atlas(folder)
    change_record(folder / "atlas.json")
    with pytest.raises(DataError, match="known scores have shape"):
        Atlas(folder)


def test_scan_counts_unknown_runs(workshop, tmp_path):
    said = cli_here("scan", workshop / "classifier", workshop / "train", "--out", "atlas", "--json", cwd=tmp_path)
    assert json.loads(said.stdout)["unknown"] == int(Atlas(tmp_path / "atlas").reading.unknown.sum())
