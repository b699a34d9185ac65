"""The recipe of the 19 classes; those of the paper are tested in test_plan."""

import numpy as np
import pytest

from morphoscope.core.errors import UsageError
from morphoscope.ensembles import recipe
from morphoscope.ensembles.jobs import run_job
from tests.cli.test_cli import cli, fails

PEARSON = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"]
CLASSES = {*PEARSON, "nu", "xi", "pi", "rho", "sigma", "H", "L"}


def points(plan):
    return {(run.parameters["f"], run.parameters["k"]) for run in plan.runs}


@pytest.mark.parametrize("name", ["munafo-19", "munafo-19-validation", "munafo-19-test", "munafo-19-unseen"])
def test_all_19_classes_are_there(name):
    plan = recipe(name)
    assert set(plan.table.labels()) == CLASSES
    assert len(CLASSES) == 19
    assert plan.grid.shape == (256, 256)
    assert plan.times == (14940.0, 14970.0, 15000.0)
    assert plan.dt * plan.model.defaults["Du"] <= 0.5


def test_the_sets_share_no_run():
    first, validation, test, unseen = (recipe(f"munafo-19{end}") for end in ("", "-validation", "-test", "-unseen"))
    assert points(first) == points(validation) == points(test)
    assert not points(first) & points(unseen)
    seeds = [run.seed for plan in (first, validation, test, unseen) for run in plan.runs]
    assert len(set(seeds)) == len(seeds)


def test_every_run_has_a_start():
    for name in ("munafo-19", "munafo-19-unseen"):
        plan = recipe(name)
        assert {"spots", "spiral", "spiral-seeds", "inverse", "mixed-spots"} >= {
            initial.name for initial in plan.initials
        }
        for run in plan.table.distinct(plan.parameter_names).tolist():
            assert np.isfinite(run_job(plan, plan.runs[run]).initial).all()


def test_what_can_not_be_had_is_one_line(tmp_path):
    with pytest.raises(UsageError, match="frames=10; recipe munafo-19 has 3"):
        recipe("munafo-19", 10)
    fails(
        cli("ensemble", "munafo-20", "--out", "out", cwd=tmp_path),
        "unknown model or recipe",
        "did you mean 'munafo-19'?",
    )
    fails(cli("ensemble", "munafo-19", "--frames", "10", "--out", "out", cwd=tmp_path), "recipe munafo-19 has 3")
    assert not any(tmp_path.iterdir())
