import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphoscope.core.errors import UsageError
from morphoscope.ensembles import Plan, recipe, recipe_names
from morphoscope.ensembles.plan import run_seeds, steps_at
from tests.conftest import tiny_plan

COUNTS = {
    "scholz2022-train": (750, 15, 15),
    "scholz2022-validation": (750, 15, 15),
    "scholz2022-test": (750, 50, 15),
    "scholz2022-second-train": (1600, 148, 16),
    "scholz2022-second-validation": (1600, 148, 16),
    "scholz2022-scan": (5481, None, 0),
}


@pytest.mark.parametrize("name", recipe_names())
class TestEveryRecipe:
    def test_round_trips_through_json(self, name):
        plan = recipe(name)
        again = Plan.from_json(plan.to_json())
        assert again == plan
        assert again.hash == plan.hash

    def test_seeds_differ_between_runs(self, name):
        seeds = [r.seed for r in recipe(name).runs]
        assert len(set(seeds)) == len(seeds)


@pytest.mark.parametrize("name", COUNTS)
class TestThePapersRecipes:
    def test_has_the_papers_counts(self, name):
        runs, pairs, classes = COUNTS[name]
        plan = recipe(name)
        assert len(plan.runs) == runs
        assert len({r.label for r in plan.runs} - {None}) == classes
        if pairs:
            assert len({r.parameters for r in plan.runs}) == pairs

    def test_has_the_papers_grid_and_frames(self, name):
        plan = recipe(name)
        assert (plan.grid.shape, plan.grid.stencil, plan.dt) == ((128, 128), 9, 0.25)
        assert plan.times == (14940, 14970, 15000)
        assert plan.steps[-1] == 60000
        assert recipe(name, frames=10).times == tuple(range(11400, 15001, 400))


def test_sets_have_different_seeds():
    seeds = [{r.seed for r in recipe(f"scholz2022-{name}").runs} for name in ("train", "validation", "test")]
    assert not seeds[0] & seeds[1]
    assert not seeds[0] & seeds[2]


@given(st.integers(0, 2**40), st.integers(1, 20), st.integers(0, 20))
def test_a_runs_seed_does_not_depend_on_how_many_there_are(root, few, more):
    assert run_seeds(root, few + more)[:few] == run_seeds(root, few)
    assert all(0 <= seed < 2**53 for seed in run_seeds(root, few))


@given(st.integers(1, 900))
def test_limit_keeps_that_many_whole_runs_spread_over_the_classes(count):
    plan = recipe("scholz2022-train")
    few = plan.limited(count)
    assert len(few.runs) == min(count, 750)
    assert set(few.runs) <= set(plan.runs)
    labels = [run.label for run in few.runs]
    per_class = [labels.count(label) for label in {r.label for r in plan.runs}]
    assert max(per_class) - min(per_class) <= 4  # a class may lose or win one at each end of its stretch


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ((3001.0,), "outside 0 … 3000"),
        ((-1.0,), "outside"),
        ((float("nan"),), "outside"),
        ((10.3,), "not a multiple of dt=0.5; the nearest is 10.5"),
        ((20.0, 10.0), "ascend"),
        ((), "no snapshot times"),
    ],
)
def test_bad_snapshot_times(times, words):
    with pytest.raises(UsageError, match=words):
        steps_at(times, 0.5, 3000.0)


def broken_plans():
    good = tiny_plan().to_dict()
    yield {}
    yield []
    yield {**good, "format": 99}
    yield {k: v for k, v in good.items() if k != "dt"}
    yield {**good, "grid": {"height": 3, "width": 3}}
    yield {**good, "grid": {"rows": 3}}
    yield {**good, "model": "gray_scot"}
    yield {**good, "model": {"name": "x"}}
    yield {**good, "model": {**good["model"], "reaction": {"u": "__import__('os')", "v": "0"}}}
    yield {**good, "dt": "x"}
    yield {**good, "times": ["soon"]}
    yield {**good, "runs": []}
    yield {**good, "runs": [{"parameters": {"f": 1.0}, "seed": 1}]}
    yield {**good, "runs": [{"parameters": {"f": 0.1}}]}
    yield {**good, "runs": 5}
    yield {**good, "record": ["w"]}
    yield {**good, "dt": 9.0}
    yield {**good, "initial": "spot"}


@pytest.mark.parametrize("values", list(broken_plans()), ids=range(18))
def test_broken_plans_are_one_line(values):
    with pytest.raises(UsageError) as caught:
        Plan.from_dict(values)
    assert "\n" not in str(caught.value)


def test_model_may_be_a_name():
    values = {**tiny_plan().to_dict(), "model": "gray-scott"}
    assert Plan.from_dict(values) == tiny_plan()


def test_formats_1_and_2_are_read():
    plan = tiny_plan()
    values = plan.to_dict()
    assert values["format"] == 2
    first = {k: v for k, v in values.items() if k not in ("integrator", "noise", "double")} | {"format": 1}
    assert Plan.from_dict(first) == plan
    with pytest.raises(UsageError, match="plan format 6; this version reads 1, 2, 4 and 5, and files of 3"):
        Plan.from_dict({**values, "format": 6})


def test_unknown_recipe_and_frames():
    with pytest.raises(UsageError, match="did you mean 'scholz2022-train'"):
        recipe("scholz2022-trian")
    with pytest.raises(UsageError, match="3 or 10"):
        recipe("scholz2022-train", frames=4)
