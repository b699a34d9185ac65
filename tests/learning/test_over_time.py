"""Readings at several times: by hand, from stored snapshots, and from runs that are simulated again."""

import csv
import dataclasses

import numpy as np
import pytest

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Ensemble
from morphoscope.learning.classifier import Classifier, Input
from morphoscope.learning.over_time import OverTime, readable_times, settled
from tests.conftest import tiny_plan

TIMES = (60.0, 90.0, 120.0, 1540.0, 1570.0, 1600.0, 2940.0, 2970.0, 3000.0)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Ensemble:
    """Labelled runs that the workshop's classifier can read at three times."""
    plan = dataclasses.replace(tiny_plan("over-time", runs=2, seed=5), times=TIMES)
    return morphoscope.ensemble(plan, tmp_path_factory.mktemp("over-time") / "runs")


def by_hand(classifier, ensemble, time):
    """The classes at a time, from the plan with only the frames up to it."""
    plan = dataclasses.replace(ensemble.plan, times=(time - 60, time - 30, time), until=time)
    from morphoscope.ensembles.execution import repeat_runs
    from morphoscope.learning.patterns import of_plan
    from morphoscope.learning.reading import read

    frames = repeat_runs(plan, range(len(plan.runs)))
    every = np.arange(len(plan.runs))
    return read(classifier, of_plan(classifier, plan, every, lambda _, some: frames[some], "by hand")).names


def test_settled_is_the_start_of_the_last_equal_readings():
    read = np.array([["a", "b", "b", "b"], ["b", "b", "a", "b"], ["c", "c", "c", "c"], ["a", "b", "a", "b"]])
    assert settled((1.0, 2.0, 5.0, 9.0), read).tolist() == [2.0, 9.0, 1.0, 9.0]


def test_figures_of_a_small_example():
    read = np.array([["a", "b", "b"], ["a", "a", "a"], ["b", "b", "a"]])
    found = OverTime("set", (1.0, 2.0, 4.0), ("b", "a", "a"), read)
    assert [a.value for a in found.accuracy()] == pytest.approx([1 / 3, 2 / 3, 1])
    assert [a.value for a in found.accuracy("a")] == [0.5, 0.5, 1.0]
    assert found.as_at_the_end().tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert found.settled.tolist() == [2.0, 1.0, 4.0]
    assert found.settling() == (2.0, 4.0)
    assert found.settling("b") == (2.0, 2.0)
    assert [(r["class"], r["time"], r["runs"]) for r in found.rows()][3:5] == [("a", 1.0, 2), ("a", 2.0, 2)]


def test_a_classifier_finds_its_frames_at_some_snapshots(runs):
    assert readable_times(runs.plan, Input(3, 64, 64)) == [120.0, 1600.0, 3000.0]
    assert readable_times(runs.plan, Input(1, 64, 64)) == list(TIMES)
    assert readable_times(runs.plan, Input(3, 64, 64, apart=400.0)) == []


def test_stored_and_repeated_runs_are_read_as_each_time_alone(workshop, runs, tmp_path):
    classifier = Classifier.load(workshop / "classifier")
    stored = morphoscope.evaluate(classifier, runs, tmp_path / "out", over_time=True)
    assert stored.times == (120.0, 1600.0, 3000.0)
    for place, time in enumerate(stored.times):
        assert stored.read[:, place].tolist() == by_hand(classifier, runs, time)
    again = morphoscope.evaluate(classifier, runs, over_time=True, times=[3000, 120, 700])
    assert again.times == (120.0, 700.0, 3000.0)
    assert np.array_equal(again.read[:, [0, 2]], stored.read[:, [0, 2]])
    assert again.read[:, 1].tolist() == by_hand(classifier, runs, 700.0)
    at_end = morphoscope.evaluate(classifier, runs).combined
    assert stored.accuracy()[-1] == at_end
    with (tmp_path / "out" / "over_time.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * (1 + len(stored.classes))
    assert float(rows[2]["accuracy"]) == at_end.value
    assert (tmp_path / "out" / "over_time.png").stat().st_size > 10_000
    assert morphoscope.check(tmp_path / "out") == []


def test_an_ordinary_set_is_read_at_thirty_times(workshop):
    found = morphoscope.evaluate(workshop / "classifier", workshop / "validation", over_time=True)
    assert found.times == tuple(np.arange(1, 31) * 100.0)
    assert found.accuracy()[0].n == 12
    assert found.accuracy()[-1].value >= found.accuracy()[0].value


def test_what_can_not_be_read_over_time_is_one_line(workshop, runs, tmp_path):
    classifier = workshop / "classifier"
    with pytest.raises(
        UsageError, match=r"time 50; the runs of over-time can be read from 60, as .* 3 frames 30 apart"
    ):
        morphoscope.evaluate(classifier, runs, over_time=True, times=50)
    with pytest.raises(UsageError, match="to 3000"):
        morphoscope.evaluate(classifier, runs, over_time=True, times=[3030])
    with pytest.raises(UsageError, match="are to be read once"):
        morphoscope.evaluate(classifier, runs, times=[100])
    with pytest.raises(UsageError, match=r"frames at 2940, 2970, 3000; .* which end at 1 of these times"):
        morphoscope.scan(classifier, workshop / "validation", tmp_path / "atlas", over_time=True)
    assert not (tmp_path / "atlas").exists()
    points = [{**row.parameters.given, "class": "waves"} for row in runs.plan.runs[:1]]
    foreign = morphoscope.ensemble(
        morphoscope.scan_plan("gray-scott", points=points, size=48, until=120, times=(60, 90, 120)), tmp_path / "waves"
    )
    with pytest.raises(UsageError, match=r"the data set has others \(extra: waves\)"):
        morphoscope.evaluate(classifier, foreign, tmp_path / "never", over_time=True)
    assert not (tmp_path / "never").exists()
    with pytest.raises(UsageError, match="was read at one time only"):
        morphoscope.class_map(workshop / "atlas", color="settled")


def test_an_atlas_shows_since_when_its_runs_are_settled(workshop, runs, tmp_path):
    atlas = morphoscope.scan(workshop / "classifier", runs, tmp_path / "atlas", over_time=True)
    found = morphoscope.evaluate(workshop / "classifier", runs, over_time=True)
    assert np.array_equal(Atlas(tmp_path / "atlas").settled, found.settled)
    assert [row["settled"] for row in atlas.points()] == found.settled.tolist()
    with (tmp_path / "atlas" / "points.csv").open() as file:
        assert [float(row["settled"]) for row in csv.DictReader(file)] == found.settled.tolist()
    figure = morphoscope.class_map(tmp_path / "atlas", color="settled", theory=False)
    assert any("settled: time from which on" in axes.get_ylabel() for axes in figure.axes)
    assert "settled" not in Atlas(workshop / "atlas").variables()
