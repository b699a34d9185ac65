import csv
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.coexistence import MIN_SHARE, occupancy_of
from morphoscope.core.errors import UsageError
from morphoscope.learning.prediction import Prediction
from morphoscope.models import Model

CLASSES = ("H", "kappa", "lambda")


def read_as(names, classes=CLASSES, sure=0.9):
    """A reading that gives each pattern the class named."""
    probabilities = np.full((len(names), len(classes)), (1 - sure) / (len(classes) - 1), dtype=np.float32)
    probabilities[np.arange(len(names)), [classes.index(name) for name in names]] = sure
    return Prediction(tuple(classes), probabilities)


def atlas_of(folder, plan, names, classes=CLASSES):
    """An atlas of a plan whose runs were read as ``names``, without an ensemble."""
    folder.mkdir()
    plan.save(folder / "plan.json")
    np.save(folder / "probabilities.npy", read_as(names, classes).probabilities)
    description = {"format": 2, "plan_hash": plan.hash, "ensemble": None, "classes": list(classes)}
    (folder / "atlas.json").write_text(json.dumps({**description, "runs": list(range(len(plan.runs)))}))
    return Atlas(folder)


class TestOccupancy:
    found = occupancy_of(read_as(["H", "kappa", "H", "H", "lambda", "kappa"]), ["a", "b", "a", "a", "b", "c"])

    def test_shares_states_and_majority(self):
        assert self.found.first.tolist() == [0, 1, 5]
        assert self.found.runs.tolist() == [3, 2, 1]
        assert self.found.shares.tolist() == [[1, 0, 0], [0, 0.5, 0.5], [0, 1, 0]]
        assert self.found.states.tolist() == [1, 2, 1]
        assert self.found.multistable.tolist() == [False, True, False]
        assert self.found.entropy == pytest.approx([0, 1, 0])
        assert self.found.repeated

    def test_of_equal_shares_the_more_certain_class_wins(self):
        unsure = Prediction(CLASSES, np.array([[0.1, 0.5, 0.4], [0.05, 0.05, 0.9]], dtype=np.float32))
        found = occupancy_of(unsure, [1, 1])
        assert (found.majority[0], found.second[0]) == (2, 1)

    def test_a_single_odd_run_in_many_is_no_state(self):
        few, many = (occupancy_of(read_as(["kappa"] * n + ["H"]), [0] * (n + 1)) for n in (9, 20))
        assert few.multistable[0]
        assert not many.multistable[0]
        assert 1 / 21 < MIN_SHARE == 1 / 10

    @given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(CLASSES)), min_size=1, max_size=60))
    def test_counts_are_those_of_the_readings(self, readings):
        points, names = zip(*readings, strict=True)
        found = occupancy_of(read_as(list(names)), points)
        assert found.counts.sum() == len(readings)
        assert found.shares.sum(axis=1) == pytest.approx(np.ones(len(set(points))))
        for number, reading in enumerate(found.first):
            for column, name in enumerate(CLASSES):
                assert found.counts[number, column] == readings.count((points[reading], name))
            assert found.counts[number].max() == found.counts[number, found.majority[number]]
            assert found.second[number] != found.majority[number]
        entropy = stats.entropy(found.shares, base=2, axis=1)
        assert found.entropy == pytest.approx(entropy, abs=1e-12)
        assert np.all((found.states >= 1) & (found.states <= 2**found.entropy + len(CLASSES)))

    @given(st.integers(0, 30), st.integers(1, 30))
    def test_the_interval_is_wilsons(self, more, less):
        found = occupancy_of(read_as(["H"] * more + ["kappa"] * less), [0] * (more + less))
        low, high = found.interval(stats.norm.ppf(0.975))
        expected = stats.binomtest(more, more + less).proportion_ci(0.95, "wilson")
        assert (low[0, 0], high[0, 0]) == pytest.approx(tuple(expected), abs=1e-9)

    def test_numbers_are_averaged_over_a_points_runs(self):
        mean = self.found.averaged(np.array([1.0, 5.0, 2.0, np.nan, 7.0, np.nan]))
        assert mean[:5] == pytest.approx([1.5, 6.0, 1.5, 1.5, 6.0])
        assert np.isnan(mean[5])


class TestPlane:
    @pytest.mark.parametrize(
        ("arguments", "plane"),
        [
            ({"grid": {"f": (0.01, 0.05, 2), "k": (0.05, 0.06, 2)}}, ("k", "f")),
            ({"grid": {"f": (0.01, 0.05, 2), "k": (0.05, 0.06, 2), "Du": (0.1, 0.2, 2)}}, ("k", "f")),
            ({"grid": {"f": (0.01, 0.05, 2), "Dv": (0.05, 0.1, 2)}}, ("f", "Dv")),
            ({"grid": {"Dv": (0.05, 0.1, 2), "Du": (0.1, 0.2, 2)}, "parameters": {"f": 0.03}}, ("Du", "Dv")),
            ({"grid": {"f": (0.01, 0.05, 2)}}, ("k", "f")),
            ({"grid": {"Du": (0.1, 0.2, 2)}}, ("Du", "f")),
            ({"replicates": 2}, ("k", "f")),
        ],
    )
    def test_is_the_default_plane_or_what_varies(self, tmp_path, arguments, plane):
        plan = morphoscope.scan_plan("gray-scott", **arguments)
        atlas = atlas_of(tmp_path / "a", plan, ["H", "kappa"] * (len(plan.runs) // 2))
        assert atlas.plane == plane
        assert set(atlas.varying) == set(arguments.get("grid", ()))
        assert all(np.isfinite(atlas.label_position(np.array([0, 1]))))
        assert morphoscope.class_map(atlas, theory=False).axes[0].get_xlabel().startswith(plane[0])

    def test_theory_is_drawn_where_it_holds_for_all_runs(self, tmp_path):
        both = {"f": (0.01, 0.05, 2), "k": (0.04, 0.07, 2)}
        names = ["H", "kappa"]
        two = atlas_of(tmp_path / "2", morphoscope.scan_plan("gray-scott", grid=both), names * 2)
        three = morphoscope.scan_plan("gray-scott", grid={**both, "Du": (0.1, 0.2, 2)})
        assert two.theory_lines((0.04, 0.07), (0.01, 0.05))
        assert atlas_of(tmp_path / "3", three, names * 4).theory_lines((0.04, 0.07), (0.01, 0.05)) == []

    def test_without_parameters_there_is_none(self, tmp_path):
        still = Model(name="still", reaction={"u": "-u"}, dt=0.1, until=1.0)
        atlas = atlas_of(tmp_path / "a", morphoscope.scan_plan(still, replicates=2, times=(1.0,)), ["H", "H"])
        with pytest.raises(UsageError, match="no parameters"):
            morphoscope.class_map(atlas, tmp_path / "map.png")


def test_variables_are_there_where_points_are_repeated(tmp_path):
    grid = {"f": (0.01, 0.05, 2)}
    once = atlas_of(tmp_path / "1", morphoscope.scan_plan("gray-scott", grid=grid), ["H", "kappa"])
    twice = atlas_of(
        tmp_path / "2", morphoscope.scan_plan("gray-scott", grid=grid, replicates=2), ["H", "H", "kappa", "H"]
    )
    assert not {"states", "coexistence"} & set(once.variables())
    assert twice.variables()["states"].tolist() == [2, 1, 2, 1]
    assert twice.variables()["coexistence"] == pytest.approx([1, 0, 1, 0])


def test_the_map_has_a_square_a_point_and_marks_where_classes_coexist(tmp_path):
    from matplotlib.collections import PathCollection, PolyCollection

    from morphoscope.reports import class_map

    plan = morphoscope.scan_plan("gray-scott", grid={"f": (0.01, 0.05, 3), "k": (0.05, 0.06, 2)}, replicates=3)
    agreed = atlas_of(tmp_path / "1", plan, ["H"] * 18)
    divided = atlas_of(tmp_path / "2", plan, ["H"] * 12 + ["kappa"] + ["H"] * 5)
    for atlas, marked in ((agreed, 0), (divided, 1)):
        figure = class_map(atlas, theory=False)
        drawn = figure.axes[0].collections
        assert sum(len(c.get_paths()) for c in drawn if isinstance(c, PolyCollection)) == 6
        dots = [c for c in drawn if isinstance(c, PathCollection) and len(c.get_offsets())]
        assert [len(c.get_offsets()) for c in dots] == [1] * marked
        labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        assert ("classes coexist  (1 point)" in labels) == bool(marked)
    assert dots[0].get_offsets()[0].tolist() == [0.05, 0.01]


def test_repeats_of_the_papers_scan_are_found():
    several = Atlas("gray-scott").occupancy
    assert (len(several.point_index), len(several.first)) == (5481, 5369)
    assert several.runs.max() == 2


def test_from_a_scan_to_its_occupancy(workshop, tmp_path):
    plan = morphoscope.scan_plan(
        "gray-scott", grid={"f": (0.02, 0.046, 2), "k": (0.055, 0.063, 2)}, replicates=3, size=(64, 64), until=3000.0,
        dt=0.5, seed=5,
    )  # fmt: skip
    morphoscope.ensemble(plan, tmp_path / "scan")
    atlas = morphoscope.scan(workshop / "classifier", tmp_path / "scan", tmp_path / "atlas")
    with (tmp_path / "atlas" / "occupancy.csv").open() as file:
        rows = list(csv.DictReader(file))
    shares = [f"P({name})" for name in atlas.classes]
    assert list(rows[0]) == ["f", "k", "runs", "class", "share", "low", "high", "states", "coexistence", *shares]
    assert len(rows) == 4
    for row in rows:
        here = (atlas.values("f") == float(row["f"])) & (atlas.values("k") == float(row["k"]))
        read = np.array(atlas.reading.names)[here]
        assert int(row["runs"]) == here.sum() == 3
        for name in atlas.classes:
            assert float(row[f"P({name})"]) == pytest.approx((read == name).mean(), abs=1e-6)
        assert float(row["share"]) == max(float(row[name]) for name in shares)
        assert int(row["states"]) == len(set(read.tolist()))
        assert 0 <= float(row["low"]) <= float(row["share"]) <= float(row["high"]) <= 1
