"""Additive noise: its moments, its independence, the same bits for every way of computing it."""

import numpy as np
import pytest

from morphoscope.core.errors import UsageError
from morphoscope.engines import Grid, Job, get_engine
from morphoscope.engines.cpu.engine import CpuEngine
from morphoscope.engines.noise import noise_key, normals
from morphoscope.models import Model, get_model

STILL = Model(name="still", reaction={"u": "0", "v": "0", "w": "0", "z": "0"})
DECAY = Model(name="decay", reaction={"u": "-k*u"}, defaults={"k": 1.0})


def test_numbers_are_standard_normal_and_independent():
    from scipy import stats

    fields = np.stack([normals((128, 128), step, noise_key(7)) for step in range(8)])
    assert stats.kstest(fields.ravel()[::17], "norm").pvalue > 0.01
    assert np.abs(fields.mean(axis=(0, 2, 3))).max() < 0.01
    assert np.abs(fields.std(axis=(0, 2, 3)) - 1).max() < 0.01
    flat = fields.transpose(1, 0, 2, 3).reshape(4, -1)
    assert np.abs(np.corrcoef(flat) - np.eye(4)).max() < 0.02
    for axis in (2, 3):  # neighbours
        assert abs((fields * np.roll(fields, 1, axis)).mean()) < 0.01
    assert abs((fields[1:] * fields[:-1]).mean()) < 0.01  # steps


def test_other_seeds_give_other_numbers():
    assert np.abs(normals((16, 16), 0, noise_key(1)) - normals((16, 16), 0, noise_key(2))).min() > 0


@pytest.mark.parametrize("levels", [1, 3])
@pytest.mark.parametrize("double", [False, True])
def test_engines_draw_the_same_numbers(levels, double):
    noise = {"u": 0.1, "w": 0.3, "z": 0.2}
    job = Job(
        STILL, Grid(12, 32, spacing=0.5), 0.25, {}, np.zeros((4, 12, 32)), (7,), noise=noise, seed=3, double=double
    )
    fast = CpuEngine(levels).run(job).snapshots[0]
    slow = get_engine("reference").run(job).snapshots[0]
    assert np.abs(fast - slow).max() < (1e-12 if double else 1e-5)
    assert not fast[1].any()


def test_variance_of_a_decaying_field_is_the_ornstein_uhlenbeck_one():
    """⟨u²⟩ = σ² / (2 k dx²) per cell, Euler's being larger by 1 / (1 − k dt / 2)."""
    sigma, k, dt, spacing = 0.2, 1.0, 0.1, 0.5
    grid = Grid(64, 64, spacing=spacing)
    job = Job(DECAY, grid, dt, {"k": k}, np.zeros((1, 64, 64)), tuple(range(200, 1200, 50)), noise={"u": sigma}, seed=1)
    variance = CpuEngine().run(job).snapshots.var()
    assert variance == pytest.approx(sigma**2 / (2 * k * spacing**2) / (1 - k * dt / 2), rel=0.02)


def test_a_noisy_run_repeats_and_never_stops_early():
    model = get_model("gray-scott")
    state = np.stack([np.ones((32, 32)), np.zeros((32, 32))])
    job = Job(model, Grid(32, 32), 0.25, {}, state, (2000,), noise={"u": 0.001}, seed=9)
    first, again = CpuEngine().run(job), CpuEngine(1).run(job)
    assert np.array_equal(first.snapshots, again.snapshots)
    assert first.computed_steps == 2000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"noise": {"x": 0.1}}, "unknown species 'x'"),
        ({"noise": {"u": -0.1}}, "not a valid amplitude"),
        ({"noise": {"u": float("nan")}}, "not a valid amplitude"),
        ({"noise": {"u": 0.1}, "integrator": "etdrk2"}, "available only with"),
        ({"integrator": "rk4"}, "unknown integrator"),
    ],
)
def test_what_can_not_be_is_one_line(arguments, words):
    with pytest.raises(UsageError, match=words):
        Job(DECAY, Grid(8, 8), 0.1, {}, np.zeros((1, 8, 8)), (1,), **arguments)
