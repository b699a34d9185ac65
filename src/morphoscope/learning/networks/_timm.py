"""Networks of the package timm: their features, and one linear layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from morphoscope.core.errors import UsageError, nearest
from morphoscope.core.extras import require
from morphoscope.learning.network import Network
from morphoscope.learning.networks._encoder import channels
from morphoscope.learning.networks.periodic_2d import periodic_2d

PREFIX = "timm:"
_CONTRAST = 3.0  # brings the three channels to about unit variance, as that of normalised photographs


class TimmLinear(nn.Module):
    """(n, frames, height, width) → (n, classes) logits, linear in the features of a network for colour pictures.

    The three channels of an encoder (level, shape, movement) take the place of the colours. Networks for one size only
    get interpolated pictures.
    """

    def __init__(self, trunk: nn.Module, features: int, classes: int, size: tuple[int, int] | None) -> None:
        super().__init__()
        self.trunk, self.size = trunk, size
        self.head = nn.Linear(features, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """Logits of a batch."""
        pictures = _CONTRAST * channels(frames)
        if self.size is not None:
            pictures = interpolate(pictures, self.size, mode="bilinear", antialias=True)
        return self.head(self.trunk(pictures))


def timm_network(name: str) -> Network:
    """The architecture ``timm:NAME``. Raises UsageError if timm has none of that name."""
    own = _parts(name)[0]
    timm = _timm()
    if not timm.is_model(own):
        raise UsageError(f"timm has no network {own[:80]!r}; {_some(own, timm.list_models())}", parameter="pretrained")

    def build(frames: int, classes: int) -> nn.Module:
        trunk = timm.create_model(own, pretrained=False, num_classes=0)
        settings = trunk.pretrained_cfg
        size = tuple(settings["input_size"][1:]) if settings.get("fixed_input_size") else None
        with torch.inference_mode():
            found = trunk.eval()(torch.zeros(1, *settings["input_size"]))
        return TimmLinear(trunk, found.shape[-1], classes, size)

    return Network(PREFIX + own, build, periodic_2d.training, "a network of the package timm")


def timm_weights(name: str) -> dict[str, Tensor]:
    """The trained weights of ``timm:NAME`` without its last layer: timm's, downloaded if they are not there yet.

    Those of ``timm:NAME@FILE`` are in a safetensors file. Raises UsageError if they can't be had.
    """
    own, file = _parts(name)
    overlay = None if file is None else {"file": file}
    try:
        trunk = _timm().create_model(own, pretrained=True, num_classes=0, pretrained_cfg_overlay=overlay)
    except UsageError:
        raise
    except Exception as error:  # of whatever library timm reads or downloads with
        reason = " ".join(str(error).split())[:200]
        raise UsageError(
            f"timm can't load trained weights of {own} ({reason}); check the connection, give a file, as in "
            f"timm:{own}@FILE.safetensors, or start from 'shipped'",
            parameter="pretrained",
        ) from error
    return {f"trunk.{key}": tensor for key, tensor in trunk.state_dict().items()}


def _parts(name: str) -> tuple[str, str | None]:
    """NAME and FILE of ``timm:NAME@FILE``."""
    own, _, file = name.removeprefix(PREFIX).partition("@")
    if file and Path(file).suffix != ".safetensors":
        raise UsageError(
            f"weights in {Path(file).name}; expected a file .safetensors, since others may run code when they are read",
            parameter="pretrained",
        )
    return own, file or None


def _timm() -> Any:
    require("timm")
    try:
        import timm
    except (ImportError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(
            f"timm can't be imported ({reason}); install builds of torch and torchvision that belong together"
        ) from error
    return timm


def _some(name: str, known: list[str]) -> str:
    """The nearest of many names, or how to see them all."""
    close = nearest(name, known)
    return close if close.startswith("did you mean") else "timm.list_models() lists all"
