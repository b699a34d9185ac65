"""The interface of a network architecture: how it is built, and its default training settings."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from morphoscope.learning.symmetry import Augmentation

if TYPE_CHECKING:
    from torch import nn


@dataclasses.dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained: AdamW with one cycle of the learning rate and averaged weights.

    ``epochs``: for small sets; with ``steps``, large sets get fewer, see :meth:`epochs_for`. ``average``: decay of the
    exponential moving average of the weights, updated after every step; 0 for none. ``smoothing``: label smoothing.
    ``learning_rate``: the maximum of the cycle.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    smoothing: float
    average: float
    augmentation: Augmentation
    steps: int | None = None

    def epochs_for(self, runs: int) -> int:
        """The number of epochs for a set of so many runs.

        Accuracy depends on the number of steps more than on that of epochs: large sets get as many epochs as ``steps``
        take, though not fewer than a third of ``epochs``. Without ``steps``, all sets get ``epochs``.
        """
        if self.steps is None:
            return self.epochs
        wanted = math.ceil(self.steps / max(1, runs // self.batch))
        return min(self.epochs, max(wanted, self.epochs // 3))


@dataclasses.dataclass(frozen=True)
class Network:
    """A network architecture.

    ``build(frames, classes)`` returns an untrained module (n, frames, height, width) → (n, classes) logits.
    ``training``: its default training settings. ``summary``: one line of text. ``min_frames``: how many frames it reads
    at least.
    """

    name: str
    build: Callable[[int, int], nn.Module]
    training: TrainingSettings
    summary: str
    min_frames: int = 1
