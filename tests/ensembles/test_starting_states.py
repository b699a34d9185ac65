"""Plans whose initial condition needs steady states that some of their runs lack."""

import pytest

from morphoscope.core.errors import UsageError
from morphoscope.ensembles.settings import Settings
from morphoscope.ensembles.table import Run
from morphoscope.models import get_model


def plan_of(rates, initial):
    model = get_model("gray-scott")
    runs = [Run(model.complete({"k": k}), seed) for seed, k in enumerate(rates)]
    return Settings(size=(16, 16), until=10, initial=initial).plan(model, "name", runs)


@pytest.mark.parametrize("initial", ["inverse", "mixed-spots"])
def test_a_run_without_them_is_refused_before_anything_is_written(initial):
    """Beyond the fold, (f + k)² > f/4, Gray–Scott has only its trivial state; f is 0.03 here."""
    fold = 0.5 * 0.03**0.5 - 0.03
    with pytest.raises(UsageError, match=r"no second homogeneous steady state at f=0\.03, k=0\.0567") as error:
        plan_of([fold - 1e-4, fold + 1e-4], initial)
    assert "\n" not in str(error.value)
    assert len(plan_of([fold - 1e-4, fold - 2e-4], initial).runs) == 2


def test_other_starts_do_not_need_them():
    assert len(plan_of([0.08], "stripes").runs) == 1
