import numpy as np
import pytest

from morphoscope.core.errors import UsageError
from morphoscope.engines.initial import InitialCondition
from morphoscope.ensembles.settings import customary_times
from morphoscope.ensembles.simulation import simulate_one, single_plan


def test_customary_times_are_the_papers():
    assert customary_times(15000.0, 0.25, 30.0) == (14940.0, 14970.0, 15000.0)
    assert customary_times(40.0, 0.25, 30.0) == (10.0, 40.0)
    assert customary_times(50.0, 40.0, 30.0) == (50.0,)


def test_snapshots_film_and_start(gray_scott):
    plan = single_plan(gray_scott, {"f": 0.03}, size=(48, 40), until=100, times=(50, 100), initial="spots:count=3")
    done = simulate_one(plan, video=True)
    assert done.states.shape == (2, 2, 40, 48)
    assert done.initial.shape == (2, 40, 48)
    assert done.t.tolist() == [50, 100]
    assert np.array_equal(done.video[-1], done.species("u")[-1])
    assert np.array_equal(done.video[0], done.initial[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [("spots", ("spots",)), ("spots:count=30,radius=4", ("spots", (("count", 30.0), ("radius", 4.0))))],
)
def test_initial_conditions_as_text(text, expected):
    assert InitialCondition.parse(text) == InitialCondition(*expected)


@pytest.mark.parametrize("text", ["spot", "spots:count", "spots:count=many", "absent.npz", "file"])
def test_bad_initial_conditions(text):
    with pytest.raises(UsageError):
        InitialCondition.parse(text)


def test_size_follows_the_file(gray_scott, tmp_path):
    np.save(tmp_path / "a.npy", np.stack([np.ones((20, 30)), np.zeros((20, 30))]))
    plan = single_plan(gray_scott, {}, until=10, initial=str(tmp_path / "a.npy"))
    assert plan.grid.shape == (20, 30)


def test_a_run_that_blows_up_says_when(gray_scott, tmp_path):
    np.save(tmp_path / "a.npy", np.full((2, 8, 8), 1e4))
    plan = single_plan(gray_scott, {}, until=100, initial=str(tmp_path / "a.npy"))
    with pytest.raises(UsageError, match=r"left finite numbers .noticed at step"):
        simulate_one(plan)
