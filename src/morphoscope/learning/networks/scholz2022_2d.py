"""The paper's 2D network, layer by layer: 277,723 parameters for 15 classes, including 6 batch-norm statistics."""

from torch import nn

from morphoscope.learning.network import Network, TrainingSettings
from morphoscope.learning.symmetry import Augmentation


def build(frames: int, classes: int) -> nn.Module:
    """Batch norm, four convolutions without padding, with pooling, global maximum, two dense layers.

    (n, frames, 128, 128) → (n, classes). Sizes after each layer: 63, 61, 30, 28, 14, 12, 6.
    Source: Scholz & Scholz (2022).
    """
    return nn.Sequential(
        nn.BatchNorm2d(frames),
        nn.Conv2d(frames, 32, kernel_size=3, stride=2),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 128, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(128, 128, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(128, 256),
        nn.ReLU(),
        nn.Dropout(0.15),
        nn.Linear(256, classes),
    )


scholz2022_2d = Network(
    name="scholz2022-2d",
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
    summary="the network of Scholz & Scholz (2022)",
)
