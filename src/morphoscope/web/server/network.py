"""A classifier as the page reads it: layers in order, weights, and what tells patterns that it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.learning.conformal import COVERAGE
from morphoscope.learning.networks.periodic_2d import CENTRE, CONTRAST, FLAT, MOVEMENT, Periodic2d
from morphoscope.learning.prediction import LEAST_KNOWN
from morphoscope.web.server.binary import packed

if TYPE_CHECKING:
    from morphoscope.learning.classifier import Classifier

Arrays = dict[str, NDArray[np.float32]]
Layer = dict[str, Any]


def network_file(classifier: Classifier) -> bytes:
    """A classifier as bytes, float32; ``reader/network.ts`` declares the header.

    Batch norms are part of the convolutions before or after them. Raises UsageError for a network with layers that the
    page does not have.
    """
    layers, arrays = _layers(classifier)
    read = classifier.input
    header = {
        "name": classifier.name or classifier.network,
        "model": None if classifier.trained_on is None else classifier.trained_on.model.name,
        "network": classifier.network,
        "classes": list(classifier.classes),
        "temperature": classifier.temperature,
        "species": read.species,
        "height": read.height,
        "width": read.width,
        "before": list(read.before),
        "learned": list(classifier.learned_times),
        "spacing": None if classifier.trained_on is None else classifier.trained_on.spacing,
        "channels": _channels(classifier.module),
        "layers": layers,
        "limit": None,
        "leastKnown": LEAST_KNOWN,
        "coverage": None,
        "leastProbability": 0.0,
        "homogeneous": [
            {"class": each.name, "states": [anchor.state[read.species] for anchor in each.anchors],
             "unsteady": each.unsteady}
            for each in classifier.homogeneous or ()
        ],
    }  # fmt: skip
    if classifier.known is not None:
        header["limit"] = classifier.known.limit
        arrays |= {
            "known_centre": classifier.known.centre,
            "known_whitening": classifier.known.whitening.astype(np.float32),
            "known_means": classifier.known.means,
        }
    if classifier.conformal is not None:
        header |= {"coverage": COVERAGE, "leastProbability": classifier.conformal.least_probability(COVERAGE)}
    return packed(header, arrays)


def network_of(classifier: Classifier | None) -> bytes | None:
    """As :func:`network_file`; None without a classifier, or if a browser can't run it."""
    try:
        return None if classifier is None else network_file(classifier)
    except UsageError:
        return None


def _channels(module: Any) -> dict[str, float] | None:
    """The constants by which frames become the channels of ``periodic-2d``; None for a network that reads frames."""
    if not isinstance(module, Periodic2d):
        return None
    return {"centre": CENTRE, "flat": FLAT, "contrast": CONTRAST, "movement": MOVEMENT}


def _layers(classifier: Classifier) -> tuple[list[Layer], Arrays]:
    """The layers in order, and their weights by name."""
    module: Any = classifier.module
    if isinstance(module, Periodic2d):
        steps = [*module.features, "mean and maximum", *module.head]
    elif type(module).__name__ == "Sequential":
        steps = list(module)
    else:
        steps = [module]
    layers: list[Layer] = []
    arrays: Arrays = {}
    waiting: Layer = {}  # what applies to the next convolution: padding, a batch norm before it
    for step in steps:
        kind = step if isinstance(step, str) else type(step).__name__
        if kind == "_Wrap":
            waiting["wrap"] = [step.before, step.after]
        elif kind == "BatchNorm2d":
            if layers and layers[-1]["kind"] == "convolution" and not layers[-1]["relu"]:
                _follow(arrays, layers[-1]["name"], *_affine(step))
            else:
                waiting["affine"] = _affine(step)
        elif kind == "Conv2d":
            layers.append(_convolution(step, f"layer{len(layers)}", waiting, arrays))
            waiting = {}
        elif kind == "Linear":
            name = f"layer{len(layers)}"
            arrays[name], arrays[f"{name}_bias"] = _numbers(step.weight), _numbers(step.bias)
            layers.append({"kind": "dense", "name": name, "relu": False})
        elif kind == "ReLU":
            layers[-1]["relu"] = True
        elif kind == "MaxPool2d" and step.kernel_size == step.stride:
            layers.append({"kind": "maximum", "size": step.kernel_size})
        elif kind == "AdaptiveMaxPool2d" or kind == "mean and maximum":
            layers.append({"kind": "pool", "mean": kind == "mean and maximum"})
        elif kind not in ("Flatten", "Dropout"):
            raise UsageError(f"a network {classifier.network!r} can't be read in a browser; use periodic-2d")
    return layers, arrays


def _convolution(step: Any, name: str, waiting: Layer, arrays: Arrays) -> Layer:
    weight = _numbers(step.weight)
    bias = np.zeros(len(weight), dtype=np.float32) if step.bias is None else _numbers(step.bias)
    if "affine" in waiting:  # without padding, a shift of its input only shifts its output
        scale, shift = waiting["affine"]
        bias = bias + np.einsum("oiyx,i->o", weight, shift)
        weight = weight * scale[:, None, None]
    arrays[name], arrays[f"{name}_bias"] = weight, bias.astype(np.float32)
    stride = int(step.stride[0])
    return {"kind": "convolution", "name": name, "stride": stride, "wrap": waiting.get("wrap"), "relu": False}


def _affine(step: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A batch norm of a trained network as scale and shift of each channel."""
    variance, mean = _numbers(step.running_var).astype(np.float64), _numbers(step.running_mean)
    scale = _numbers(step.weight) / np.sqrt(variance + step.eps)
    return scale.astype(np.float32), (_numbers(step.bias) - mean * scale).astype(np.float32)


def _follow(arrays: Arrays, name: str, scale: NDArray[np.float32], shift: NDArray[np.float32]) -> None:
    """Apply scale and shift after a convolution."""
    arrays[name] = arrays[name] * scale[:, None, None, None]
    arrays[f"{name}_bias"] = arrays[f"{name}_bias"] * scale + shift


def _numbers(tensor: Any) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().numpy(), dtype=np.float32)
