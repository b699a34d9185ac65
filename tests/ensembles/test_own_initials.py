"""Plans whose runs have several initial conditions: rows, files, hashes, runs, coordinates."""

import dataclasses
import json

import numpy as np
import pytest

import morphoscope
from morphoscope.core.errors import DataError, UsageError
from morphoscope.engines.initial import InitialCondition
from morphoscope.ensembles import Plan, recipe
from morphoscope.ensembles.jobs import run_job
from morphoscope.ensembles.settings import Settings, repeat_command
from morphoscope.ensembles.simulation import run_plan, single_run
from morphoscope.models import get_model

GRID = {"f": (0.03, 0.05, 2), "k": (0.058, 0.06, 2)}
SPOTS, SQUARE = InitialCondition.parse("spots:count=4"), InitialCondition.parse("pearson-square")


def plan(initial=("spots:count=4", "pearson-square"), **more):
    arguments = {"grid": GRID, "replicates": 2, "size": 40, "until": 20.0, "seed": 3} | more
    return morphoscope.scan_plan("gray-scott", initial=initial, **arguments)


def test_hashes_of_plans_with_one_initial_condition_are_those_of_version_0_1():
    one = morphoscope.scan_plan(
        "gray-scott",
        grid={"f": (0.02, 0.06, 3), "k": (0.05, 0.06, 2)},
        replicates=2,
        initial="spots:count=4",
        until=100,
        seed=3,
    )
    assert one.hash == "01ac342c3bcb0fd8659a3b8154a1e15d4d9e08956b25d22b9056b17207428038"
    assert one.to_dict()["format"] == 2
    assert all("initial" not in row for row in one.to_dict()["runs"])
    many = {"f": (0.02, 0.06, 103), "k": (0.05, 0.06, 101)}
    large = morphoscope.scan_plan("gray-scott", grid=many, initial="spots:count=4", until=100, seed=3)
    assert large.hash == "ccc968496b6c9239425ad9cfeb85f1cc0483725c1d7cff0c9bfdd8c792b57606"
    assert recipe("scholz2022-train").hash == "72e48f6096e718d6ebf04bb90b8624dfc9981d492ba4d78beefa26353be07c73"


def test_the_runs_with_each_are_those_of_a_plan_with_it_alone():
    both = plan()
    assert both.initials == (SPOTS, SQUARE)
    assert both.initial == SPOTS
    assert [both.initial_of(run) for run in range(4)] == [SPOTS, SQUARE] * 2
    for start in both.initials:
        alone = plan(start)
        of_start = [i for i in range(len(both.runs)) if both.initial_of(i) == start]
        rows = [dataclasses.replace(both.runs[i], initial=None) for i in of_start]
        assert rows == list(alone.runs)
        for run, row in zip(of_start, range(len(alone.runs)), strict=True):
            state = run_job(both, both.runs[run]).initial
            np.testing.assert_array_equal(state, run_job(alone, alone.runs[row]).initial)


def test_fewer_replicates_are_the_beginning():
    assert list(plan(replicates=1).runs) == list(plan().runs)[:8]


def test_one_plan_has_one_form():
    spots, square = (plan(start) for start in (SPOTS, SQUARE))
    own = dataclasses.replace(spots, runs=tuple(dataclasses.replace(row, initial=SQUARE) for row in spots.runs))
    same = dataclasses.replace(spots, runs=tuple(dataclasses.replace(row, initial=SPOTS) for row in spots.runs))
    assert own == square
    assert own.hash == square.hash
    assert same == spots
    assert plan([SPOTS]) == spots


@pytest.mark.parametrize("points", [2, 75])
def test_files(tmp_path, points):
    """75 × 75 points with two initial conditions are stored by columns."""
    made = plan(grid={"f": (0.03, 0.05, points), "k": (0.058, 0.06, points)}, replicates=1)
    path = tmp_path / "plan.json"
    made.save(path)
    assert (tmp_path / "plan.runs.npz").exists() == (points == 75)
    assert json.loads(path.read_text())["format"] == 4
    read = Plan.load(path)
    assert read == made
    assert read.hash == made.hash
    assert dataclasses.replace(read, name="again").hash == made.hash
    assert made.difference(plan(SPOTS, grid={"f": (0.03, 0.05, 2)})) is not None


def test_a_row_with_an_unknown_initial_condition_is_refused(tmp_path):
    values = plan().to_dict()
    values["runs"][1]["initial"]["name"] = "sponge"
    with pytest.raises(UsageError, match="unknown initial condition 'sponge'"):
        Plan.from_dict(values)


def test_the_hash_depends_on_which_run_begins_from_what():
    made = plan()
    swapped = dataclasses.replace(
        made,
        runs=tuple(dataclasses.replace(row, initial=SQUARE if row.initial is None else None) for row in made.runs),
    )
    assert swapped.hash != made.hash
    assert swapped.difference(made).startswith("runs.0.initial")


def test_an_ensemble_has_the_initial_condition_as_a_coordinate(tmp_path):
    made = morphoscope.ensemble(plan(), tmp_path / "both", workers=1)
    found = made.dataset()
    assert found["initial"].values.tolist() == [str(made.plan.initial_of(i)) for i in range(16)]
    alone = morphoscope.ensemble(plan("pearson-square"), tmp_path / "alone", workers=1).dataset()
    assert "initial" not in alone.coords
    squares = found["u"].values[found["initial"].values == "pearson-square"]
    np.testing.assert_array_equal(squares, alone["u"].values)


def test_a_run_can_be_repeated_alone():
    made = plan()
    assert single_run(made, 1).initial == SQUARE
    assert single_run(made, 1).to_dict()["format"] == 2
    assert "--initial pearson-square" in repeat_command(made, 1)
    assert "--initial spots:count=4" in repeat_command(made, 0)


def test_a_table_of_points_may_have_them(tmp_path):
    table = tmp_path / "points.csv"
    table.write_text("f,k,class,initial\n0.03,0.058,a,spots:count=4\n0.04,0.06,b,\n")
    made = morphoscope.scan_plan("gray-scott", points=table, size=40, until=20.0)
    assert [str(made.initial_of(run)) for run in range(2)] == ["spots:count=4", "pearson-gamma"]
    with pytest.raises(UsageError, match="have initial conditions of their own, but noise is given for all"):
        morphoscope.scan_plan("gray-scott", points=table, size=40, until=20.0, initial=["noise", "spots"])
    table.write_text("f,k,initial\n0.03,0.058,sponge\n")
    with pytest.raises(DataError, match="line 2: unknown initial condition 'sponge'"):
        morphoscope.scan_plan("gray-scott", points=table)


@pytest.mark.parametrize(
    ("initial", "message"),
    [
        (["spots", "spots"], "initial condition spots is given twice; use replicates"),
        (["spots", "sponge"], "unknown initial condition 'sponge'"),
        ([], "no initial condition is given"),
    ],
)
def test_refused(initial, message):
    with pytest.raises(UsageError, match=message):
        plan(initial)


def test_every_run_needs_the_states_of_its_initial_condition():
    with pytest.raises(UsageError, match=r"no second homogeneous steady state at f=0.07.*initial condition inverse"):
        plan(["spots", "inverse"], grid=None, parameters={"f": 0.07, "k": 0.07})


def test_a_single_run_has_one():
    with pytest.raises(UsageError, match="a single run has one initial condition"):
        run_plan(get_model("gray-scott"), {}, Settings.of(initial=["spots", "noise"]))
