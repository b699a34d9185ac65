"""The network of an estimator: an embedding of patterns, and a flow over parameters, given the embedding."""

from __future__ import annotations

import math

import torch
import zuko
from torch import Tensor, nn

from morphoscope.learning.networks import build

CONTEXT = 64  # numbers of the embedding on which the flow depends
TRUNK = 256  # features of the trunk: mean and maximum of 128 channels


class PosteriorNetwork(nn.Module):
    """q(θ | x): the density of scaled parameters θ, given a pattern x (frames, height, width).

    The features of ``periodic-2d`` (periodic convolutions, mean and maximum over the grid) and the levels of the last
    frame become a context of 64 numbers. A neural spline flow maps θ to z = T(θ; context) with a normal
    distribution: q(θ | x) = N(z; 0, τ² I) |det ∂z/∂θ|. ``temperature``: τ, which calibrates the widths.

    Sources: Papamakarios & Murray, NeurIPS (2016); Greenberg et al., ICML (2019), for posteriors by simulation; Durkan
    et al., NeurIPS (2019), for the flow.
    """

    temperature: Tensor

    def __init__(self, frames: int, parameters: int) -> None:
        super().__init__()
        self.trunk = build("periodic-2d", frames, 2)
        self.trunk.head = nn.Identity()
        self.embedding = nn.Sequential(
            nn.Linear(TRUNK + 4, 128), nn.ReLU(), nn.Dropout(0.1), nn.Linear(128, CONTEXT), nn.ReLU()
        )
        self.flow = zuko.flows.NSF(parameters, CONTEXT, transforms=3, bins=8, hidden_features=(64, 64))
        self.register_buffer("temperature", torch.ones(()))

    def features(self, frames: Tensor) -> Tensor:
        """What the trunk and the levels tell of patterns, (n, 260)."""
        last = frames[:, -1]
        levels = torch.stack([last.mean((1, 2)), last.std((1, 2)), last.amin((1, 2)), last.amax((1, 2))], dim=1)
        return torch.cat([self.trunk(frames), levels], dim=1)

    def latent(self, values: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """z and log |det ∂z/∂θ| of scaled parameters, (n, parameters) and (n,)."""
        transform = self.flow(self.embedding(features)).transform
        z, log_determinant = transform.call_and_ladj(values)
        return z, log_determinant

    def log_density(self, values: Tensor, features: Tensor) -> Tensor:
        """log q(θ | x), (n,)."""
        z, log_determinant = self.latent(values, features)
        return _normal(z, self.temperature) + log_determinant

    def sample(self, features: Tensor, draws: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draws of the scaled parameters (draws, n, parameters), and their log q, (draws, n)."""
        transform = self.flow(self.embedding(features)).transform
        shape = (draws, len(features), self.flow.base().event_shape[0])
        z = self.temperature * torch.randn(shape, generator=generator)
        values, log_determinant = transform.inv.call_and_ladj(z)
        return values, _normal(z, self.temperature) - log_determinant


def _normal(z: Tensor, spread: Tensor) -> Tensor:
    """The logarithm of N(z; 0, spread² I)."""
    size = z.shape[-1]
    return -0.5 * (z / spread).square().sum(-1) - size * (torch.log(spread) + 0.5 * math.log(2 * math.pi))
