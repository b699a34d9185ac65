import dataclasses
import json

import numpy as np
import pytest
import torch

import morphoscope
from morphoscope.cli.app import command_line
from morphoscope.core.errors import DataError, UsageError
from morphoscope.learning.estimating.calibration import assess_estimator
from morphoscope.learning.estimating.estimator import Estimator
from morphoscope.learning.estimating.familiarity import Familiarity
from morphoscope.learning.estimating.inference import estimate, patterns_for
from morphoscope.learning.estimating.region import Region
from morphoscope.learning.estimating.targets import load_targets
from morphoscope.learning.estimating.training import train_estimator
from morphoscope.learning.networks._posterior import PosteriorNetwork
from morphoscope.reports.estimate_figures import posterior_figure
from tests.records import change_record

TIMES = (840.0, 870.0, 900.0)
RANGES = {"f": (0.03, 0.04), "k": (0.06, 0.064)}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Forty runs of Gray–Scott at points of a rectangle."""
    plan = morphoscope.scan_plan("gray-scott", sample="sobol:40", ranges=RANGES, size=(48, 48), times=TIMES, until=900)
    return morphoscope.ensemble(plan, tmp_path_factory.mktemp("estimator") / "runs")


@pytest.fixture(scope="module")
def estimator(runs):
    return train_estimator(load_targets(runs, "f,k"), epochs=2)


def test_the_density_is_normalized_and_draws_have_it():
    torch.manual_seed(0)
    module = PosteriorNetwork(1, 2).eval()
    module.temperature.fill_(0.7)
    features = module.features(torch.rand(1, 1, 32, 32)).detach()
    axis = torch.linspace(-7, 7, 141)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    with torch.inference_mode():
        density = module.log_density(grid, features.expand(len(grid), -1)).exp()
        assert float(density.sum()) * 0.1**2 == pytest.approx(1, abs=2e-3)
        mean = (density[:, None] * grid).sum(0) * 0.1**2
        drawn, log_density = module.sample(features, 20000, torch.Generator().manual_seed(1))
        again = module.log_density(drawn[:, 0], features.expand(len(drawn), -1))
    assert torch.allclose(drawn[:, 0].mean(0), mean, atol=0.02)
    assert torch.allclose(again, log_density[:, 0], atol=1e-3)


def test_temperature_is_the_most_likely_one(runs):
    data = load_targets(runs, "f,k")
    validation = data.take(np.arange(0, 40, 4), "validation")
    made = train_estimator(data, validation, epochs=1)
    features = made.features(validation.frames)

    def likelihood(factor):
        made.module.temperature.fill_(made.provenance["temperature"] * factor)
        return made.log_density(validation.values, features).sum()

    found = {factor: likelihood(factor) for factor in (0.95, 1.0, 1.05)}
    assert max(found, key=found.get) == 1.0


def test_a_region_is_not_convex():
    angle = np.linspace(0, np.pi, 300)
    region = Region.of(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    inside = region.contains(region.scaled(np.array([[0.0, 1.0], [0.0, 0.5], [2.0, 0.0]])))
    assert inside.tolist() == [True, False, False]
    assert np.allclose(region.values(region.scaled(np.array([[0.2, 0.3]]))), [[0.2, 0.3]])


def test_draws_are_inside_the_training_region(estimator, runs):
    found = morphoscope.infer(estimator, runs, draws=200)
    kept = found.inside >= 0.05
    assert kept.any()
    assert estimator.region.contains(estimator.region.scaled(found.samples[kept])).all()


def test_distance_is_that_to_the_nearest_training_pattern():
    random = np.random.default_rng(0)
    training = random.normal(size=(200, 5)).astype(np.float32)
    known = Familiarity.of(training, random.normal(size=(100, 5)).astype(np.float32))
    assert (known.distance(training) < 0.05).all()
    other = (training[:3] + 9).astype(np.float32)
    scaled = (other - training.mean(0)) / training.std(0)
    every = (training - training.mean(0)) / training.std(0)
    expected = np.linalg.norm(scaled[:, None] - every, axis=2).min(1) / known.limit
    assert np.allclose(known.distance(other), expected, rtol=5e-3)
    assert (expected > 1).all()


def test_saving_keeps_every_draw_and_damage_is_found(estimator, runs, tmp_path):
    estimator.save(tmp_path / "made")
    before, after = (morphoscope.infer(e, runs, draws=20).samples for e in (estimator, tmp_path / "made"))
    assert np.array_equal(before, after)
    assert morphoscope.check(tmp_path / "made") == []
    with pytest.raises(UsageError, match="earlier result"):
        estimator.save(tmp_path / "made")
    change_record(tmp_path / "made" / "estimator.json", format=99)
    with pytest.raises(DataError, match="format 99"):
        Estimator.load(tmp_path / "made")
    estimator.save(tmp_path / "made", overwrite=True)
    weights = tmp_path / "made" / "weights.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    assert [finding.file for finding in morphoscope.check(tmp_path / "made")] == ["weights.safetensors"]
    with pytest.raises(DataError, match=r"weights\.safetensors is damaged"):
        Estimator.load(tmp_path / "made")


def test_same_seed_same_weights(runs):
    data = load_targets(runs, "k")
    first, second, other = (train_estimator(data, epochs=1, seed=seed) for seed in (1, 1, 2))
    weights = [torch.cat([p.flatten() for p in made.module.parameters()]) for made in (first, second, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_homogeneous_state_determines_nothing_and_noise_is_unfamiliar(estimator):
    random = np.random.default_rng(0)
    frames = np.stack([np.full((3, 48, 48), 0.4), np.repeat(random.random((1, 48, 48)), 3, axis=0)])
    found = morphoscope.infer(estimator, frames.astype(np.float32))
    assert found.status.tolist() == ["homogeneous", "unfamiliar"]
    assert np.isnan(found.median[0]).all()
    assert found.rows()[0]["f"] is None
    assert "does not determine" in found.remark(0)


def test_coverage_and_ranks_are_those_of_the_draws(estimator, runs):
    data = load_targets(runs, "f,k")
    found = assess_estimator(estimator, data, draws=99)
    drawn = estimator.draw(estimator.features(data.frames), 99).values
    assert found.ranks["f"] == [
        int((draws[:, 0] < true[0]).sum()) for draws, true in zip(drawn, data.values, strict=True)
    ]
    low, high = np.quantile(drawn[..., 1], (0.05, 0.95), axis=1)
    assert found.coverage["90"]["k"].value == np.mean((low <= data.values[:, 1]) & (data.values[:, 1] <= high))


def test_what_cannot_be_estimated_is_one_line(estimator, runs, tmp_path):
    with pytest.raises(UsageError, match="no parameter 'q'"):
        morphoscope.train(runs.folder, target="f,q")
    with pytest.raises(UsageError, match="Du has the same value in all runs of"):
        morphoscope.train(runs, target="Du")
    with pytest.raises(UsageError, match="to validate with"):
        morphoscope.train(runs.folder)
    few = morphoscope.scan_plan("gray-scott", grid={"f": (0.03, 0.04, 3)}, size=(48, 48), until=30)
    morphoscope.ensemble(few, tmp_path / "few")
    with pytest.raises(UsageError, match="at least 20"):
        morphoscope.train(tmp_path / "few", target="f")
    with pytest.raises(UsageError, match="the estimator reads 3 frames"):
        patterns_for(estimator, morphoscope.simulate("gray-scott", size=(48, 48), until=10, times=(9, 10)))
    other = morphoscope.simulate("schnakenberg", size=(48, 48), until=60, times=(0, 30, 60))
    with pytest.raises(UsageError, match="trained on gray-scott"):
        patterns_for(estimator, other)
    with pytest.raises(UsageError, match="48x48 cells"):
        patterns_for(estimator, morphoscope.simulate("gray-scott", size=(64, 64), until=60, times=(0, 30, 60)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="folder with neither"):
        patterns_for(estimator, tmp_path / "empty")
    with pytest.raises(DataError, match="not an estimator"):
        morphoscope.infer(tmp_path / "empty", runs)


def test_an_estimate_does_not_depend_on_its_neighbours(estimator, runs):
    patterns = patterns_for(estimator, runs)
    alone = dataclasses.replace(patterns, frames=patterns.frames[:1], runs=patterns.runs[:1], steps=patterns.steps[:1])
    first, same = estimate(estimator, patterns, draws=50), estimate(estimator, alone, draws=50)
    assert np.allclose(first.samples[0], same.samples[0], atol=1e-4)


def test_the_figure_shows_draws_larger_only_where_that_shows_more(estimator, runs):
    patterns = patterns_for(estimator, runs)
    found = estimate(estimator, patterns, draws=50)
    points = estimator.region.values(estimator.region.points)
    wide = np.repeat(points[None, :50], len(found.samples), axis=0)
    narrow = wide.mean(axis=1, keepdims=True) * np.linspace(1, 1.001, 50)[None, :, None]
    for samples, insets in ((wide, 0), (narrow, 1)):
        shown = dataclasses.replace(found, samples=samples)
        figure = posterior_figure(estimator, shown, 0, patterns.frames[0], np.empty((0, 48, 48), np.float32), None)
        assert len(figure.axes[0].child_axes) == insets
        assert figure.axes[1].images[0].origin == "upper"  # as in the picture of a run


def test_the_commands_train_evaluate_and_infer(runs, tmp_path):
    def run(*words):
        command_line().main([str(word) for word in words], standalone_mode=False)

    run("train", runs.folder, "--target", "f,k", "--epochs", 1, "--out", tmp_path / "made")
    with pytest.raises(DataError, match="made is an estimator, not a classifier"):
        morphoscope.classify(tmp_path / "made", runs)
    run("evaluate", tmp_path / "made", runs.folder, "--out", tmp_path / "evaluation")
    stored = json.loads((tmp_path / "evaluation" / "evaluation.json").read_text())
    assert len(stored["ranks"]["f"]) == stored["runs"] == 40
    assert (tmp_path / "evaluation" / "calibration.png").is_file()
    run("infer", tmp_path / "made", runs.folder, "--out", tmp_path / "found", "--figures", 1, "--draws", 30)
    assert len((tmp_path / "found" / "estimates.csv").read_text().splitlines()) == 41
    assert len((tmp_path / "found" / "samples.csv").read_text().splitlines()) == 1 + 40 * 30
    assert [path.name for path in (tmp_path / "found").glob("*.png")] == ["posterior-000.png"]
