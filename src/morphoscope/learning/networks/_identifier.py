"""The network of an identifier: two views of a picture at its own wavelength → an embedding, and what is read in it."""

import torch
from torch import Tensor, nn

EMBEDDING = 96
_CHANNELS = (24, 32, 64, 112)


class IdentifierNetwork(nn.Module):
    """(n, 2, 64, 64), the wide and the close view → (n, 96).

    Each view has a trunk of its own: 5 × 5 with stride 2, then three 3 × 3 convolutions, each after a 2 × 2 maximum;
    mean and maximum over the grid. Both together become the embedding.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wide = _trunk()
        self.close = _trunk()
        self.joined = nn.Sequential(
            nn.Linear(4 * _CHANNELS[-1], EMBEDDING), nn.BatchNorm1d(EMBEDDING), nn.ReLU(), nn.Dropout(0.2)
        )

    def forward(self, views: Tensor) -> Tensor:
        """Embeddings of a batch."""
        pooled = []
        for trunk, place in ((self.wide, 0), (self.close, 1)):
            maps = trunk(views[:, place : place + 1])
            pooled += [maps.mean((2, 3)), maps.amax((2, 3))]
        embedding: Tensor = self.joined(torch.cat(pooled, dim=1))
        return embedding


class IdentifierHeads(nn.Module):
    """What is trained on top of an embedding: some classifications, and numbers."""

    def __init__(self, sizes: dict[str, int]) -> None:
        super().__init__()
        self.layers = nn.ModuleDict({name: nn.Linear(EMBEDDING, size) for name, size in sizes.items()})

    def forward(self, embedding: Tensor) -> dict[str, Tensor]:
        """Outputs by name."""
        return {name: layer(embedding) for name, layer in self.layers.items()}


def _trunk() -> nn.Sequential:
    a, b, c, d = _CHANNELS
    return nn.Sequential(
        nn.Conv2d(1, a, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(a), nn.ReLU(),
        nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(b, c, 3, padding=1, bias=False), nn.BatchNorm2d(c), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(c, d, 3, padding=1, bias=False), nn.BatchNorm2d(d), nn.ReLU(),
    )  # fmt: skip
