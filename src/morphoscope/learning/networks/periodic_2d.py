"""Our 2D network: it knows that the square is periodic, and sees what moves as such."""

import torch
from torch import Tensor, nn

from morphoscope.learning.networks.network import Network, Recipe
from morphoscope.learning.symmetry import Augmentation

CENTRE = 0.6  # u is about this on average over the patterns
CHANGE = 5.0  # by how much changes between frames are enlarged, to be of the size of u's own variation


class Periodic2d(nn.Module):
    """(n, frames, height, width) → (n, classes) logits, for any size that 8 divides.

    Input channels are the last frame and its differences to the earlier ones. Convolutions wrap around, so a shift by
    8 cells changes nothing but rounding; the mean and the maximum over the square go to two dense layers.
    """

    def __init__(self, frames: int, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_block(frames, 32, kernel=5, stride=2),
            *_block(32, 64, stride=2),
            *_block(64, 96),
            nn.MaxPool2d(2),
            *_block(96, 128),
            *_block(128, 128),
        )
        self.head = nn.Sequential(
            nn.Linear(2 * 128, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, classes)
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Logits of a batch."""
        last = frames[:, -1:]
        seen = torch.cat([last - CENTRE, CHANGE * (last - frames[:, :-1])], dim=1)
        features = self.features(seen)
        return self.head(torch.cat([features.mean((2, 3)), features.amax((2, 3))], dim=1))


def _block(inside: int, outside: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(
        inside, outside, kernel, stride, kernel // 2, padding_mode="circular", bias=False
    )
    return [convolution, nn.BatchNorm2d(outside), nn.ReLU()]


periodic_2d = Network(
    name="periodic-2d",
    build=Periodic2d,
    recipe=Recipe(
        epochs=30,
        batch=32,
        learning_rate=3e-3,
        weight_decay=1e-2,
        smoothing=0.05,
        average=0.0,
        augmentation=Augmentation(),
    ),
    description="circular padding, differences between frames, mean and maximum pooling",
)
