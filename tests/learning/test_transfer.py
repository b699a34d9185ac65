"""Training from an encoder or a classifier: the last layer alone, or all layers."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

import morphoscope
from morphoscope import Classifier, DataError, Encoder, UsageError
from morphoscope.ensembles import Ensemble
from morphoscope.learning.datasets import load_labelled
from morphoscope.learning.transfer import features_of, fit_last_layer, last_layer, open_pretrained, trunk_of


@pytest.fixture(scope="module")
def frozen(workshop, tmp_path_factory):
    folder = tmp_path_factory.mktemp("frozen") / "classifier"
    morphoscope.train(workshop / "train", None, folder, pretrained="shipped", freeze=True)
    return folder


def test_the_last_layer_alone_makes_a_classifier_like_any_other(frozen, workshop):
    made = Classifier.load(frozen)
    assert (made.network, made.classes) == ("encoder-linear", ("H", "kappa", "lambda"))
    assert morphoscope.evaluate(made, workshop / "validation").accuracy.value >= 0.9
    assert made.provenance["pretrained"] == {
        "kind": "encoder", "name": "encoder", "hash": Encoder.shipped().hash, "frozen": True,
    }  # fmt: skip
    assert made.provenance["history"] == []
    assert [known.name for known in made.homogeneous] == ["H"]
    assert morphoscope.check(frozen) == []


def test_freezing_changes_no_weight_of_the_trunk(frozen):
    own = Classifier.load(frozen).module.encoder.state_dict()
    for name, tensor in Encoder.shipped().module.state_dict().items():
        assert torch.equal(own[name], tensor), name


def test_validation_runs_only_calibrate_a_frozen_network(frozen, workshop):
    judged = morphoscope.train(workshop / "train", workshop / "validation", pretrained="shipped", freeze=True)
    alone = Classifier.load(frozen)
    for name, tensor in alone.module.state_dict().items():
        torch.testing.assert_close(judged.module.state_dict()[name], tensor)


def test_all_layers_are_trained_without_freeze(workshop):
    before = {name: tensor.clone() for name, tensor in Encoder.shipped().module.state_dict().items()}
    made = morphoscope.train(workshop / "train", workshop / "validation", pretrained="shipped", epochs=1)
    changed = made.module.encoder.state_dict()
    assert not torch.equal(changed["convolutions.1.weight"], before["convolutions.1.weight"])
    torch.testing.assert_close(changed["convolutions.2.running_mean"], before["convolutions.2.running_mean"])
    assert len(made.provenance["history"]) == 1
    for name, tensor in Encoder.shipped().module.state_dict().items():
        assert torch.equal(tensor, before[name]), "the shipped encoder must not change"


def test_a_classifier_passes_its_features_on(workshop):
    source = Classifier.load(workshop / "classifier")
    made = morphoscope.train(workshop / "train", None, pretrained=source, freeze=True)
    assert made.network == source.network
    assert torch.equal(made.module.features[1].weight, source.module.features[1].weight)
    assert not torch.equal(last_layer(made.module)[1].weight, last_layer(source.module)[1].weight)
    assert morphoscope.evaluate(made, workshop / "validation").accuracy.value >= 0.9


def test_logits_are_those_of_scikit_learn_on_scaled_features(workshop):
    """Logits of the network against a logistic regression in float64 on the features of the same symmetric copies."""
    data = load_labelled(Ensemble(workshop / "train"))
    targets = data.targets(tuple(data.classes))
    module = open_pretrained("shipped").module(3, 3)
    fit_last_layer(module, data.frames, targets, torch.Generator().manual_seed(3))
    trunk, stream = trunk_of(module), torch.Generator().manual_seed(3)
    known = np.concatenate([features_of(trunk, data.frames, stream) for _ in range(4)]).astype(np.float64)
    spread = known.std(0) + 0.1 * known.std(0).mean() + 1e-12
    model = LogisticRegression(C=0.25, max_iter=1000).fit((known - known.mean(0)) / spread, np.tile(targets, 4))
    expected = model.decision_function((features_of(trunk, data.frames) - known.mean(0)) / spread)
    with torch.inference_mode():
        found = module.eval()(torch.from_numpy(data.frames)).numpy()
    np.testing.assert_allclose(
        found - found.mean(1, keepdims=True), expected - expected.mean(1, keepdims=True), atol=2e-3
    )


def test_two_classes_have_two_logits():
    frames = np.random.default_rng(0).random((8, 2, 32, 32)).astype(np.float32)
    frames[4:] += 1.0
    module = open_pretrained("shipped").module(2, 2)
    fit_last_layer(module, frames, np.repeat([0, 1], 4), torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert module.eval()(torch.from_numpy(frames)).argmax(1).tolist() == [0] * 4 + [1] * 4


def test_an_encoder_reads_a_long_sequence_in_windows_of_four_frames():
    """Mean logits of the windows that end at frames 4, 6, 8 and 10; its layer is fitted to the single windows."""
    frames = np.random.default_rng(1).random((12, 10, 32, 32)).astype(np.float32)
    targets = np.repeat([0, 1, 2], 4)
    frames += targets[:, None, None, None]
    start = open_pretrained("shipped")
    assert [start.architecture(count) for count in (3, 4, 5, 10)] == ["encoder-linear"] * 2 + ["encoder-windows"] * 2
    module = start.module(10, 3)
    fit_last_layer(module, frames, targets, torch.Generator().manual_seed(3))
    module.eval()

    encoder, stream = Encoder.shipped(), torch.Generator().manual_seed(3)
    single = [frames[:, end - 4 : end] for end in (10, 8, 6, 4)]
    with torch.inference_mode():
        each = [module.head(torch.from_numpy(encoder.features(window))) for window in single]
        found = module(torch.from_numpy(frames))
    torch.testing.assert_close(found, torch.stack(each).mean(0), atol=1e-4, rtol=1e-4)

    known = np.concatenate([features_of(encoder.module, window, stream) for window in single]).astype(np.float64)
    spread = known.std(0) + 0.1 * known.std(0).mean() + 1e-12
    model = LogisticRegression(C=1.0, max_iter=1000).fit((known - known.mean(0)) / spread, np.tile(targets, 4))
    scaled = [(encoder.features(window) - known.mean(0)) / spread for window in single]
    expected = np.mean([model.decision_function(window) for window in scaled], axis=0)
    centred = found.numpy() - found.numpy().mean(1, keepdims=True)
    np.testing.assert_allclose(centred, expected - expected.mean(1, keepdims=True), atol=2e-3)


def test_training_reads_one_window_of_a_long_sequence():
    frames = torch.rand(2, 7, 32, 32)
    module = open_pretrained("shipped").module(7, 3)
    module.train()
    module.encoder.eval()  # batch norms keep their statistics
    torch.manual_seed(0)
    starts = {int(torch.randint(4, ())) for _ in range(3)}
    torch.manual_seed(0)
    for begin in [module.pooled(frames) for _ in range(3)]:
        assert any(torch.allclose(begin, module.encoder(frames[:, at : at + 4]), atol=1e-5) for at in starts)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pretrained": "missing", "freeze": True}, "neither an encoder nor a classifier"),
        ({"freeze": True}, "nothing to freeze"),
        ({"pretrained": "shipped"}, "validate with"),
        ({"pretrained": "shipped", "network": "scholz2022-2d", "freeze": True}, "give one of both"),
        ({"pretrained": "shipped", "target": "f,k"}, "estimators are trained with"),
    ],
)
def test_what_does_not_go_together_is_said_in_one_line(workshop, tmp_path, options, words):
    with pytest.raises(UsageError, match=words) as error:
        morphoscope.train(workshop / "train", None, tmp_path / "out", **options)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_other_frames_than_those_of_the_classifier_are_refused(workshop):
    with pytest.raises(UsageError, match="reads 3 frames, the training runs have 2"):
        open_pretrained(workshop / "classifier").module(2, 4)


def test_a_damaged_encoder_is_refused(tmp_path):
    Encoder(Encoder.shipped().module, {}).save(tmp_path / "encoder")
    (tmp_path / "encoder" / "weights.safetensors").write_bytes(b"short")
    with pytest.raises(DataError, match="is damaged"):
        open_pretrained(tmp_path / "encoder")
