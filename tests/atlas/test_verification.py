"""Verification: which classes survive other numerics."""

import csv
import html
import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.verification import FAILED, FILE, FOLDER, Verification, choose_runs, load_verification
from morphoscope.core.errors import DataError, UsageError
from morphoscope.core.shares import Share
from tests.cli.in_process import cli_here


@pytest.fixture
def folder(workshop, tmp_path):
    for name in ("validation", "classifier", "atlas"):
        shutil.copytree(workshop / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def made():
    """Of class a, two of three runs keep it in both checks; of b, the only one loses it in one."""
    found = {"half-step": ("a", "a", "a", "b"), "other-seed": ("a", "b", "a", FAILED)}
    return Verification(np.array([1, 4, 5, 9]), ("a", "a", "a", "b"), found, {}, {"a": 30, "b": 10})


def test_shares_by_hand(made):
    assert made.survives.tolist() == [2, 1, 2, 1]
    assert made.changed(3) == ["other-seed"]
    assert made.all_kept() == pytest.approx((30 * 2 / 3 + 10 * 0) / 40)
    a, b, everything = made.rows()
    assert (a["class"], a["points"], a["all"].value, a["other-seed"].value) == ("a", 3, 2 / 3, 2 / 3)
    assert (b["class"], b["points"], b["all"].value, b["half-step"].value) == ("b", 1, 0, 1)
    assert (everything["points"], everything["all"].value) == (4, 0.5)
    assert repr(made) == "Verification(4 runs, 2 with the same class in all 2 checks)"
    one = Verification(made.runs[:1], ("a",), {"half-step": ("a",)}, {}, {"a": 30})
    assert repr(one) == "Verification(1 run, 1 with the same class in the check half-step)"
    assert one.sentence().startswith("Of 1 run, drawn at random from the class a, 100% (95 % interval 21% to 100%)")
    assert "keep their class in all 2 checks (other-seed 50%, " in made.sentence()
    assert "50% (95 % interval 15% to 85%)" in made.sentence()
    assert made.columns(np.array([4, 7])) == {"survives": [1, None], "changed_by": ["other-seed", None]}


def test_a_verification_of_another_reading_is_not_used(made, tmp_path):
    made.save(tmp_path, "hash")
    reading = dict(zip(made.runs.tolist(), made.read, strict=True))
    again = load_verification(tmp_path, "hash", reading)
    assert (again.found, again.runs.tolist()) == (made.found, made.runs.tolist())
    assert load_verification(tmp_path, "other", reading) is None
    assert load_verification(tmp_path, "hash", {**reading, 9: "a"}) is None
    assert load_verification(tmp_path / "none", "hash", reading) is None


def test_a_damaged_file_is_one_line(made, tmp_path):
    made.save(tmp_path, "hash")
    path = tmp_path / FILE
    path.write_text(path.read_text().replace('"read"', '"raed"'))
    with pytest.raises(DataError) as caught:
        load_verification(tmp_path, "hash", {})
    assert "\n" not in str(caught.value)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=60), st.integers(1, 60), st.integers(0, 5))
def test_runs_are_drawn_as_equally_as_possible(names, count, seed):
    count = min(count, len(names))
    chosen = choose_runs(names, count, seed)
    assert len(set(chosen.tolist())) == count
    sizes = {name: names.count(name) for name in set(names)}
    drawn = {name: sum(names[i] == name for i in chosen) for name in sizes}
    largest = max(drawn.values())
    assert all(drawn[name] >= min(sizes[name], largest - 1) for name in sizes)


def test_verify_stores_what_it_finds(folder):
    atlas = Atlas(folder / "atlas")
    found = morphoscope.verify(atlas, points=6, checks=["half-step", "other-seed"])
    assert set(found.read) == set(atlas.reading.names)
    names = atlas.reading.names
    for run, read in zip(found.runs.tolist(), found.read, strict=True):
        assert names[int(np.flatnonzero(atlas.runs == run)[0])] == read
    again = Atlas(folder / "atlas")
    survives = again.variables()["survives"]
    assert np.isfinite(survives).sum() == 6
    with (folder / "atlas" / "points.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["survives"] for row in rows] == ["" if np.isnan(v) else str(int(v)) for v in survives]
    assert not (folder / "atlas" / FOLDER).exists()
    assert morphoscope.check(folder / "atlas") == []
    assert found.sentence() in html.unescape((folder / "atlas" / "verification.html").read_text())


def test_a_reading_that_depends_on_the_check_is_noticed(folder, monkeypatch):
    from morphoscope.atlas import verification

    def always(classifier, patterns):
        from morphoscope.learning.prediction import Prediction

        return Prediction(("H",), np.ones((len(patterns.runs), 1), np.float32))

    monkeypatch.setattr(verification, "read", always)
    found = morphoscope.verify(folder / "atlas", points=6, checks=["half-step"])
    assert found.survives.tolist() == [int(name == "H") for name in found.read]
    assert 0 < found.survives.sum() < 6


def test_the_command_prints_a_table(folder):
    done = cli_here("verify", "atlas", "--points", 3, "--checks", "other-precision", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "keep their class in the check other-precision; weighted" in done.stdout
    values = json.loads(
        cli_here("verify", "atlas", "--points", 3, "--checks", "half-step", "--json", cwd=folder).stdout
    )
    assert values["classes"][-1]["points"] == 3


def test_the_table_is_legible_on_a_hundred_columns(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(Verification, "rows", lambda self: [_row("homogeneous", self)])
    shown = cli_here("verify", "atlas", "--points", 1, cwd=folder).stdout
    for word in ("homogeneous", "precision", "spacing", "stencil"):
        assert word in shown


def _row(name, found):
    return {"class": name, "points": 1, **dict.fromkeys(("all", *found.found), Share.of(np.array([True])))}


def test_the_map_counts_checks_from_zero(folder):
    morphoscope.verify(folder / "atlas", points=3, checks=["half-step"])
    figure = morphoscope.class_map(folder / "atlas", color="survives", theory=False)
    assert figure.axes[0].collections[-1].get_clim() == (0, 1)
    assert "number of checks" in figure.axes[1].get_ylabel()


def test_bad_input_is_one_line(folder):
    for arguments, words in (
        (("--points", 0), "points=0"),
        (("--checks", "half-stpe"), "unknown check 'half-stpe'"),
    ):
        done = cli_here("verify", "atlas", *arguments, cwd=folder)
        assert done.returncode == 2
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
    with pytest.raises(UsageError, match="no classifier has read"):
        morphoscope.verify(folder / "validation")
    shutil.rmtree(folder / "classifier")
    with pytest.raises(UsageError, match="can't be found"):
        morphoscope.verify(folder / "atlas")
    assert not (folder / "atlas" / FILE).exists()
