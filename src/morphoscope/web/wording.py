"""Short texts that several views of the page share."""

from __future__ import annotations

from morphoscope.atlas import Atlas
from morphoscope.learning.prediction import NETWORK


def basis(atlas: Atlas, position: int) -> str:
    """What determined the class of a reading, as in "by theory". Only the network's class has a probability."""
    decided = str(atlas.read_by[position])
    if decided != NETWORK:
        return f"by {decided}"
    return f"by the network, probability {atlas.reading.probability[position]:.2f}"
