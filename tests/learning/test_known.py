"""Known scores and conformal sets, and the classifiers that have none."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf

import morphoscope
from morphoscope.core.errors import DataError, UsageError
from morphoscope.ensembles import Ensemble
from morphoscope.learning.classifier import DEFAULT, Classifier
from morphoscope.learning.conformal import ConformalScores
from morphoscope.learning.datasets import load_labelled
from morphoscope.learning.homogeneous import homogeneous_runs
from morphoscope.learning.known import layers_of
from morphoscope.learning.networks import build, network_names
from tests.cli.in_process import cli_here
from tests.records import change_record


@pytest.fixture(scope="module")
def classifier(workshop):
    return Classifier.load(workshop / "classifier")


def patterned(workshop, name):
    """The frames and labels of a set's runs that are not homogeneous."""
    data = load_labelled(Ensemble(workshop / name))
    kept = ~homogeneous_runs(data.frames)
    return data.frames[kept], np.array(data.labels)[kept]


class TestScore:
    @pytest.mark.parametrize("name", network_names())
    def test_a_network_in_parts_computes_what_the_whole_does(self, name):
        torch.manual_seed(0)
        module = build(name, 4, 3).eval()
        stages, frames = layers_of(module), torch.rand(2, 4, 128, 128)
        with torch.inference_mode():
            assert torch.equal(stages.last(stages.hidden(stages.pooled(frames))), module(frames))

    def test_other_networks_have_no_parts(self):
        assert layers_of(torch.nn.Sequential(torch.nn.Flatten())) is None
        assert layers_of(torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())) is None

    def test_another_road_leads_to_the_same_distances(self, workshop, classifier):
        """By SciPy, from the sets; the stored factor is rounded."""
        data = load_labelled(Ensemble(workshop / "train"))
        labels = np.array(data.labels)
        trained, judged = (
            classifier.layers(frames).pooled.astype(float)
            for frames in (data.frames, patterned(workshop, "validation")[0])
        )
        means = {name: trained[labels == name].mean(axis=0) for name in classifier.classes}
        within = np.stack([x - means[name] for x, name in zip(trained, labels, strict=True)])
        inverse = np.linalg.inv(LedoitWolf(assume_centered=True).fit(within).covariance_)
        distances = np.array([min(mahalanobis(x, mean, inverse) for mean in means.values()) for x in judged])
        expected = distances / np.quantile(distances, 0.975)
        found = classifier.known.distance(judged)
        assert found == pytest.approx(expected, rel=5e-3)
        assert classifier.known.score(judged) == pytest.approx(2 ** -(expected**2), abs=5e-3)

    def test_validation_patterns_are_known_but_for_a_few(self, workshop, classifier):
        known = classifier.outputs(patterned(workshop, "validation")[0]).known
        assert (known < 0.5).sum() <= 1
        assert np.median(known) > 0.5

    def test_what_is_no_pattern_is_unknown(self):
        rng = np.random.default_rng(0)
        y, x = np.mgrid[:128, :128]
        board, ramp = ((y // 8 + x // 8) % 2).astype(np.float32), (x / 127).astype(np.float32)
        pictures = np.stack([rng.random((128, 128), dtype=np.float32), board, ramp])
        for name in ("gray-scott-first-pass", DEFAULT):
            found = morphoscope.classify(name, np.repeat(pictures[:, None], 3, axis=1))
            assert found.unknown.all(), (name, found.known)

    def test_a_pattern_at_an_unseen_point_of_a_class_is_known(self):
        run = morphoscope.simulate("gray-scott", {"f": 0.045, "k": 0.063}, seed=5)
        found = morphoscope.classify(DEFAULT, run)
        assert (found.names, found.unknown.tolist(), found.set_of(0)) == (["kappa"], [False], ["kappa"])

    def test_theory_needs_no_score(self, workshop, classifier):
        found = morphoscope.classify(classifier, Ensemble(workshop / "validation"))
        by_theory = found.read_by == "theory"
        assert by_theory.any()
        assert np.isnan(found.known[by_theory]).all()
        assert not np.isnan(found.known[~by_theory]).any()
        assert not found.unknown[by_theory].any()
        assert found.sets[by_theory].sum(axis=1).tolist() == [1] * by_theory.sum()

    def test_windows_are_averaged(self, workshop, classifier):
        frames = patterned(workshop, "validation")[0][:1]
        tiled = np.tile(frames, (1, 1, 2, 2))  # every window has the same pattern
        one, many = (morphoscope.classify(classifier, f, cell_size=1) for f in (frames, tiled))
        assert many.known == pytest.approx(one.known, abs=1e-4)


class TestConformal:
    def test_the_set_has_what_was_asked(self):
        """The coverage of new patterns from the distribution of the validation patterns, mean over 200 draws."""
        rng, shares = np.random.default_rng(0), []
        for _ in range(200):
            p = rng.dirichlet(np.full(5, 0.3), size=600).astype(np.float32)
            labels = np.array([rng.choice(5, p=row.astype(float) / row.astype(float).sum()) for row in p])
            sets = ConformalScores.of(p[:100], labels[:100]).sets(p[100:], 0.9)
            shares.append(sets[np.arange(500), labels[100:]].mean())
        # ⌈101 · 0.9⌉ / 101 = 0.901 expected; the spread of one draw is about 0.03
        assert np.mean(shares) == pytest.approx(91 / 101, abs=3 * 0.033 / np.sqrt(200))

    def test_the_limit_is_the_score_of_that_rank(self):
        scores = ConformalScores.of(np.array([[1 - s, s] for s in (0.1, 0.4, 0.2, 0.3)], np.float32), np.zeros(4, int))
        assert [round(scores.least_probability(c), 6) for c in (0.2, 0.4, 0.79, 0.8)] == [0.9, 0.8, 0.6, 0.6]
        assert scores.least_probability(0.81) == 0  # five scores would be needed: every class belongs to the set
        assert scores.sets(np.array([[0.6, 0.4], [0.59, 0.41]], np.float32), 0.8).tolist() == [[1, 0], [0, 0]]

    @pytest.mark.parametrize("coverage", [0, 1, 90, -0.5, float("nan")])
    def test_a_coverage_is_a_share(self, workshop, classifier, coverage):
        with pytest.raises(UsageError, match=r"use a share between 0 and 1"):
            morphoscope.classify(classifier, Ensemble(workshop / "validation"), coverage=coverage)

    def test_a_larger_coverage_has_larger_sets(self, workshop, classifier):
        few, many = (
            morphoscope.classify(classifier, Ensemble(workshop / "train"), coverage=coverage).sets
            for coverage in (0.5, 0.99)
        )
        assert np.all(few <= many)
        assert many.sum() > few.sum()


class TestFolder:
    def test_scores_survive_saving(self, workshop, classifier, tmp_path):
        frames = patterned(workshop, "validation")[0]
        classifier.save(tmp_path / "again")
        again = Classifier.load(tmp_path / "again")
        assert np.array_equal(again.outputs(frames).known, classifier.outputs(frames).known)
        assert np.array_equal(again.conformal.scores, classifier.conformal.scores)
        assert morphoscope.check(tmp_path / "again") == []

    def test_a_classifier_without_scores_reads_as_before(self, workshop, classifier, tmp_path):
        old = dataclasses.replace(classifier, known=None, conformal=None)
        old.save(tmp_path / "old")
        assert not (tmp_path / "old" / "known.safetensors").exists()
        change_record(tmp_path / "old" / "classifier.json", known=None)
        ensemble = Ensemble(workshop / "validation")
        found = morphoscope.classify(tmp_path / "old", ensemble)
        assert (found.known, found.sets, found.unknown.any(), found.set_of(0)) == (None, None, False, None)
        assert np.array_equal(found.probabilities, morphoscope.classify(classifier, ensemble).probabilities)
        assert old.hash == classifier.hash
        said = cli_here("classify", "old", str(workshop / "validation"), "--json", cwd=tmp_path).stdout
        assert not {"known", "unknown", "set"} & json.loads(said)[0].keys()

    def test_damage_is_refused(self, workshop, tmp_path):
        copy = shutil.copytree(workshop / "classifier", tmp_path / "copy")
        whole = (copy / "known.safetensors").read_bytes()
        (copy / "known.safetensors").write_bytes(whole[:-1])
        with pytest.raises(DataError, match=r"known\.safetensors is damaged"):
            Classifier.load(copy)
        change_record(copy / "classifier.json")  # no checksums
        with pytest.raises(DataError, match=r"known\.safetensors is damaged"):
            Classifier.load(copy)
        (copy / "known.safetensors").unlink()
        with pytest.raises(DataError, match=r"known\.safetensors does not exist"):
            Classifier.load(copy)
        (copy / "known.safetensors").write_bytes(whole)
        change_record(copy / "classifier.json", known={"limit": "far", "validation_patterns": 8})
        with pytest.raises(DataError, match=r"known\.safetensors is damaged"):
            Classifier.load(copy)


def test_classify_says_unknown(tmp_path):
    noise = np.random.default_rng(0).random((128, 128), dtype=np.float32)
    np.save(tmp_path / "noise.npy", noise)
    said = cli_here("classify", "noise.npy", cwd=tmp_path).stdout
    assert {"unknown,", "near"} <= set(said.split())
    (read,) = json.loads(cli_here("classify", "noise.npy", "--coverage", "0.99", "--json", cwd=tmp_path).stdout)
    assert read["unknown"] is True
    assert read["known"] < 0.5
    assert read["coverage"] == 0.99
    assert set(read["set"]) <= set(read["probabilities"])
