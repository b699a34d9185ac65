"""Network architectures, one per file: ``periodic_2d.py`` defines and thereby registers the network ``periodic-2d``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from morphoscope.core.registry import Registry
from morphoscope.learning.network import Network, TrainingSettings

if TYPE_CHECKING:
    from torch import nn

__all__ = ["NETWORKS", "Network", "TrainingSettings", "build", "get_network", "network_names"]


#: The architectures, one per file of this folder. PyTorch is imported when the first one is requested.
NETWORKS: Registry[Network] = Registry("network")
NETWORKS.add_package(__name__, Network)
network_names = NETWORKS.names


def get_network(name: str) -> Network:
    """The architecture with that name, or ``timm:NAME``. Raises UsageError if there is none."""
    if name.startswith("timm:"):
        from morphoscope.learning.networks._timm import timm_network

        return timm_network(name)
    return NETWORKS.get(name)


def build(name: str, frames: int, classes: int) -> nn.Module:
    """An untrained module (n, frames, height, width) → (n, classes) logits."""
    return get_network(name).build(frames, classes)
