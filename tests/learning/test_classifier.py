import dataclasses
import pickle
import shutil
from copy import deepcopy as copy_of

import numpy as np
import pytest
import torch

import morphoscope
from morphoscope.core.errors import DataError, UsageError
from morphoscope.ensembles import Ensemble
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.datasets import load_labelled, seen_in_training
from morphoscope.learning.saliency import explain_patterns
from morphoscope.learning.schedule import one_cycle
from morphoscope.learning.training import train_classifier
from tests.conftest import Listening, tiny_plan
from tests.records import change_record


@pytest.fixture
def copy(workshop, tmp_path):
    """A copy of the tiny classifier that a test may damage."""
    return shutil.copytree(workshop / "classifier", tmp_path / "classifier")


def change(folder, **values):
    change_record(folder / "classifier.json", **values)


def test_training_learns_and_remembers_how(workshop):
    classifier = Classifier.load(workshop / "classifier")
    found = morphoscope.evaluate(classifier, workshop / "validation")
    assert found.accuracy.value >= 0.8
    made = classifier.provenance
    assert made["training"]["plan_hash"] == Ensemble(workshop / "train").plan.hash
    assert made["validation"]["plan_hash"] == Ensemble(workshop / "validation").plan.hash
    assert len(made["history"]) == 40
    accuracies = [e["validation_accuracy"] for e in made["history"]]
    best = max(accuracies)
    good = [i for i, a in enumerate(accuracies, 1) if a >= best - (best * (1 - best) / 12) ** 0.5]
    assert made["kept_epoch"] == good[-1]
    assert (
        made["versions"]["torch"] == torch.__version__.split("+")[0] or made["versions"]["torch"] == torch.__version__
    )
    assert made["seed"] == 0


@pytest.mark.parametrize("steps", [5, 10, 20])
def test_small_sets_have_a_schedule(steps):
    """One epoch of five batches, as of a chart with 16 runs, divided by zero."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = one_cycle(optimizer, 1.0, steps)
    rates = [schedule.get_last_lr()[0]]
    for _ in range(steps - 1):
        optimizer.step()
        schedule.step()
        rates.append(schedule.get_last_lr()[0])
    assert rates[-1] < max(rates) == pytest.approx(1.0, rel=0.1)


def test_training_rows_are_what_was_trained_on(workshop):
    rows = Classifier.load(workshop / "classifier").provenance["training_rows"]
    assert rows == [
        {"parameters": {"f": 0.005, "k": 0.05}, "class": "H", "runs": 8},
        {"parameters": {"f": 0.03, "k": 0.062}, "class": "lambda", "runs": 8},
        {"parameters": {"f": 0.046, "k": 0.063}, "class": "kappa", "runs": 8},
    ]


def test_same_seed_same_weights_another_seed_others(workshop):
    train, validation = (load_labelled(Ensemble(workshop / n)) for n in ("train", "validation"))
    made = [train_classifier(train, validation, epochs=1, seed=seed, network="scholz2022-2d") for seed in (5, 5, 6)]
    weights = [torch.cat([p.flatten() for p in c.module.parameters()]) for c in made]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_paper_augmentation_is_recorded(workshop):
    train, validation = (load_labelled(Ensemble(workshop / n)) for n in ("train", "validation"))
    made = train_classifier(train, validation, epochs=1, paper_augmentation=True)
    assert made.provenance["recipe"]["augmentation"]["affine"] == 1.0


def test_saving_and_loading_keeps_every_reading(workshop, tmp_path):
    classifier = Classifier.load(workshop / "classifier")
    frames = load_labelled(Ensemble(workshop / "validation")).frames
    classifier.save(tmp_path / "again")
    again = Classifier.load(tmp_path / "again")
    assert np.array_equal(classifier.predict(frames).probabilities, again.predict(frames).probabilities)
    with pytest.raises(UsageError, match="earlier result"):
        classifier.save(tmp_path / "again")
    classifier.save(tmp_path / "again", overwrite=True)


def test_predictions_are_probabilities(workshop):
    classifier = Classifier.load(workshop / "classifier")
    prediction = classifier.predict(load_labelled(Ensemble(workshop / "validation")).frames)
    assert np.allclose(prediction.probabilities.sum(axis=1), 1, atol=1e-5)
    best = np.sort(prediction.probabilities, axis=1)
    assert np.allclose(prediction.margin, best[:, -1] - best[:, -2])
    assert np.allclose(prediction.probability, best[:, -1])


def test_seen_points_are_told_from_unseen_ones(workshop):
    classifier = Classifier.load(workshop / "classifier")
    seen = tiny_plan().runs[0].parameters
    points = [seen, seen.given, {**seen.given, "Du": 0.2}, {**seen.given, "Du": 0.3}, {"f": 0.01, "k": 0.02}]
    assert seen_in_training(classifier, points).tolist() == [True, True, True, False, False]


def test_damaged_folders_are_refused(copy):
    weights = copy / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(DataError, match="damaged"):
        Classifier.load(copy)
    weights.unlink()
    with pytest.raises(DataError, match="does not exist"):
        Classifier.load(copy)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"format": 99}, "newer|format 99"),
        ({"format": "one"}, "damaged"),
        ({"network": "resnet"}, "unknown network"),
        ({"classes": 5}, "damaged"),
        ({"input": {"colour": 3}}, "damaged"),
        ({"classes": ["a", "b"]}, "damaged or belongs to another network"),
    ],
)
def test_wrong_descriptions_are_refused(copy, values, words):
    change(copy, **values)
    with pytest.raises(UsageError, match=words):
        Classifier.load(copy)


def test_no_json_is_refused(copy):
    (copy / "classifier.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        Classifier.load(copy)


@pytest.mark.parametrize("suffix", [".pt", ".pkl", ".pth", ".pickle"])
def test_files_that_could_run_code_are_refused_unread(tmp_path, suffix, workshop):
    class Bomb:
        def __reduce__(self):
            return (exec, ("raise SystemExit('the bomb went off')",))

    path = tmp_path / f"net{suffix}"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(DataError, match="could run code"):
        Classifier.load(path)
    with pytest.raises(DataError, match="could run code"):
        morphoscope.classify(workshop / "classifier", path)


def test_unknown_classifier(tmp_path):
    with pytest.raises(DataError, match="no classifier"):
        Classifier.load(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"no classifier\.json"):
        Classifier.load(tmp_path)


def test_ensembles_of_another_grid_are_read_with_a_note_but_not_explained(workshop, tmp_path):
    morphoscope.ensemble(tiny_plan(runs=1, size=48), tmp_path / "small")
    told = Listening()
    assert morphoscope.evaluate(workshop / "classifier", tmp_path / "small", progress=told).accuracy.n == 3
    assert any("48x48 cells repeated to fill 64x64" in text for text in told.said)
    with pytest.raises(UsageError, match="another grid or cell size"):
        morphoscope.explain(workshop / "classifier", tmp_path / "small", tmp_path / "saliency")
    assert not (tmp_path / "saliency").exists()


def test_the_hash_is_of_what_decides_readings(workshop):
    """The same after saving; another for other weights, temperature or classes; provenance does not count."""
    classifier = Classifier.load(workshop / "classifier")
    assert dataclasses.replace(classifier, provenance={}, folder=None).hash == classifier.hash
    assert dataclasses.replace(classifier, temperature=classifier.temperature * 2).hash != classifier.hash
    assert dataclasses.replace(classifier, classes=classifier.classes[::-1]).hash != classifier.hash
    module = copy_of(classifier.module)
    with torch.no_grad():
        next(module.parameters()).add_(1e-3)
    assert dataclasses.replace(classifier, module=module).hash != classifier.hash


def test_classifiers_of_the_first_format_open(copy):
    change(copy, trained_on=None, homogeneous=None, format=1)
    old = Classifier.load(copy)
    assert (old.trained_on, old.homogeneous) == (None, None)


def test_training_without_labels_or_runs_reports_what_is_missing(workshop, tmp_path):
    plan = tiny_plan(runs=1, size=48)
    unlabelled = dataclasses.replace(plan, runs=tuple(dataclasses.replace(run, label=None) for run in plan.runs))
    Ensemble.create(unlabelled, tmp_path / "unlabelled")
    Ensemble.create(plan, tmp_path / "undone")
    for name, words in (
        ("unlabelled", "none of 3 runs has a label; give"),
        ("undone", "none of 3 labelled runs is done"),
    ):
        with pytest.raises(UsageError, match=words):
            morphoscope.train(tmp_path / name, workshop / "validation", epochs=1)


def test_saliency_points_at_the_pattern(workshop):
    """A single spot on a flat background: most of what matters is near the spot."""
    classifier = Classifier.load(workshop / "classifier")
    y, x = np.mgrid[:64, :64]
    spot = 1 - 0.7 * np.exp(-((y - 20) ** 2 + (x - 40) ** 2) / 18)
    frames = np.repeat(spot[None, None].astype(np.float32), 3, axis=1)
    found = explain_patterns(classifier, frames)
    near = (y - 20) ** 2 + (x - 40) ** 2 < 14**2
    for maps in (found.smoothed_gradient, found.integrated_gradients):
        assert maps.shape == (1, 64, 64)
        assert maps.min() >= 0
        assert maps.max() == pytest.approx(1)
    assert found.integrated_gradients[0][near].mean() > 3 * found.integrated_gradients[0][~near].mean()
    assert np.array_equal(found.smoothed_gradient, explain_patterns(classifier, frames).smoothed_gradient)


def test_sets_that_do_not_fit_are_refused(workshop, tmp_path):
    morphoscope.ensemble(tiny_plan(runs=2, size=48), tmp_path / "small")
    with pytest.raises(UsageError, match="same grid and frames"):
        morphoscope.train(workshop / "train", tmp_path / "small", tmp_path / "c", epochs=1)
    few = "tiny-train has 3 frames, at t = 2940, 2970, 3000; the network scholz2022-3d reads 4 or more"
    with pytest.raises(UsageError, match=few):
        morphoscope.train(workshop / "train", workshop / "validation", network="scholz2022-3d")
    with pytest.raises(UsageError, match="epochs=0"):
        morphoscope.train(workshop / "train", workshop / "validation", tmp_path / "c", epochs=0)
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("size", "network", "words"),
    [
        ((64, 1), "periodic-2d", "runs in one dimension"),
        ((64, 1), "scholz2022-2d", "runs in one dimension"),
        ((4, 4), "periodic-2d", "4x4 cells, too few for the network periodic-2d"),
        ((24, 24), "scholz2022-2d", "24x24 cells, too few for the network scholz2022-2d"),
    ],
)
def test_grids_that_a_network_can_not_read_are_one_line(tmp_path, size, network, words):
    (tmp_path / "points.csv").write_text("f,k,class,runs\n0.046,0.063,a,2\n0.005,0.05,b,2\n")
    for name, seed in (("train", 1), ("validation", 2)):
        plan = morphoscope.scan_plan(
            "gray-scott", points=tmp_path / "points.csv", size=size, until=90, initial="noise", seed=seed
        )
        morphoscope.ensemble(plan, tmp_path / name)
    with pytest.raises(UsageError, match=words) as caught:
        morphoscope.train(tmp_path / "train", tmp_path / "validation", tmp_path / "c", network=network, epochs=1)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "c").exists()
