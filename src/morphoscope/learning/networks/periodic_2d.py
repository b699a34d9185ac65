"""A small 2D network for periodic grids, with the pattern's shape and its movement as separate channels."""

import torch
from torch import Tensor, nn

from morphoscope.learning.network import Network, TrainingSettings
from morphoscope.learning.symmetry import Augmentation

CENTRE = 0.6  # approximate mean of u over the patterns
FLAT = 0.02  # a pattern with a standard deviation well below this counts as homogeneous
CONTRAST = 0.3  # standard deviation of a pattern after normalisation, about that of u itself
MOVEMENT = 7.0  # scales the changes between frames to order 1 before they saturate


class Periodic2d(nn.Module):
    """(n, frames, height, width) → (n, classes) logits, for any size that is a multiple of 16.

    The frames are converted to three channels: the last frame u; the last frame normalised to zero mean and unit
    contrast, (u − ⟨u⟩) / (σ + 0.02), which shows the shape of a pattern at any amplitude and is 0 for a homogeneous
    state; and tanh of the absolute change since the earlier frames, which shows what moves, independently of the
    direction of time. Convolutions are periodic. Mean and maximum pooling over the grid make shifts by 16 cells exact
    symmetries.
    """

    def __init__(self, frames: int, classes: int) -> None:
        super().__init__()
        self.frames = frames
        self.features = nn.Sequential(
            *periodic_block(3, 48, kernel=8, stride=4),
            *periodic_block(48, 64),
            nn.MaxPool2d(2),
            *periodic_block(64, 96),
            nn.MaxPool2d(2),
            *periodic_block(96, 128),
        )
        self.head = nn.Sequential(nn.Linear(2 * 128, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, classes))

    def forward(self, frames: Tensor) -> Tensor:
        """Logits of a batch."""
        return self.head(self.pooled(frames))

    def pooled(self, frames: Tensor) -> Tensor:
        """The features that the head reads, (n, 256): mean and maximum of each channel over the grid."""
        features = self.features(self.channels(frames))
        return torch.cat([features.mean((2, 3)), features.amax((2, 3))], dim=1)

    def channels(self, frames: Tensor) -> Tensor:
        """The input of the convolutions, (n, 3, height, width)."""
        last, earlier = frames[:, -1], frames[:, :-1]
        mean = last.mean((1, 2), keepdim=True)
        spread = last.std((1, 2), keepdim=True)
        shape = CONTRAST * (last - mean) / (spread + FLAT)
        change = (last[:, None] - earlier).abs().sum(1) * (2 / max(self.frames - 1, 1))
        stacked = torch.stack([last - CENTRE, shape, torch.tanh(MOVEMENT * change)], dim=1)
        return stacked.contiguous(memory_format=torch.channels_last)


class _Wrap(nn.Module):
    """Periodic padding by ``before`` and ``after`` cells on both axes, faster than torch's own."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.before, self.after = before, after

    def forward(self, field: Tensor) -> Tensor:
        for axis in (2, 3):
            length = field.shape[axis]
            last = field.narrow(axis, length - self.before, self.before)
            first = field.narrow(axis, 0, self.after)
            field = torch.cat([last, field, first], dim=axis)
        return field


def periodic_block(inside: int, outside: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    """Convolution with periodic padding, batch norm, ReLU; the size is divided by ``stride``."""
    overlap = kernel - stride
    convolution = nn.Conv2d(inside, outside, kernel, stride, bias=False)
    wrap = _Wrap(overlap // 2, overlap - overlap // 2)
    return [wrap, convolution, nn.BatchNorm2d(outside), nn.ReLU()]


periodic_2d = Network(
    name="periodic-2d",
    build=Periodic2d,
    training=TrainingSettings(
        epochs=30,
        steps=1000,
        batch=32,
        learning_rate=3e-3,
        weight_decay=1e-2,
        smoothing=0.05,
        average=0.99,
        augmentation=Augmentation(intensity=0.05, offset=0.05),
    ),
    summary="periodic padding; shape and movement as channels; mean and maximum pooling",
)
