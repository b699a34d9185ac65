"""Readers of embeddings, posteriors over simulated points, and the identifier's folder."""

import dataclasses

import numpy as np
import pytest

import morphoscope
from morphoscope import DataError, UsageError
from morphoscope.descriptors.spectrum import dominant_wavelength
from morphoscope.learning.identifying.candidates import Candidate
from morphoscope.learning.identifying.identification import identified
from morphoscope.learning.identifying.identifier import READERS_FILE, Identifier
from morphoscope.learning.identifying.kinds import pattern_kind
from morphoscope.learning.identifying.readers import Embedded, ModelReader
from morphoscope.learning.identifying.resimulated import resimulated
from morphoscope.learning.identifying.unpatterned import unpatterned


def clouds(random, count, centres, spread=0.4):
    """Embeddings around centres, and the numbers of the centres."""
    number = random.integers(0, len(centres), count)
    return Embedded(centres[number] + spread * random.standard_normal((count, centres.shape[1])), number)


def test_models_that_look_equal_share_the_probability():
    random = np.random.default_rng(0)
    centres = 3 * random.standard_normal((4, 8))
    centres[1] = centres[0]  # two models, one look; the last is "none"
    reader = ModelReader.of(("a", "b", "c"), clouds(random, 800, centres), clouds(random, 400, centres))
    values = reader.probabilities(centres)
    assert values.sum(axis=1) == pytest.approx(np.ones(4))
    assert abs(values[0, 0] - values[0, 1]) < 0.2
    assert values[0, :2].sum() > 0.9
    assert values[2, 2] > 0.9
    assert values[3, 3] > 0.9
    far = reader.probabilities(centres[2][None] + 40 * np.eye(8)[:1])
    assert far[0, 3] > 0.9, "what is unlike all models is none of them"


def test_probabilities_are_calibrated():
    """Overlapping clouds: among cases with probability p, a share p is right."""
    random = np.random.default_rng(1)
    centres = np.concatenate([random.standard_normal((3, 6)), 8 * np.ones((1, 6))])
    sets = [clouds(random, 1500, centres, 0.9) for _ in range(3)]
    reader = ModelReader.of(("a", "b", "c"), sets[0], sets[1])
    values, truth = reader.probabilities(sets[2].values), sets[2].targets
    stated, right = values.max(axis=1), values.argmax(axis=1) == truth
    assert stated.mean() == pytest.approx(right.mean(), abs=0.03)


def linear_candidate(noise=0.05):
    """Parameters that an embedding shows, with noise."""
    random = np.random.default_rng(2)
    mixing = random.standard_normal((2, 6))

    def pictures(points):
        return points @ mixing + noise * random.standard_normal((len(points), 6))

    points = random.random((200, 2)) * (1, 100)
    train, judge = (random.random((300, 2)) * (1, 100) for _ in range(2))
    scaled = [p / (1, 100) for p in (train, judge)]
    kinds, sets = (
        np.zeros(200, np.int8),
        [(pictures(near), far) for near, far in zip(scaled, (train, judge), strict=True)],
    )
    candidate = Candidate.of("model", ("a", "b"), points, 5 + points[:, 0], kinds, *sets)
    return candidate, pictures


def test_a_posterior_covers_the_truth_and_knows_the_unit_of_length():
    candidate, pictures = linear_candidate()
    random = np.random.default_rng(3)
    truth = 0.1 + 0.8 * random.random((200, 2))
    inside = []
    for point, embedding in zip(truth * (1, 100), pictures(truth), strict=True):
        found = candidate.posterior(embedding, np.ones(4) / 4, wavelength=12.0)
        assert found.weights.sum() == pytest.approx(1)
        low, middle, high = np.array([found.quantiles()[name] for name in ("a", "b")]).T
        inside.append((low <= point) & (point <= high))
        assert (low <= middle).all()
        assert (middle <= high).all()
        assert found.length_units == pytest.approx(12 / candidate.wavelengths)
    assert 0.8 < np.mean(inside) < 0.99
    assert found.acceptance < 0.2
    halves = dataclasses.replace(candidate, kinds=np.repeat(np.array([0, 2], np.int8), 100))
    sure = halves.posterior(pictures(truth[:1])[0], np.array([0.97, 0.01, 0.01, 0.01]), wavelength=12.0)
    assert sure.weights[:100].sum() > 0.9, "points of another kind have little weight"
    assert len(set(found.draws(4).tolist())) == min(4, np.sum(found.weights > 1e-4 * found.weights.max()))


def test_intervals_widen_until_they_hold_the_truth():
    """Errors of 0 or ± 0.2: 90 % of a normal distribution with their covariance would leave out the second ones."""
    random = np.random.default_rng(4)
    points = random.random((200, 2))
    kinds = np.zeros(200, np.int8)

    def pictures(truth):
        return truth + 0.2 * random.choice([-1, 0, 1], truth.shape, p=[0.1, 0.8, 0.1])

    train, judge, test = (random.random((n, 2)) for n in (300, 200, 400))
    found = Candidate.of(
        "m", ("a", "b"), points, points[:, 0], kinds, (pictures(train), train), (pictures(judge), judge)
    )
    inside = []
    for truth, embedding in zip(test, pictures(test), strict=True):
        rows = found.posterior(embedding, np.ones(4), 1.0).quantiles()
        inside += [low <= value <= high for value, (low, _, high) in zip(truth, (rows["a"], rows["b"]), strict=True)]
    assert 0.86 < np.mean(inside) < 0.97


@pytest.fixture(scope="module")
def shipped():
    return Identifier.shipped()


@pytest.fixture(scope="module")
def runs():
    """Stripes and spots that no training saw."""
    points = [{"r": 0.25, "g": 0.0}, {"r": 0.15, "g": 1.3}]
    plan = morphoscope.scan_plan("swift-hohenberg", points=points, size=(96, 96), until=200, seed=5)
    from morphoscope.ensembles.execution import repeat_runs

    return plan, repeat_runs(plan, range(2))[:, -1]


def test_stripes_and_spots_of_either_sign_are_named(shipped, runs):
    _, (stripes, spots) = runs
    names = [pattern_kind(field, "swift-hohenberg")[0] for field in (stripes, spots)]
    assert names == ["stripes", "spots"]
    for field, kind in ((stripes, "stripes"), (spots, "spots"), (2 - 3 * spots, "spots")):
        found = identified(shipped, field, "field", cell=0.5, unit="mm")
        assert found.kind == kind
        assert found.verdict != "none"
        assert sum(found.probabilities.values()) == pytest.approx(1)
        expected = dominant_wavelength(field) * 0.5
        assert found.wavelength == pytest.approx(expected, rel=0.08)
    assert identified(shipped, spots, "field").polarity != identified(shipped, -spots, "field").polarity


def test_a_picture_is_compatible_with_its_model_and_not_with_all(shipped, runs):
    for field in runs[1]:
        found = identified(shipped, field, "field")
        assert "swift-hohenberg" in found.compatible
        assert len(found.compatible) < 9
        assert set(found.compatibility) == set(found.models)
    noise = identified(shipped, np.random.default_rng(0).random((160, 160)), "noise")
    assert noise.verdict == "none"
    assert noise.compatible == [], "its p-values are for patterns"


def test_an_identifier_without_compatibility_reads_classes_when_asked(shipped, runs):
    old = dataclasses.replace(shipped, compatibility=None)
    found = identified(old, runs[1][0], "field")
    assert found.compatibility == {}
    assert found.compatible == []
    asked = identified(old, runs[1][0], "field", also=["gray-scott"])
    assert asked.gray_scott_set
    assert set(asked.gray_scott_set) <= set(shipped.gray_scott.linear.classes)
    assert asked.gray_scott == (asked.gray_scott_set[0] if len(asked.gray_scott_set) == 1 else "")


def test_turning_a_picture_changes_nothing(shipped, runs):
    _, (stripes, _) = runs
    square = stripes[:64, :64]  # shows one window, so that the same pixels are read
    found = [identified(shipped, np.rot90(each), "x").probabilities for each in (square, np.rot90(square), square.T)]
    for other in found[1:]:
        assert [other[name] for name in found[0]] == pytest.approx(list(found[0].values()), abs=0.02)


def test_what_is_no_pattern_is_none_of_the_models(shipped):
    random = np.random.default_rng(12)
    told = [identified(shipped, unpatterned(random, 160), "picture").verdict == "none" for _ in range(12)]
    assert np.mean(told) >= 0.75


def test_draws_are_simulated_with_another_seed(shipped):
    candidate = shipped.candidate("swift-hohenberg")
    posterior = candidate.posterior(np.zeros(96, np.float32), np.ones(4) / 4, wavelength=20.0)
    small = shipped.plans["swift-hohenberg"]
    plan = dataclasses.replace(small, grid=dataclasses.replace(small.grid, height=64, width=64))
    found = resimulated(plan, posterior, 2, seed=1)
    assert len(found) == 2
    for run in found:
        assert run.wavelength == pytest.approx(20.0, rel=0.15)
        assert run.field.shape == (64, 64)
    assert found[0].parameters != found[1].parameters


def test_the_folder_holds_everything_and_notices_damage(shipped, tmp_path, runs):
    shipped.save(tmp_path / "copy")
    copy = Identifier.open(tmp_path / "copy")
    field = runs[1][0]
    a, b = (identified(one, field, "x").to_dict() for one in (shipped, copy))
    assert a["probabilities"] == pytest.approx(b["probabilities"], abs=1e-5)
    assert a["compatibility"] == pytest.approx(b["compatibility"], abs=1e-5)
    assert a["posteriors"][0]["model"] == b["posteriors"][0]["model"]
    path = tmp_path / "copy" / READERS_FILE
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="restore it from a copy"):
        Identifier.open(tmp_path / "copy")
    assert sum(p.stat().st_size for p in tmp_path.joinpath("copy").iterdir()) < 4e6


def test_a_model_of_ones_own_competes(shipped, tmp_path):
    from morphoscope.learning.identifying.own_models import with_ensembles

    few = morphoscope.scan_plan("swift-hohenberg", grid={"r": (0.1, 0.4, 3)}, size=(48, 48), until=30)
    morphoscope.ensemble(few, tmp_path / "few")
    with pytest.raises(UsageError, match="at least 10"):
        with_ensembles(shipped, [tmp_path / "few"])
    plan = morphoscope.scan_plan("swift-hohenberg", grid={"r": (0.1, 0.6, 12)}, size=(64, 64), until=60)
    ensemble = morphoscope.ensemble(plan, tmp_path / "mine")
    grown = with_ensembles(shipped, [tmp_path / "mine"])
    assert [one.model for one in grown.candidates][-1] == "mine", "a name that is taken becomes that of the folder"
    found = identified(grown, ensemble.frames(np.array([5]))[0, -1], "x")
    assert found.probabilities["mine"] + found.probabilities["swift-hohenberg"] > 0.5
    assert found.probabilities["mine"] > 0.1
    assert "mine" in found.compatible
