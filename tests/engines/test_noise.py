"""Additive noise: its distribution up to the tails, its independence, the same bits for every way of computing it."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from morphoscope.core.errors import UsageError
from morphoscope.engines import Grid, Job, get_engine
from morphoscope.engines.cpu.engine import CpuEngine, EulerStepper
from morphoscope.engines.cpu.normals import COSINE, RADIUS, SINE
from morphoscope.engines.noise import noise_key, normals, philox, words
from morphoscope.models import Model, get_model

STILL = Model(name="still", reaction={"u": "0", "v": "0", "w": "0", "z": "0"})
DECAY = Model(name="decay", reaction={"u": "-k*u"}, defaults={"k": 1.0})
KEY = noise_key(7)
SHAPE, STEPS = (256, 512), 12


def drawn(shape, steps, seed, species=("u", "v")):
    """The numbers that the kernel adds in each step: (step, species, height, width)."""
    start = np.zeros((4, *shape), dtype=np.float32)
    noise = dict.fromkeys(species, 1.0)
    stepper = EulerStepper(Job(STILL, Grid(*shape), 1.0, {}, start, (0,), noise=noise, seed=seed))
    found = []
    for _ in range(steps):
        stepper.write(start)
        stepper.advance(1)
        found.append(stepper.read()[: len(species)])
    return np.stack(found)


@pytest.fixture(scope="module")
def sample():
    """3 million numbers."""
    return drawn(SHAPE, STEPS, seed=7).astype(np.float64)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0,) * 4, (0,) * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_meets_its_authors_vectors(counter, key, expected):
    """The known-answer tests of Random123."""
    found = philox(np.array(counter, dtype=np.uint32)[:, None], key)[:, 0]
    assert " ".join(f"{word:08x}" for word in found) == expected


def test_moments(sample):
    """Each within five standard errors."""
    n = sample.size
    for power, mean, error in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((sample**power).mean() - mean) < 5 * np.sqrt(error / n)


def test_distribution(sample):
    assert stats.kstest(sample.ravel(), "norm").pvalue > 1e-3
    assert stats.kstest(np.hypot(sample[:, :, ::2], sample[:, :, 1::2]).ravel(), "rayleigh").pvalue > 1e-3


@pytest.mark.parametrize("beyond", [3, 4])
def test_tails(sample, beyond):
    for side in (sample > beyond, sample < -beyond):
        expected = sample.size * stats.norm.sf(beyond)
        assert abs(side.sum() - expected) < 5 * np.sqrt(expected)


def test_far_tail_of_all_words():
    """Of the 2³² words p, those that yield radii above 4.9 (0.0006 %): the exact share of numbers beyond 5 σ."""
    first = int(2**31 * np.exp(-(4.9**2) / 2)) + 1
    p = np.arange(1, first, dtype=np.int64)
    radius = np.sqrt(-2 * np.log((p | 1) / 2.0**31))
    angle = np.pi * (p * 0x9E3779B1 & 0xFFFFFFFF).astype(np.uint32).view(np.int32) / 2.0**32
    for part in (radius * np.cos(angle), np.abs(radius * np.sin(angle))):
        share = (part > 5).sum() * 2 / 2.0**32  # p and −p
        assert share == pytest.approx(2 * stats.norm.sf(5), rel=0.01)
    assert radius.max() == pytest.approx(np.sqrt(62 * np.log(2)))


def test_numbers_are_uncorrelated(sample):
    """Neighbours, successive steps and species, and their squares, which numbers of one pair could share."""
    bound = 5 / np.sqrt(sample.size / 2)
    for values in (sample, (sample**2 - 1) / np.sqrt(2)):
        for axis, distance in ((0, 1), (0, 2), (2, 1), (2, 2), (2, 7), (3, 1), (3, 2), (3, 32), (3, 64)):
            assert abs((values * np.roll(values, distance, axis)).mean()) < bound
        assert abs((values[:, 0] * values[:, 1]).mean()) < bound
        assert abs((values[:, 0] * np.roll(values[:, 1], 1, axis=1)).mean()) < bound


def test_runs_with_neighbouring_seeds_are_uncorrelated():
    fields = np.stack([drawn((64, 64), 4, seed).ravel() for seed in range(8)])
    correlations = np.corrcoef(fields) - np.eye(8)
    assert np.abs(correlations).max() < 5 / np.sqrt(fields.shape[1])


def test_spectrum_is_white(sample):
    """No wave along a row, a column or in time has more power than chance allows."""
    for axis in (0, 2, 3):
        power = (np.abs(np.fft.rfft(sample, axis=axis)) ** 2).mean(axis=tuple({0, 1, 2, 3} - {axis}))
        inner = power[1:-1] / sample.shape[axis]
        assert np.abs(inner - 1).max() < 6 / np.sqrt(sample.size / sample.shape[axis])


def test_bits_of_words_are_balanced():
    """Every bit is set in half of all words, and independent of every other bit, also of the other species."""
    for kinds in zip(*(words((512, 256), species, 3, KEY) for species in range(2)), strict=True):  # p, then q
        both = [word.ravel() for word in kinds]
        bits = np.stack([(word >> n) & 1 for word in both for n in range(32)]).astype(np.float32) * 2 - 1
        assert np.abs(bits @ bits.T / bits.shape[1] - np.eye(64)).max() < 6 / np.sqrt(bits.shape[1])


def test_other_seeds_give_other_numbers():
    one, other = (normals((16, 16), 0, 0, noise_key(seed)) for seed in (1, 2))
    assert np.abs(one - other).min() > 0


def test_steps_beyond_32_bits_give_other_numbers():
    assert np.abs(normals((16, 16), 0, 5, KEY) - normals((16, 16), 0, 5 + 2**32, KEY)).min() > 0


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("shape", [(12, 32), (13, 48), (7, 5), (1, 64), (4, 37)])
def test_engines_draw_the_same_numbers(shape, double):
    """Up to the kernel's approximations, see :mod:`morphoscope.engines.cpu.normals`."""
    noise = {"u": 0.1, "w": 0.3, "z": 0.2}
    grid = Grid(*shape, spacing=0.5)
    job = Job(STILL, grid, 0.25, {}, np.zeros((4, *shape)), (1, 7), noise=noise, seed=3, double=double)
    fast, slow = (get_engine(name).run(job).snapshots for name in ("cpu", "reference"))
    assert np.abs(fast - slow).max() < 1e-4
    assert not fast[:, 1].any()


def test_approximations_are_as_accurate_as_stated(sample):
    for step in range(2):
        for species in range(2):
            exact = normals(SHAPE, species, step, KEY)
            pairs = np.hypot(exact[::2], exact[1::2])
            radius = np.stack([pairs, pairs], axis=1).reshape(exact.shape)
            error = np.abs(sample[step, species] - exact)
            assert error[radius > 0.02].max() < 8e-5
            assert error.max() < 6e-4


def test_squared_radius_is_never_negative():
    """In the octave next to 1, for every number of float32, with the kernel's operations."""
    mantissa = np.arange(0, 1 << 23, dtype=np.uint32)
    m = (mantissa | np.uint32(0x3F800000)).view(np.float32)
    total = np.full_like(m, RADIUS[-1])
    for coefficient in RADIUS[-2::-1]:
        total = (total.astype(np.float64) * m + np.float32(coefficient)).astype(np.float32)
    exponent = (mantissa.astype(np.int64) - (1 << 23)).astype(np.float32).astype(np.float64)
    squared = exponent * np.float32(-2 * np.log(2) / 2**23) + total
    assert squared.min() > 0
    assert total[0] > 0  # at u = 1
    assert np.abs(np.sqrt(squared) - np.sqrt(-2 * np.log(m / 2.0))).max() < 6e-4


def test_angles_have_the_moments_of_a_circle():
    t = (np.arange(1 << 16) + 0.5) / (1 << 16)
    cosine, sine = np.polyval(COSINE[::-1], t**2), t * np.polyval(SINE[::-1], t**2)
    assert np.abs(cosine - np.cos(np.pi / 2 * t)).max() < 7e-6
    assert np.abs(sine - np.sin(np.pi / 2 * t)).max() < 8e-7
    for part in (cosine, sine):
        assert (part**2).mean() == pytest.approx(1 / 2, abs=1e-7)
        assert (part**4).mean() == pytest.approx(3 / 8, abs=1e-6)


NOISY_JOB = Job(
    get_model("gray-scott"),
    Grid(33, 48),
    0.25,
    {},
    np.stack([np.ones((33, 48)), np.zeros((33, 48))]),
    (1, 7, 50),
    noise={"u": 0.01, "v": 0.02},
    seed=9,
)


@pytest.mark.parametrize("boundary", ["periodic", "no-flux", "dirichlet"])
def test_fused_steps_change_no_bit(boundary):
    job = dataclasses.replace(NOISY_JOB, grid=Grid(33, 48, boundary=boundary))
    found = [CpuEngine(levels).run(job).snapshots for levels in (1, 2, 3, 4, 5, None)]
    assert all(np.array_equal(found[0], other) for other in found[1:])


def test_two_sweeps_and_fused_steps_change_no_bit():
    model = get_model("swift-hohenberg")
    grid = Grid(16, 32, spacing=model.spacing)
    job = Job(model, grid, model.dt, {}, np.zeros((1, 16, 32)), (9,), noise={"u": 0.1}, seed=2)
    one, two, five = (CpuEngine(levels).run(job).snapshots for levels in (1, 2, 5))
    assert np.array_equal(one, two)
    assert np.array_equal(one, five)


def test_an_interruption_changes_no_bit():
    whole, pieces = EulerStepper(NOISY_JOB, 4), EulerStepper(NOISY_JOB, 4)
    whole.advance(50)
    for count in (1, 5, 13, 31):
        pieces.advance(count)
    assert np.array_equal(whole.read(), pieces.read())


@pytest.mark.parametrize("width", [4, 16, 48])
def test_the_number_of_lanes_changes_no_bit(width):
    """A cell's number depends on its place only: a wider grid continues the narrow one's rows."""
    narrow, wide = (normals((6, w), 1, 3, KEY) for w in (width, 128))
    assert np.array_equal(narrow, wide[:, :width])
    narrow, wide = (drawn((6, w), 2, seed=7) for w in (width, 128))
    assert np.array_equal(narrow, wide[..., :width])


def test_noise_of_one_species_does_not_depend_on_the_others():
    assert np.array_equal(drawn((8, 32), 2, 3, ("u", "v"))[:, 0], drawn((8, 32), 2, 3, ("u",))[:, 0])


def test_variance_of_a_decaying_field_is_the_ornstein_uhlenbeck_one():
    """⟨u²⟩ = σ² / (2 k dx²) per cell, Euler's being larger by 1 / (1 − k dt / 2)."""
    sigma, k, dt, spacing = 0.2, 1.0, 0.1, 0.5
    grid = Grid(64, 64, spacing=spacing)
    job = Job(DECAY, grid, dt, {"k": k}, np.zeros((1, 64, 64)), tuple(range(200, 1200, 50)), noise={"u": sigma}, seed=1)
    variance = CpuEngine().run(job).snapshots.var()
    assert variance == pytest.approx(sigma**2 / (2 * k * spacing**2) / (1 - k * dt / 2), rel=0.02)


def test_a_noisy_run_repeats_and_never_stops_early():
    job = dataclasses.replace(NOISY_JOB, steps=(2000,), noise={"u": 0.001})
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
