from collections import Counter

import pytest

from morphoscope.atlas import Atlas
from morphoscope.atlas.annotation import Annotation
from morphoscope.atlas.refinement import choose, next_plan
from morphoscope.core.errors import UsageError


@pytest.fixture(scope="module")
def atlas(workshop):
    return Atlas(workshop / "atlas")


def word(run, new, old="H"):
    return Annotation(1, 1, run, "ada", "now", "relabel", old, new, "", None)


def points(choice, name):
    return {_pair(point) for point in choice.rows.get(name, [])}


def _pair(point):
    return point.parameters["f"], point.parameters["k"]


def test_rows_of_the_last_pass_are_kept_and_corrected(atlas):
    kappa, lam = (0.046, 0.063), (0.03, 0.062)
    choice = choose(atlas, [word(0, "swirls")])
    assert points(choice, "swirls") == {kappa}
    assert "kappa" not in choice.rows  # its only point is now another class
    assert points(choice, "lambda") == {lam}
    assert choice.contested == []


def test_contested_and_rejected_points_train_nothing(atlas):
    choice = choose(atlas, [word(0, "swirls"), word(1, "kappa")])
    assert [_pair(point) for point in choice.contested] == [(0.046, 0.063)]
    assert set(choice.rows) == {"lambda", "H"}
    choice = choose(atlas, [word(4, "")])
    assert set(choice.rows) == {"kappa", "H"}
    assert choice.contested == []


def test_one_class_is_not_enough(atlas):
    with pytest.raises(UsageError, match="at least 2 classes"):
        choose(atlas, [word(0, ""), word(4, "")])
    with pytest.raises(UsageError, match="nothing in"):
        choose(atlas, [])


@pytest.mark.parametrize("runs", [2, 5, 100])
def test_the_plan_is_balanced(atlas, runs):
    plan = next_plan(atlas, choose(atlas, [word(0, "kappa"), word(4, "kappa")]), "next", 5, runs)
    assert Counter(run.label for run in plan.runs) == {"H": runs, "kappa": runs}
    by_point = Counter(run.parameters for run in plan.runs if run.label == "kappa")
    assert max(by_point.values()) - min(by_point.values()) <= 1
    assert (plan.grid, plan.times, plan.dt) == (atlas.plan.grid, atlas.plan.times, atlas.plan.dt)
    assert len({run.seed for run in plan.runs}) == len(plan.runs)
    assert not {run.seed for run in plan.runs} & {run.seed for run in atlas.plan.runs}


def test_too_few_runs_are_refused(atlas):
    with pytest.raises(UsageError, match="use 2 or more"):
        next_plan(atlas, choose(atlas, [word(0, "kappa")]), "next", 5, 1)
