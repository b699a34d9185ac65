"""Training of encoders: the loss, the batches, what is read of ensembles, and that it learns."""

import dataclasses

import numpy as np
import pytest
import torch

import morphoscope
from morphoscope import Encoder, UsageError
from morphoscope.ensembles import Ensemble
from morphoscope.learning.encoder_training import EncoderSettings, contrast, retrieval, train_patterns
from morphoscope.learning.unlabelled import PatternSet, batches, load_patterns


def waves(name="waves", points=24, size=48, seed=0):
    """Two runs at each point: waves of one length and steepness, at any place, in any direction."""
    random, x = np.random.default_rng(seed), np.arange(size)
    frames = []
    for point in range(points):
        for _ in range(2):
            phase = 2 * np.pi * ((2 + point % 6) * x / size + random.random())
            wave = np.tanh((1 + point // 6) * np.cos(phase)) * np.ones((size, 1))
            frames.append(np.repeat((wave.T if random.random() < 0.5 else wave)[None], 3, axis=0))
    runs = [np.array([2 * p, 2 * p + 1]) for p in range(points)]
    return PatternSet(name, "hash", np.array(frames, dtype=np.float16), runs, 0)


def test_the_loss_is_that_of_the_paper():
    """Chen et al. (2020), eq. 1, written out in NumPy."""
    z = np.random.default_rng(0).normal(size=(6, 5))
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    terms = []
    for i in range(6):
        others = [np.exp(z[i] @ z[j] / 0.2) for j in range(6) if j != i]
        terms.append(-np.log(np.exp(z[i] @ z[(i + 3) % 6] / 0.2) / sum(others)))
    assert float(contrast(torch.from_numpy(z), 0.2)) == pytest.approx(np.mean(terms))


def test_an_epoch_has_every_point_once_and_batches_of_few_sets():
    points = [list(range(100)), list(range(7)), [], list(range(64))]
    found = list(batches(points, 64, 4, np.random.default_rng(0)))
    seen = [(number, int(point)) for batch in found for number, chunk in batch for point in chunk]
    assert len(seen) == len(set(seen)) == 96 + 7 + 64  # the last 4 of 100 wait for another epoch
    assert all(len(batch) <= 4 and sum(len(chunk) for _, chunk in batch) <= 64 for batch in found)


def test_held_out_points_have_two_runs_and_are_not_trained_on():
    single = dataclasses.replace(waves(), points=[np.array([0]), *waves().points[1:]])
    train, held = single.split(0.25, seed=1)
    assert sorted([*train, *held]) == list(range(24))
    assert len(held) == 6
    assert 0 in train


def test_runs_with_the_same_parameters_are_together_and_homogeneous_ones_left_out(workshop):
    found = load_patterns(Ensemble(workshop / "train"))
    assert [len(runs) for runs in found.points] == [8, 8]  # kappa, lambda; the 8 runs of H are homogeneous
    assert found.homogeneous == 8
    assert found.frames.dtype == np.float16


def test_training_learns_to_tell_the_points_and_repeats():
    sets = [waves()]
    settings = EncoderSettings(epochs=12, batch=24, parts=1)
    made = train_patterns(sets, settings, seed=1)
    losses = [epoch["loss"] for epoch in made.provenance["history"]]
    assert losses[-1] < 0.8 * losses[0]
    assert made.provenance["held_out_points"] == 4
    every = [list(range(24))]
    assert retrieval(made, sets, every)["waves"] > 0.4  # chance: 1/24
    short = dataclasses.replace(settings, epochs=1)
    assert train_patterns(sets, short, seed=1).hash == train_patterns(sets, short, seed=1).hash


def test_sets_of_other_grids_and_frames_train_together():
    other = dataclasses.replace(waves("other", size=64), frames=waves("other", size=64).frames[:, -1:])
    made = train_patterns([waves(), other], EncoderSettings(epochs=1, batch=16, parts=2))
    assert [entry["name"] for entry in made.provenance["training"]] == ["waves", "other"]
    assert np.isfinite(made.features(np.zeros((1, 2, 40, 40), np.float32))).all()


def test_the_operation_saves_an_encoder(workshop, tmp_path):
    plan = morphoscope.scan_plan(
        "schnakenberg", grid={"a": (0.05, 0.2, 16)}, size=(32, 32), until=40, replicates=2, seed=1
    )
    morphoscope.ensemble(plan, tmp_path / "runs")
    made = morphoscope.train_encoder([tmp_path / "runs", workshop / "train"], tmp_path / "encoder", epochs=1)
    assert Encoder.open(tmp_path / "encoder").hash == made.hash
    with pytest.raises(UsageError, match="contains an earlier result"):
        morphoscope.train_encoder(tmp_path / "runs", tmp_path / "encoder", epochs=1)


def test_too_few_patterns_are_refused(workshop):
    for data, words in ((workshop / "train", "2 points with a pattern; at least 16"), ([], "no ensemble")):
        with pytest.raises(UsageError, match=words):
            morphoscope.train_encoder(data)
