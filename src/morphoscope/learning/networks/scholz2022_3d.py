"""The paper's 3D network, layer by layer: 76,531 parameters for 15 classes, including 2 batch-norm statistics."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from morphoscope.learning.network import Network, TrainingSettings
from morphoscope.learning.symmetry import Augmentation

PAIR = 2  # frames that a kernel of the first convolution reads; also its stride, and the pooling over time
MIN_FRAMES = PAIR * PAIR


class Scholz2022Network3d(nn.Module):
    """Batch norm, three convolutions without padding, with pooling, global maximum, two dense layers.

    (n, frames, 128, 128) → (n, classes), for 4 frames or more. The frames are the third axis of one field. The kernels
    are 2×3×3 (time × height × width; stride 2 along all axes), 1×3×3 and 1×3×3. Sizes after each layer for ten frames:
    5×63×63, 2×31×31, 2×29×29, 2×14×14, 2×12×12, 2×6×6.

    A layer has time × height × width × inputs × kernels + kernels parameters: 2·3·3·1·32 + 32 = 608,
    1·3·3·32·64 + 64 = 18,496, 1·3·3·64·64 + 64 = 36,928; the dense layers 64·256 + 256 = 16,640 and, for 15 classes,
    256·15 + 15 = 3,855; the batch norm of one channel 4.

    The pooling over time leaves out the fifth of five pairs: of ten frames, the last two are not read.

    Notes
    -----
    The layers are computed as two-dimensional ones, which is faster: kernels of the first convolution read pairs of
    frames that do not overlap, those of the others one time. Scale and offset of the batch norm are multiplied into the
    first convolution, so that no gradient of the frames is needed. The maximum is taken before ReLU, which commutes.

    Source: Scholz & Scholz (2022), supplement, section 6.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1, affine=False)
        self.scale, self.offset = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))
        self.first = nn.Conv2d(PAIR, 32, kernel_size=3, stride=2)
        self.pool, self.relu = nn.MaxPool2d(2), nn.ReLU()
        self.second, self.third = nn.Conv2d(32, 64, kernel_size=3), nn.Conv2d(64, 64, kernel_size=3)
        self.head = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Dropout(0.10), nn.Linear(256, classes))

    def forward(self, frames: Tensor) -> Tensor:
        """Logits of a batch."""
        return self.head(self.pooled(frames))

    def pooled(self, frames: Tensor) -> Tensor:
        """The features that the head reads, (n, 64): the maximum of each kernel over space and time."""
        count, times, (height, width) = len(frames), frames.shape[1] // MIN_FRAMES, frames.shape[-2:]
        normed = self.norm(frames.reshape(-1, 1, height, width)).view(count, -1, height, width)
        pairs = self._first(normed[:, : times * MIN_FRAMES].reshape(-1, PAIR, height, width))
        pooled = pairs.view(count * times, PAIR, *pairs.shape[1:]).amax(dim=1)  # over time
        features = self.relu(pooled.contiguous(memory_format=torch.channels_last))
        features = self.relu(self.pool(self.second(features)))
        features = self.relu(self.pool(self.third(features))).amax(dim=(2, 3))
        return features.view(count, times, -1).amax(dim=1)

    def _first(self, normed: Tensor) -> Tensor:
        """The first convolution of scale · normed + offset, and the pooling over space."""
        kernels = self.first.weight
        shift = self.offset * kernels.sum((1, 2, 3))
        bias = shift if self.first.bias is None else self.first.bias + shift
        read = normed.contiguous(memory_format=torch.channels_last)
        return self.pool(conv2d(read, self.scale * kernels, bias, stride=2))


def build(frames: int, classes: int) -> nn.Module:
    """The network; its weights have the same shapes for any number of frames."""
    return Scholz2022Network3d(classes)


scholz2022_3d = Network(
    name="scholz2022-3d",
    build=build,
    training=TrainingSettings(
        epochs=90,
        batch=32,
        learning_rate=3e-3,
        weight_decay=1e-2,
        smoothing=0.05,
        average=0.99,
        augmentation=Augmentation(intensity=0.05, offset=0.05, affine=0.5),
    ),
    summary="the 3D network of Scholz & Scholz (2022), for ten frames",
    min_frames=MIN_FRAMES,
)
