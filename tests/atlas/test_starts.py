"""Atlases of runs with several initial conditions."""

import csv

import numpy as np
import pytest
from matplotlib.colors import to_rgba

import morphoscope
from morphoscope.atlas import Atlas
from morphoscope.atlas.annotation import Annotation
from morphoscope.atlas.coexistence import occupancy_rows
from morphoscope.atlas.refinement import choose, next_plan
from morphoscope.atlas.starts import compare_starts, dependence, start_columns, start_numbers, with_initial
from morphoscope.core.errors import UsageError
from tests.atlas.test_coexistence import atlas_of

STARTS = ["spots:count=4", "pearson-square"]
#: Classes of the runs at two points, by start: at the first point the class depends on the start.
CLASSES = {STARTS[0]: (["kappa"] * 4, ["kappa"] * 4), STARTS[1]: (["lambda"] * 4, ["kappa"] * 2 + ["lambda"] * 2)}


def plan(initial=STARTS):
    return morphoscope.scan_plan("gray-scott", grid={"f": (0.03, 0.05, 2)}, replicates=4, initial=initial)


@pytest.fixture
def atlas(tmp_path):
    made = plan()
    names, left = [], {start: [list(classes) for classes in by] for start, by in CLASSES.items()}
    for run, row in enumerate(made.runs):
        names.append(left[str(made.initial_of(run))][int(row.parameters["f"] > 0.04)].pop(0))
    return atlas_of(tmp_path / "atlas", made, names)


def test_points_are_told_apart_by_their_start(atlas):
    assert atlas.initials == tuple(STARTS)
    assert atlas.occupancy.runs.tolist() == [4] * 4
    assert [row["initial"] for row in atlas.points()[:2]] == STARTS


def test_the_class_depends_on_the_start_where_intervals_are_disjoint(atlas):
    found = compare_starts(atlas)
    assert found.counts.sum() == 16
    assert found.depends.tolist() == [True, False]
    assert found.differs[0]
    for point in range(2):
        for start in range(2):
            row = atlas.occupancy.classes.index("lambda")
            expected = CLASSES[STARTS[start]][point].count("lambda")
            assert found.counts[point, start, row] == expected


def test_three_runs_with_each_prove_nothing(tmp_path):
    made = morphoscope.scan_plan("gray-scott", {"f": 0.03}, replicates=3, initial=STARTS)
    found = compare_starts(atlas_of(tmp_path / "a", made, ["kappa", "lambda"] * 3))
    assert (found.depends.tolist(), found.differs.tolist()) == ([False], [True])
    assert dependence(Atlas(tmp_path / "a")).tolist() == [1] * 6


def test_columns_for_maps(atlas):
    first = atlas.values("f") < 0.04
    assert dependence(atlas).tolist() == np.where(first, 2, 0).tolist()
    assert start_numbers(atlas).tolist() == [STARTS.index(str(atlas.plan.initial_of(run))) for run in atlas.runs]


def test_the_part_with_one_start(atlas):
    square = with_initial(atlas, "pearson-square")
    assert with_initial(atlas, "spots").initials == ("spots:count=4",)
    assert square.initials == ("pearson-square",)
    assert square.counts() == {"H": 0, "kappa": 2, "lambda": 6}
    assert len(square.values("f")) == len(square.read_by) == 8
    assert np.all([atlas.plan.initial_of(run).name == "pearson-square" for run in square.runs])
    assert len(atlas.runs) == 16
    with pytest.raises(UsageError, match=r"no run of .* began from 'spott'; known: pearson-square, spots:count=4"):
        with_initial(atlas, "spott")


def test_a_name_that_several_have_is_ambiguous(tmp_path):
    made = morphoscope.scan_plan("gray-scott", {"f": 0.03}, initial=["spots:count=4", "spots:count=5"])
    with pytest.raises(UsageError, match=r"ambiguous.*spots:count=4, spots:count=5"):
        with_initial(atlas_of(tmp_path / "a", made, ["kappa", "lambda"]), "spots")


def test_tables_say_it(atlas):
    rows = occupancy_rows(atlas.occupancy, {"f": atlas.values("f"), **start_columns(atlas)})
    assert [(row["initial"], row["depends_on_initial"]) for row in rows] == [
        (STARTS[0], 1), (STARTS[1], 1), (STARTS[0], 0), (STARTS[1], 0),
    ]  # fmt: skip


def test_maps(atlas, tmp_path):
    figure = morphoscope.class_map(atlas, tmp_path / "map.png", theory=False)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:2] == [f"{start}: 8 runs" for start in STARTS]
    legend = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert legend[2] == "class depends on the start (1)"
    one = morphoscope.class_map(atlas, theory=False, initial="spots", color="margin")
    assert "8 runs" in one.axes[0].get_title()
    with pytest.raises(UsageError, match="2 initial conditions; choose one: spots:count=4, pearson-square"):
        morphoscope.class_map(atlas, color="margin")


def test_the_legend_of_maps_has_their_colours(tmp_path):
    made = plan()
    names = ["dots", "maze"] * (len(made.runs) // 2)
    own = atlas_of(tmp_path / "own", made, names, ("dots", "maze"))
    own.annotations.make_class("maze", "m", "#123456", "ada")
    figure = morphoscope.class_map(own, theory=False)
    drawn = {tuple(cells.get_facecolor()[0]) for cells in figure.axes[0].collections}
    legend = {to_rgba(handle.get_color()) for handle in figure.legends[0].legend_handles}
    assert drawn <= legend
    assert to_rgba("#123456") in legend
    assert [text.get_text()[:6] for text in figure.legends[0].get_texts()] == ["dots  ", "m maze"]


def test_atlases_are_compared_run_by_run(atlas, tmp_path):
    alone = atlas_of(tmp_path / "alone", plan(STARTS[0]), ["kappa"] * 8)
    assert atlas.agreement(alone).n == 8


def test_one_start_can_not_be_compared(tmp_path):
    alone = atlas_of(tmp_path / "alone", plan(STARTS[0]), ["kappa"] * 8)
    assert alone.initials == ("spots:count=4",)
    with pytest.raises(UsageError, match=r"all runs of .* began from spots:count=4"):
        compare_starts(alone)


def word(run, new):
    return Annotation(1, 1, run, "ada", "now", "relabel", "H", new, "", None)


def test_a_next_pass_begins_where_the_annotated_runs_began(atlas):
    """The same parameters are different points for different starts, so that their classes do not contradict."""
    of = {(start, f): [] for start in STARTS for f in (0.03, 0.05)}
    for run, row in enumerate(atlas.plan.runs):
        of[str(atlas.plan.initial_of(run)), row.parameters["f"]].append(run)
    rows = [{"parameters": {"f": 0.05, "k": 0.062}, "class": "old", "runs": 4, "initial": STARTS[1]}]
    atlas.metadata = {**atlas.metadata, "training_rows": [*rows, {**rows[0], "class": "older", "initial": None}]}
    choice = choose(atlas, [word(of[STARTS[0], 0.03][0], "a"), word(of[STARTS[1], 0.03][1], "b")])
    assert choice.contested == []
    assert choice.unstated == 1
    assert "begin from the first one" in choice.remarks()[-1]
    made = next_plan(atlas, choice, "next", 5, 3)
    found = {(run.label, str(made.initial_of(i)), run.parameters["f"]) for i, run in enumerate(made.runs)}
    expected = {("a", STARTS[0], 0.03), ("b", STARTS[1], 0.03), ("old", STARTS[1], 0.05), ("older", STARTS[0], 0.05)}
    assert found == expected
    assert len(made.runs) == 12
    both = choose(atlas, [word(of[STARTS[0], 0.03][0], "a"), word(of[STARTS[0], 0.03][1], "b")])
    assert [point.given["initial"] for point in both.contested] == [STARTS[0]]


def test_scan_writes_them(workshop, tmp_path):
    made = morphoscope.scan_plan("gray-scott", replicates=2, size=64, until=100.0, initial=STARTS, dt=0.5)
    morphoscope.ensemble(made, tmp_path / "runs", workers=1)
    morphoscope.scan(workshop / "classifier", tmp_path / "runs", tmp_path / "atlas")
    for table, count in (("points.csv", 4), ("occupancy.csv", 2)):
        with (tmp_path / "atlas" / table).open(newline="") as file:
            found = [row["initial"] for row in csv.DictReader(file)]
        assert found == STARTS * (count // 2)
