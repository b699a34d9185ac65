"""What a network is to the rest of the package: how to build it and how it is trained unless told otherwise."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from morphoscope.learning.symmetry import Augmentation

if TYPE_CHECKING:
    from torch import nn


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is trained: AdamW, one cycle of the learning rate, averaged weights.

    ``average``: share of the old value in the exponential moving average of weights after every step, 0 for none.
    ``smoothing``: label smoothing. ``learning_rate``: the largest of the cycle.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    smoothing: float
    average: float
    augmentation: Augmentation


@dataclasses.dataclass(frozen=True)
class Network:
    """A network architecture by name. ``build(frames, classes)`` gives an untrained module

    (n, frames, height, width) → (n, classes) logits."""

    name: str
    build: Callable[[int, int], nn.Module]
    recipe: Recipe
    description: str
