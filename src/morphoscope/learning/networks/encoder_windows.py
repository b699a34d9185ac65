"""The features of an encoder, averaged over windows of a long sequence, and one linear layer."""

import torch
from torch import Tensor

from morphoscope.learning.network import Network
from morphoscope.learning.networks.encoder_linear import EncoderLinear
from morphoscope.learning.networks.periodic_2d import periodic_2d
from morphoscope.learning.networks.sequence_2d import WINDOW, random_window

STRIDE = 2  # frames between the ends of two windows


class EncoderWindows(EncoderLinear):
    """(n, frames, height, width) → (n, classes): the mean logits of windows of four consecutive frames.

    The head is linear, so it reads the mean of the windows' features. In training it reads one window, which begins
    anywhere. With four frames or fewer there is one window, and the network is ``encoder-linear``.
    """

    def pooled(self, frames: Tensor) -> Tensor:
        """The features that the head reads, (n, 256)."""
        if self.training:
            return self.encoder(random_window(frames))
        return torch.stack([self.encoder(frames[:, window]) for window in windows(frames.shape[1])]).mean(dim=0)


def windows(frames: int) -> list[slice]:
    """The windows of a sequence, the last one first."""
    ends = range(frames, min(WINDOW, frames) - 1, -STRIDE)
    return [slice(max(0, end - WINDOW), end) for end in ends]


encoder_windows = Network(
    name="encoder-windows",
    build=lambda frames, classes: EncoderWindows(classes),
    training=periodic_2d.training,
    summary="an encoder's features, averaged over windows of four frames, and one linear layer",
)
