"""The network of an encoder: periodic convolutions over a pattern of any model, pooled to 256 features."""

import torch
from torch import Tensor, nn

from morphoscope.learning.networks.periodic_2d import periodic_block

FEATURES = 256  # mean and maximum of 128 channels
FLAT = 0.02  # a pattern with a standard deviation well below this counts as homogeneous
CONTRAST = 0.3  # standard deviation of a pattern after normalisation
MOVEMENT = 0.75  # scales changes, in units of the pattern's standard deviation


class PatternEncoder(nn.Module):
    """(n, frames, height, width) → (n, 256) features, for one frame or more and any grid of 32 × 32 cells or more.

    The frames become three channels, which are of order 1 for species of any range: the level of the last frame,
    sign(u) ln(1 + |u|) − 0.45; its shape, 0.3 (u − ⟨u⟩) / (σ + 0.02), with mean ⟨u⟩ and standard deviation σ; and its
    movement, tanh(0.75 · 2⟨|u − u'|⟩ / (σ + 0.02)), averaged over the earlier frames u', 0 for a single frame.
    Convolutions are periodic. Mean and maximum over the grid make shifts by 16 cells exact symmetries on grids that are
    multiples of 16.
    """

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            *periodic_block(3, 48, kernel=8, stride=4),
            *periodic_block(48, 64),
            nn.MaxPool2d(2),
            *periodic_block(64, 96),
            nn.MaxPool2d(2),
            *periodic_block(96, 128),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Features of a batch."""
        return self.pooled(channels(frames))

    def pooled(self, stacked: Tensor) -> Tensor:
        """Features of channels (n, 3, height, width)."""
        maps = self.convolutions(stacked)
        return torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1)


def channels(frames: Tensor) -> Tensor:
    """The input of the convolutions, (n, 3, height, width)."""
    last, earlier = frames[:, -1], frames[:, :-1]
    mean, spread = last.mean((1, 2), keepdim=True), last.std((1, 2), keepdim=True) + FLAT
    level = torch.sign(last) * torch.log1p(last.abs()) - 0.45
    shape = CONTRAST * (last - mean) / spread
    if earlier.shape[1]:
        movement = torch.tanh(MOVEMENT * 2 * (last[:, None] - earlier).abs().mean(1) / spread)
    else:
        movement = torch.zeros_like(last)
    stacked = torch.stack([level, shape, movement], dim=1)
    return stacked.contiguous(memory_format=torch.channels_last)
