import warnings

import numpy as np
import pytest

import morphoscope
from morphoscope.core.errors import DataError, UsageError
from morphoscope.engines.initial import InitialCondition, stream
from morphoscope.ensembles import Plan
from morphoscope.ensembles.inspection import Inspector
from morphoscope.ensembles.settings import Settings, default_times
from morphoscope.ensembles.simulation import run_plan, simulate_one
from morphoscope.models import Model, get_model, model_names
from tests.conftest import Listening
from tests.records import change_record


def test_default_times_are_the_papers():
    assert default_times(15000.0, 0.25, 30.0) == (14940.0, 14970.0, 15000.0)
    assert default_times(40.0, 0.25, 30.0) == (10.0, 40.0)
    assert default_times(40.0, 40.0, 30.0) == (0.0, 40.0)


def test_snapshots_film_and_start(gray_scott):
    plan = run_plan(
        gray_scott, {"f": 0.03}, Settings.of(size=(48, 40), until=100, times=(50, 100), initial="spots:count=3")
    )
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
    plan = run_plan(gray_scott, {}, Settings.of(until=10, initial=str(tmp_path / "a.npy")))
    assert plan.grid.shape == (20, 30)


def test_a_diverging_run_reports_when(gray_scott, tmp_path):
    np.save(tmp_path / "a.npy", np.full((2, 8, 8), 1e4))
    plan = run_plan(gray_scott, {}, Settings.of(until=100, initial=str(tmp_path / "a.npy")))
    with pytest.raises(UsageError, match=r"no longer finite .detected at step"):
        simulate_one(plan)


def test_an_end_between_two_steps_is_rounded_and_the_run_is_that_of_a_longer_one():
    """The step and the distance of the frames stay, so the numbers are those of any run to another end."""
    with pytest.warns(UserWarning, match=r"multiples of dt = 0.25: 166.667 to 166.75"):
        run = morphoscope.simulate("gray-scott", size=48, until=500 / 3)
    assert (run.plan.dt, run.plan.until) == (0.25, 166.75)
    assert np.diff(run.t).tolist() == [30, 30]
    longer = morphoscope.simulate("gray-scott", size=48, until=200, times=run.t)
    assert same(run, longer)


@pytest.mark.parametrize("name", model_names())
def test_a_third_of_any_models_time_is_accepted(name):
    model = get_model(name)
    plan = run_plan(model, {}, Settings.of(until=model.until / 3))
    assert plan.dt == model.dt
    assert abs(plan.until - model.until / 3) <= 0.5 * plan.dt
    assert Plan.from_json(plan.to_json()) == plan


def test_only_visible_differences_are_mentioned():
    with warnings.catch_warnings(action="error"):
        assert morphoscope.simulate("gray-scott", size=48, until=10.0000001).plan.until == 10.0
    with pytest.warns(UserWarning, match=r"dt = 0.3: 100 to 99.9"):
        assert morphoscope.scan_plan("gray-scott", until=100, dt=0.3, times=[30]).until == 99.9


SMALL = {"size": 48, "until": 60, "times": [30, 60]}


def same(first, second):
    return np.array_equal(first.states, second.states)


@pytest.mark.parametrize(
    ("loose", "strict"),
    [
        ({"size": 48}, {"size": (48, 48)}),
        ({"size": np.int64(48)}, {"size": [48, 48]}),
        ({"size": 48, "until": "100"}, {"size": 48, "until": 100.0}),
        ({"size": 48, "until": 50, "times": 10}, {"size": 48, "until": 50, "times": (10.0,)}),
        ({"size": 48, "until": 50, "noise": 0.01}, {"size": 48, "until": 50, "noise": {"u": 0.01, "v": 0.01}}),
    ],
)
def test_inputs_as_users_write_them(gray_scott, loose, strict):
    plans = [run_plan(gray_scott, {}, Settings.of(**said)) for said in (loose, strict)]
    assert plans[0] == plans[1]


@pytest.mark.parametrize(
    "bad",
    [
        {"size": "big"}, {"size": (1, 2, 3)}, {"size": 1.5}, {"size": True}, {"until": "late"}, {"until": [1]},
        {"dt": {}}, {"times": "now"}, {"times": [None]}, {"noise": "loud"}, {"noise": {"w": 1}},
        {"noise": {"u": "loud"}}, {"stencil": "nine"}, {"boundary": 3}, {"integrator": 3}, {"spacing": object()},
    ],
)  # fmt: skip
def test_bad_inputs_are_one_line(bad):
    with pytest.raises(UsageError) as error:
        morphoscope.simulate("gray-scott", **bad)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "bad",
    [np.ones((48, 48)), np.ones((3, 48, 48)), np.full((2, 48, 48), np.nan), {"u": np.ones((48, 48))}, "x", object(),
     {"u": np.ones((48, 48)), "v": np.ones((40, 48))}, np.ones((2, 0, 4)), [["a"]]],
    ids=range(9),
)  # fmt: skip
def test_bad_initial_arrays_are_one_line(bad):
    with pytest.raises(UsageError) as error:
        morphoscope.simulate("gray-scott", initial=bad, until=1)
    assert "\n" not in str(error.value)


def test_initial_arrays(gray_scott):
    start = InitialCondition.parse("spots:count=3").state(gray_scott, (40, 48), stream(0), gray_scott.complete({}))
    named = morphoscope.simulate(gray_scott, initial="spots:count=3", size=(48, 40), until=60)
    array = morphoscope.simulate(gray_scott, initial=start, until=60)
    mapped = morphoscope.simulate(gray_scott, initial=dict(zip("uv", start, strict=True)), until=60)
    assert same(named, array)
    assert same(named, mapped)
    assert array.plan == mapped.plan
    assert array.plan.hash != morphoscope.simulate(gray_scott, initial=start + 0.01, until=60).plan.hash
    one = morphoscope.simulate("swift-hohenberg", initial=start[0], until=1)
    assert one.initial.shape == (1, 40, 48)


@pytest.mark.parametrize("engine", ["cpu", "reference"])
@pytest.mark.parametrize("kind", ["name", "array", "file"])
def test_a_run_is_saved_loaded_and_repeated_bit_by_bit(tmp_path, engine, kind):
    start = np.random.default_rng(0).uniform(0, 1, (2, 48, 48))
    np.save(tmp_path / "start.npy", start)
    initial = {"name": None, "array": start, "file": tmp_path / "start.npy"}[kind]
    run = morphoscope.simulate("gray-scott", {"f": 0.03}, initial=initial, seed=3, engine=engine, **SMALL)
    run.save(tmp_path / "run")
    (tmp_path / "start.npy").unlink()
    loaded = morphoscope.open_run(tmp_path / "run")
    assert loaded.plan == run.plan
    assert same(run, loaded)
    assert np.array_equal(run.initial, loaded.initial)
    again = morphoscope.repeat_run(tmp_path / "run" / "run.json", out=tmp_path / "again")
    assert same(run, again)
    assert again.engine == engine
    assert again.plan.hash == run.plan.hash


def test_an_initial_array_that_was_changed_is_noticed(tmp_path):
    run = morphoscope.simulate("gray-scott", initial=np.full((2, 48, 48), 0.5), until=1, out=tmp_path / "run")
    changed = {name: field + 1 for name, field in zip("uv", run.initial, strict=True)}
    np.savez(tmp_path / "run" / "initial.npz", **changed)
    with pytest.raises(DataError, match=r"initial.npz is damaged .*; simulate the run again"):
        morphoscope.repeat_run(tmp_path / "run")
    change_record(tmp_path / "run" / "run.json")
    with pytest.raises(DataError, match="no longer the initial state"):
        morphoscope.repeat_run(tmp_path / "run")


@pytest.mark.parametrize("name", ["run.json", "snapshots.npz", "initial.npz"])
@pytest.mark.parametrize("damage", [b"", b"{}", None])
def test_damaged_folders_are_one_line(tmp_path, name, damage):
    morphoscope.simulate("gray-scott", size=48, until=1, out=tmp_path / "run")
    path = tmp_path / "run" / name
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    with pytest.raises(DataError) as error:
        morphoscope.open_run(tmp_path / "run")
    assert "\n" not in str(error.value)


def test_a_run_continues_from_its_last_snapshot(tmp_path):
    whole = morphoscope.simulate("gray-scott", size=48, until=60, times=[30, 60])
    half = morphoscope.simulate("gray-scott", size=48, until=30, out=tmp_path / "run")
    for start in (half, tmp_path / "run", tmp_path / "run" / "snapshots.npz"):
        rest = morphoscope.simulate("gray-scott", initial=start, until=30)
        assert np.array_equal(rest.states[-1], whole.states[-1])


def test_the_data_set_has_coordinates_and_what_repeats_the_run(tmp_path):
    run = morphoscope.simulate("gray-scott", seed=2, spacing=0.5, dt=0.1, **SMALL)
    data = run.dataset()
    assert dict(data.sizes) == {"time": 2, "y": 48, "x": 48}
    assert data.time.values.tolist() == [30, 60]
    assert data.x.values[:2].tolist() == [0.25, 0.75]
    assert np.array_equal(data.v.values, run.species("v"))
    assert data.u.attrs["units"] == "1"
    assert Plan.from_json(data.attrs["plan"]) == run.plan
    assert data.attrs["seed"] == 2
    assert "morphoscope" in data.attrs["versions"]
    with pytest.raises(UsageError, match="unknown species 'w'"):
        run.species("w")


def test_a_run_shows_itself():
    run = morphoscope.simulate("gray-scott", size=48, until=10)
    assert "\n" not in repr(run)
    assert "gray-scott 48x48" in repr(run)
    assert run.plot().axes
    assert "data:image/png;base64," in run._repr_html_()


def test_a_line_keeps_its_film(tmp_path):
    run = morphoscope.simulate("swift-hohenberg", size=(64, 1), until=5, out=tmp_path / "line")
    assert np.array_equal(morphoscope.open_run(tmp_path / "line").video, run.video)


def test_progress_counts_the_steps():
    class Counting(Listening):
        total = done = 0

        def task(self, title, total, unit, done=0):
            self.total = total
            return self

        def advance(self, count=1, note=""):
            self.done += count

    progress = Counting()
    morphoscope.simulate("gray-scott", size=48, until=200, progress=progress)
    assert progress.done == progress.total == 800


DECAY = Model(name="decay", reaction={"u": "-a*u", "v": "a*u - v**2"}, defaults={"a": 1.0})


def test_concentrations_below_zero_are_noticed():
    start = np.ones((2, 8, 8))
    with pytest.warns(UserWarning, match="u becomes negative"):
        run = morphoscope.simulate(DECAY, {"a": 2.0}, initial=start, dt=1.0, until=3, times=[1, 2, 3])
    assert f"{len(run.warnings)} warning" in repr(run)
    assert morphoscope.simulate(DECAY, initial=start, dt=0.1, until=3).warnings == ()


def test_patterns_one_cell_wide_are_noticed(tmp_path):
    settings = {"size": 48, "until": 2000, "dt": 1}
    with pytest.warns(UserWarning, match="one cell wide"):
        run = morphoscope.simulate("gray-scott", {"f": 0.03, "k": 0.062}, spacing=5, out=tmp_path / "run", **settings)
    assert morphoscope.open_run(tmp_path / "run").warnings == run.warnings != ()
    assert morphoscope.simulate("gray-scott", {"f": 0.03, "k": 0.062}, **settings).warnings == ()


#: Fields of these are order parameters, amplitudes or voltages, which may be negative.
SIGNED = {"allen-cahn", "cahn-hilliard", "complex-ginzburg-landau", "fitzhugh-nagumo", "swift-hohenberg"}


@pytest.mark.parametrize("name", model_names())
def test_negative_densities_and_single_cells_are_noticed_in_every_model(name):
    """Snapshots are made up, so that each model has both faults in each of its species."""
    plan = run_plan(get_model(name), {}, Settings.of(size=16))
    initial = np.ones((len(plan.model.species), 16, 16))
    snapshots = np.ones((3, *initial.shape))
    snapshots[-1, :, 8, 8] = -0.1
    found = Inspector(plan, initial).warnings(snapshots)
    negative = [f"{species} becomes negative" for species in plan.model.species if name not in SIGNED]
    narrow = [f"{species} changes by 100% of its range" for species in plan.model.species]
    assert len(found) == len(negative + narrow)
    assert all(line.startswith(words) for line, words in zip(found, negative + narrow, strict=True))


def test_water_below_zero_is_noticed():
    """Dense plants take up more water in one step of 0.02 than there is, 0.02·(1 + 9²) times as much."""
    start = np.stack([np.full((16, 16), 9.0), np.ones((16, 16))])
    with pytest.warns(UserWarning, match="w becomes negative"):
        morphoscope.simulate("klausmeier", initial=start, spacing=8, dt=0.02, until=0.2, times=[0.02, 0.2])


@pytest.mark.parametrize("name", model_names())
def test_the_models_own_runs_give_no_warning(name):
    model = get_model(name)
    for steps in (8, 400, 4000):
        run = simulate_one(run_plan(model, {}, Settings.of(size=64, until=steps * model.dt)))
        assert run.warnings == ()
