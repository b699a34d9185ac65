"""Network architectures, one a file. A file here that defines a :class:`Network` is registered by being there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from morphoscope.core.errors import UsageError, nearest
from morphoscope.core.registry import instances
from morphoscope.learning.networks.network import Network, Recipe

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Network", "Recipe", "build", "get_network", "network_names"]


def _registry() -> dict[str, Network]:
    return instances(__name__, Network)


def network_names() -> list[str]:
    """Names that :func:`get_network` knows."""
    return sorted(_registry())


def get_network(name: str) -> Network:
    """The architecture of that name; raises UsageError with the nearest name otherwise."""
    if name not in _registry():
        raise UsageError(f"unknown network {name!r}; {nearest(name, network_names())}")
    return _registry()[name]


def build(name: str, frames: int, classes: int) -> nn.Module:
    """An untrained module (n, frames, height, width) → (n, classes) logits."""
    return get_network(name).build(frames, classes)
