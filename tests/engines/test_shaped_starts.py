"""Initial conditions of two states in given shapes, against their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morphoscope.core.errors import UsageError
from morphoscope.engines import Grid, Job, get_engine
from morphoscope.engines.initial import INITIAL_CONDITIONS, InitialCondition, stream
from morphoscope.engines.visited import starting_states
from morphoscope.models import get_model

SHAPE = (48, 64)
SHAPED = ["pearson-square", "inverse", "mixed-spots", "stripes", "hexagons", "spiral-seeds"]
BISTABLE = {"f": 0.03, "k": 0.055}


def upper_state(f, k):
    """Gray–Scott's other steady state without a saddle, in closed form: u from u² − u + (f + k)²/f = 0."""
    u = (1 - np.sqrt(1 - 4 * (f + k) ** 2 / f)) / 2
    return u, f * (1 - u) / (f + k)


def make(text, model="gray-scott", parameters=BISTABLE, seed=1, shape=SHAPE):
    model = get_model(model)
    condition = InitialCondition.parse(text, files=False)
    return condition.state(model, shape, stream(seed), model.complete(parameters if model.name == "gray-scott" else {}))


def test_pearson_square_is_one_square_in_the_middle():
    u, v = make("pearson-square:noise=0")
    rows, columns = np.nonzero(v)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (14, 33, 22, 41)
    assert np.all(v[14:34, 22:42] == 0.25)
    assert np.all(u[14:34, 22:42] == 0.5)
    assert (v > 0).sum() == 400
    assert np.unique(u).tolist() == [0.5, 1.0]


def test_its_noise_is_one_percent_of_every_value():
    u, v = make("pearson-square")
    assert abs(v[14:34, 22:42] / 0.25 - 1).max() == pytest.approx(0.01, rel=0.02)
    assert np.std(u[v == 0]) == pytest.approx(0.01 / np.sqrt(3), rel=0.05)
    assert v.min() == 0


def test_inverse_is_made_of_the_two_steady_states():
    u, v = make("inverse:count=1,radius=10")
    inside = u == 1.0
    assert inside.sum() == pytest.approx(np.pi * 100, rel=0.03)
    assert np.all(v[inside] == 0)
    expected = upper_state(**BISTABLE)
    assert (u[~inside].min(), u[~inside].max()) == pytest.approx((expected[0], expected[0]))
    assert np.allclose(v[~inside], expected[1])


def test_its_states_are_at_rest_and_change_with_the_parameters():
    model = get_model("gray-scott")
    for f, k in ((0.03, 0.055), (0.04, 0.058)):
        cells = make("inverse", parameters={"f": f, "k": k}).reshape(2, -1)
        for u, v in np.unique(cells, axis=1).T:
            at = {"u": u, "v": v, **model.complete({"f": f, "k": k})}
            assert f * (1 - u) - u * v**2 == pytest.approx(0, abs=1e-12), at
            assert u * v**2 - (f + k) * v == pytest.approx(0, abs=1e-12), at


def test_mixed_spots_are_of_both_kinds():
    seen = make("mixed-spots:count=1,radius=4,inverse_count=1,inverse_radius=7,share=0.5", shape=(96, 128), seed=4)[0]
    trivial = seen == 1.0
    assert len(np.unique(seen)) == 2
    assert trivial.mean() == pytest.approx(0.5, abs=0.02)
    alone = make("mixed-spots:count=5,radius=4,inverse_count=0,share=0")[0] < 1
    assert np.array_equal(alone.shape, SHAPE)
    assert alone.sum() <= 5 * (np.pi * 16 + 8)
    holes = make("mixed-spots:count=0,inverse_count=5,inverse_radius=4,share=1")[0] == 1
    assert 0 < holes.sum() <= 5 * (np.pi * 16 + 8)


def test_stripes_have_their_numbers_over_the_edges():
    v = make("stripes:count=4,down=3,noise=0")[1]
    waves = np.abs(np.fft.fft2(v - v.mean()))
    row, column = np.unravel_index(np.argmax(waves[:, : SHAPE[1] // 2]), waves[:, : SHAPE[1] // 2].shape)
    assert (row, column) == (3, 4)
    assert (v > 0).mean() == pytest.approx(0.5, abs=0.03)


def test_seeds_have_a_front_and_a_refractory_strip():
    """Barkley: u is excited in front; behind, v is high and u is not."""
    u, v = make("spiral-seeds:count=1,length=30,depth=4", model="barkley", shape=(96, 96))
    front, behind = u == 1.0, (u == 0) & (v > 0)
    assert front.sum() == pytest.approx(30 * 4, rel=0.1)
    assert behind.sum() == pytest.approx(30 * 8, rel=0.1)
    assert np.all(v[front] == 0.375)
    assert np.all(v[behind] == 0.375)


def test_the_activator_is_not_always_the_first_species():
    """Gray–Scott: v amplifies itself; behind the front u is used up."""
    u, v = make("spiral-seeds:count=1", shape=(96, 96))
    assert set(zip(u.ravel().tolist(), v.ravel().tolist(), strict=True)) == {(1.0, 0.0), (0.5, 0.25), (0.5, 0.0)}


def test_where_the_perturbed_state_has_no_recovery_the_other_steady_state_has():
    v = make("spiral-seeds:count=1", model="fitzhugh-nagumo")[1]
    assert len(np.unique(v)) == 2


def test_a_front_moves_away_from_its_refractory_strip():
    model = get_model("barkley")
    start = make("spiral-seeds:count=1,length=40", model="barkley", shape=(96, 96))
    job = Job(model, Grid(96, 96, spacing=model.spacing), model.dt, {}, start, (200,))
    end = get_engine("cpu").run(job).snapshots[0]
    strip = (start[0] == 0) & (start[1] > 0)
    gained = (end[0] > 0.5) & (start[0] < 0.5)
    assert gained.sum() > 100
    assert (gained & strip).sum() < 0.1 * gained.sum()


@pytest.mark.parametrize("text", [*SHAPED, "stripes:down=2", "mixed-spots:radius=9"])
def test_shifting_the_grid_has_no_edge(text):
    """No start has a jump at the edge that it lacks elsewhere: over many seeds, they are as frequent there."""
    jumps = np.zeros(SHAPE[1])
    for seed in range(30):
        field = make(text, seed=seed)[1]
        jumps += (abs(field - np.roll(field, 1, axis=1)) > 0.05).sum(axis=0)
    assert jumps[0] <= max(3 * jumps.mean(), jumps[1:].max())


@pytest.mark.parametrize(
    ("text", "model", "message"),
    [
        ("inverse", "brusselator", "brusselator has no second homogeneous steady state at A=4.5"),
        ("mixed-spots", "swift-hohenberg", "swift-hohenberg has no second homogeneous steady state"),
        ("spiral-seeds", "allen-cahn", "makes no front of an activator and another species"),
        ("spiral-seeds", "complex-ginzburg-landau", "makes no front of an activator and another species"),
        ("mixed-spots:share=0", "gray-scott", "leaves no place"),
        ("mixed-spots:share=1", "gray-scott", "leaves no place"),
        ("stripes:count=0", "gray-scott", "are no stripes"),
        ("stripes:count=1.5", "gray-scott", "is not a whole number"),
        ("pearson-square:side=49", "gray-scott", "grid 64x48 is too small"),
        ("pearson-square:noise=2", "gray-scott", "option noise=2.0 is out of range"),
    ],
)
def test_what_cannot_be_made_is_one_line(text, model, message):
    with pytest.raises(UsageError, match=message) as error:
        make(text, model=model)
    assert "\n" not in str(error.value)


def test_a_derived_time_step_knows_the_states():
    model = get_model("gray-scott")
    states = starting_states(model, model.complete(BISTABLE), InitialCondition("inverse"))
    assert states[0] == {"u": 1.0, "v": 0.0}
    assert tuple(states[1].values()) == pytest.approx(upper_state(**BISTABLE))


OPTIONS = sorted(
    (name, option)
    for name in SHAPED
    for option in InitialCondition(name)._signature
    if option not in ("model", "shape", "rng", "parameters")
)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(OPTIONS),
    st.one_of(
        st.sampled_from([float("nan"), float("inf"), 1e300, None, (1.0, 2.0)]),
        st.floats(-9, 50),
        st.integers(-3, 50),
        st.text(max_size=3),
    ),
)
def test_any_option_gives_a_state_or_one_line(option, value):
    name, key = option
    model = get_model("gray-scott")
    try:
        state = InitialCondition(name, ((key, value),)).state(model, (24, 32), stream(0), model.complete(BISTABLE))
    except UsageError:
        return
    assert state.shape == (2, 24, 32)
    assert np.isfinite(state).all()
    assert state.min() >= 0


def test_they_are_registered():
    assert set(SHAPED) <= set(INITIAL_CONDITIONS.names())


def test_hexagons_are_three_waves_whose_wave_vectors_add_up_to_zero():
    u = make("hexagons:count=8,amplitude=0.2,noise=0", model="swift-hohenberg", shape=(64, 96))[0]
    spectrum = abs(np.fft.fft2(u)) / u.size
    rows, columns = np.nonzero(spectrum > 0.01)
    found = {(int(p), int(q)) for p, q in zip((columns + 48) % 96 - 48, (rows + 32) % 64 - 32, strict=True)}
    assert found == {(8, 0), (-8, 0), (-4, 5), (4, -5), (-4, -5), (4, 5)}
    assert spectrum[rows, columns] == pytest.approx(0.2 / 3 / 2)  # half of each cosine


@pytest.mark.parametrize("sign", [1, -1])
def test_hexagons_have_separate_highest_or_lowest_points(sign):
    state = make(f"hexagons:count=6,angle=20,amplitude={sign * 0.3},noise=0", model="brusselator", shape=(96, 96))
    high = sign * (state[0] - state[0].mean()) / (0.3 * state.mean(axis=(1, 2)).max())
    assert 0.9 < high.max() <= 1  # three cosines, each 1/3
    assert high.min() == pytest.approx(-0.5, abs=0.02)


def test_hexagons_of_a_model_without_a_steady_state_are_refused(monkeypatch):
    monkeypatch.setattr("morphoscope.engines.start_parts.steady_start", lambda *_: None)
    with pytest.raises(UsageError, match="no homogeneous steady state"):
        make("hexagons", model="brusselator")
