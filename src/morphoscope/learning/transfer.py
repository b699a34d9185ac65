"""Training that starts from a trained network: its last layer is fitted anew, then, if wanted, all others follow."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError
from morphoscope.learning.classifier import BATCH, METADATA_FILE, Classifier, shipped_names
from morphoscope.learning.encoder import SHIPPED, Encoder, encoder_folder, is_encoder_folder
from morphoscope.learning.networks import build
from morphoscope.learning.symmetry import Augmentation

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

ENCODER_NETWORK = "encoder-linear"
LONG_NETWORK = "encoder-windows"  # the same for more frames than a window has
COPIES = 4  # of each training pattern, transformed by exact symmetries, to fit the last layer; windows count as copies
PENALTY = 1.0  # inverse strength of the quadratic penalty, for features of unit variance
_FLOOR = 0.1  # least standard deviation by which a feature is divided, in units of the mean one

Floats = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Pretrained:
    """A trained network to start from.

    ``network``: the architecture of the result; ``weights``: those of its trunk, by name; ``frames``: how many frames
    it must get, None for any number; ``origin``: what the provenance says of it.
    """

    network: str
    weights: dict[str, Tensor]
    frames: int | None
    origin: dict[str, Any]

    def architecture(self, frames: int) -> str:
        """The network for a number of frames: with an encoder, long sequences are read window by window."""
        from morphoscope.learning.networks.sequence_2d import WINDOW

        of_encoder = self.network == ENCODER_NETWORK and self.frames is None
        return LONG_NETWORK if of_encoder and frames > WINDOW else self.network

    def module(self, frames: int, classes: int) -> nn.Module:
        """The network with the weights of the trunk and a new last layer. Raises UsageError for other frames."""
        if self.frames not in (None, frames):
            raise UsageError(
                f"{self.origin['name']} reads {self.frames} frames, the training runs have {frames}; use runs with as "
                "many frames, or start from an encoder, which reads any number",
                parameter="pretrained",
            )
        made = build(self.architecture(frames), frames, classes)
        made.load_state_dict({**made.state_dict(), **self.weights})
        return made


def open_pretrained(source: str | Path | Encoder | Classifier) -> Pretrained:
    """What a network starts from: an encoder, ``shipped``, or a classifier; as an object, by its folder or its name.

    ``timm:NAME`` is a network of the package timm.

    Raises DataError if there is none.
    """
    if isinstance(source, Encoder):
        return _of_encoder(source)
    if isinstance(source, Classifier):
        return _of_classifier(source)
    if str(source).startswith("timm:"):
        return _of_timm(str(source))
    if str(source) == SHIPPED or is_encoder_folder(source):
        return _of_encoder(Encoder.open(encoder_folder(source)))
    if (Path(source) / METADATA_FILE).is_file() or str(source) in shipped_names():
        return _of_classifier(Classifier.load(source))
    raise DataError(
        f"{source} is neither an encoder nor a classifier; expected the folder of one, {SHIPPED!r} (the encoder that "
        f"comes with the package), timm:NAME, or a shipped classifier: {', '.join(shipped_names())}",
        parameter="pretrained",
    )


def _of_encoder(encoder: Encoder) -> Pretrained:
    weights = {f"encoder.{name}": tensor for name, tensor in encoder.module.state_dict().items()}
    name = "encoder" if encoder.folder is None else encoder.folder.resolve().name
    return Pretrained(ENCODER_NETWORK, weights, None, {"kind": "encoder", "name": name, "hash": encoder.hash})


def _of_classifier(classifier: Classifier) -> Pretrained:
    last = last_layer(classifier.module)[0]
    states = classifier.module.state_dict()
    weights = {name: tensor for name, tensor in states.items() if not name.startswith(f"{last}.")}
    origin = {"kind": "classifier", "name": classifier.name or "classifier", "hash": classifier.hash}
    return Pretrained(classifier.network, weights, classifier.input.frames, origin)


def _of_timm(name: str) -> Pretrained:
    from morphoscope.learning.networks._timm import timm_network, timm_weights

    network = timm_network(name).name
    return Pretrained(network, timm_weights(name), None, {"kind": "timm", "name": network})


def last_layer(module: nn.Module) -> tuple[str, nn.Linear]:
    """Name and module of the last linear layer of a network."""
    from torch import nn

    linear = [(name, part) for name, part in module.named_modules() if isinstance(part, nn.Linear)]
    return linear[-1]


def trunk_of(module: nn.Module) -> nn.Module:
    """A copy of a network without its last layer: frames → features."""
    from torch import nn

    trunk = copy.deepcopy(module)
    parent, _, own = last_layer(trunk)[0].rpartition(".")
    setattr(trunk.get_submodule(parent), own, nn.Identity())
    return trunk.eval()


def features_of(trunk: nn.Module, frames: Floats, stream: torch.Generator | None = None) -> Floats:
    """Features (n, features) of patterns, in batches; with ``stream``, of shifted, turned and mirrored ones."""
    import torch

    turned = Augmentation(intensity=0.0)
    parts = []
    with torch.inference_mode():
        for start in range(0, len(frames), BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(frames[start : start + BATCH]))
            parts.append(trunk(batch if stream is None else turned(batch, stream)).numpy())
    return np.concatenate(parts)


def fit_last_layer(module: nn.Module, frames: Floats, targets: NDArray[np.intp], stream: torch.Generator) -> None:
    """Fit the last layer of a network by logistic regression on the features of the others, which are not changed.

    The features of some symmetric copies of each pattern are scaled to unit variance; the scale becomes part of the
    layer's weights. A quadratic penalty decides between the many layers that separate a few patterns. If the network
    averages over windows of a sequence, the layer is fitted to single windows.
    """
    import torch
    from sklearn.linear_model import LogisticRegression

    from morphoscope.learning.networks.encoder_windows import EncoderWindows, windows

    trunk = trunk_of(module)
    parts = windows(frames.shape[1]) if isinstance(module, EncoderWindows) else [slice(None)]
    copies = max(1, COPIES // len(parts))
    read = [features_of(trunk, frames[:, part], stream) for part in parts for _ in range(copies)]
    features = np.concatenate(read).astype(np.float64)
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = spread + _FLOOR * spread.mean() + 1e-12
    model = LogisticRegression(C=PENALTY / copies, max_iter=1000)
    model.fit((features - mean) / spread, np.tile(targets, len(read)))
    weights, intercept = model.coef_, model.intercept_
    if len(weights) == 1:  # two classes: one logit, which is their difference
        weights, intercept = np.concatenate([-weights, weights]) / 2, np.concatenate([-intercept, intercept]) / 2
    layer = last_layer(module)[1]
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights / spread))
        layer.bias.copy_(torch.from_numpy(intercept - (weights / spread) @ mean))
