"""A network for any number of frames: one periodic encoder for every frame, then a small part over time."""

import torch
from torch import Tensor, nn

from morphoscope.learning.network import Network, TrainingSettings
from morphoscope.learning.networks.periodic_2d import CENTRE, CONTRAST, FLAT, MOVEMENT, periodic_block
from morphoscope.learning.symmetry import Augmentation

WINDOW = 4  # consecutive frames that are read in a step of the training
CHANNELS = 96  # of the encoder
FEATURES = 2 * CHANNELS  # of each frame: mean and maximum over the grid
HEADS = 4  # of the attention


class Sequence2d(nn.Module):
    """(n, frames, height, width) → (n, classes) logits, for any number of frames and sizes that are multiples of 16.

    Every frame is converted to three channels as in ``periodic-2d``: u; u normalised to zero mean and unit contrast;
    and tanh of the absolute change since the frame before (for the first one, to the frame after it). One encoder with
    periodic convolutions reads all frames; mean and maximum over the grid are the features of a frame. One layer
    of self-attention compares the frames; mean and maximum over time are the features of the sequence.

    Nothing tells the network the time of a frame, nor its place in the sequence, on which no weight depends. In
    training it reads four consecutive frames that begin anywhere, so it sees the same run at different times and learns
    that they have the same class; a step takes less than half of the time, too.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *periodic_block(3, 32, kernel=8, stride=4),
            *periodic_block(32, 48),
            nn.MaxPool2d(2),
            *periodic_block(48, 64),
            nn.MaxPool2d(2),
            *periodic_block(64, CHANNELS),
        )
        self.norm = nn.BatchNorm1d(FEATURES)
        self.attention = nn.MultiheadAttention(FEATURES, HEADS, batch_first=True)
        self.head = nn.Sequential(nn.Linear(2 * FEATURES, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, classes))

    def forward(self, frames: Tensor) -> Tensor:
        """Logits of a batch."""
        return self.head(self.pooled(frames))

    def pooled(self, frames: Tensor) -> Tensor:
        """The features that the head reads: mean and maximum over the sequence."""
        if self.training:
            frames = random_window(frames)
        count, times = frames.shape[:2]
        features = self.encoder(self.channels(frames))  # (n · times, features, y, x)
        of_frames = self.norm(torch.cat([features.mean((2, 3)), features.amax((2, 3))], dim=1))
        tokens = of_frames.view(count, times, FEATURES)
        sequence = tokens + self.attention(tokens, tokens, tokens, need_weights=False)[0]
        return torch.cat([sequence.mean(1), sequence.amax(1)], dim=1)

    def channels(self, frames: Tensor) -> Tensor:
        """The input of the encoder, (n · times, 3, height, width)."""
        mean, spread = frames.mean((2, 3), keepdim=True), frames.std((2, 3), keepdim=True)
        shape = CONTRAST * (frames - mean) / (spread + FLAT)
        change = torch.zeros_like(frames)
        if frames.shape[1] > 1:
            since = (frames[:, 1:] - frames[:, :-1]).abs()
            change = torch.cat([since[:, :1], since], dim=1)
        stacked = torch.stack([frames - CENTRE, shape, torch.tanh(2 * MOVEMENT * change)], dim=2)
        return stacked.flatten(0, 1).contiguous(memory_format=torch.channels_last)


def random_window(frames: Tensor) -> Tensor:
    """Four consecutive frames that begin anywhere; all if there are no more."""
    spare = frames.shape[1] - WINDOW
    if spare <= 0:
        return frames
    start = int(torch.randint(spare + 1, ()))
    return frames[:, start : start + WINDOW]


def build(frames: int, classes: int) -> nn.Module:
    """The network; its weights have the same shapes for any number of frames."""
    return Sequence2d(classes)


sequence_2d = Network(
    name="sequence-2d",
    build=build,
    training=TrainingSettings(
        epochs=16,
        batch=32,
        learning_rate=3e-3,
        weight_decay=1e-2,
        smoothing=0.05,
        average=0.99,
        augmentation=Augmentation(intensity=0.05, offset=0.05),
    ),
    summary="a periodic encoder for every frame, and attention over any number of frames",
)
