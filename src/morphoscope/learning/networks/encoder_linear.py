"""The features of an encoder and one linear layer."""

from torch import Tensor, nn

from morphoscope.learning.network import Network
from morphoscope.learning.networks._encoder import FEATURES, PatternEncoder
from morphoscope.learning.networks.periodic_2d import periodic_2d


class EncoderLinear(nn.Module):
    """(n, frames, height, width) → (n, classes) logits, linear in the 256 features of an encoder."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.encoder = PatternEncoder()
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, frames: Tensor) -> Tensor:
        """Logits of a batch."""
        return self.head(self.pooled(frames))

    def pooled(self, frames: Tensor) -> Tensor:
        """The features that the head reads, (n, 256)."""
        return self.encoder(frames)


encoder_linear = Network(
    name="encoder-linear",
    build=lambda frames, classes: EncoderLinear(classes),
    training=periodic_2d.training,
    summary="an encoder's features and one linear layer",
)
