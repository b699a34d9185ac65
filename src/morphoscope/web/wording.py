"""Short texts that several views of the page share."""

from __future__ import annotations

from morphoscope.atlas import Atlas, titled
from morphoscope.learning.prediction import NETWORK, UNKNOWN


def basis(atlas: Atlas, position: int) -> str:
    """What determined the class of a reading, as in "by theory". Only the network's class has a probability."""
    decided = str(atlas.read_by[position])
    if decided != NETWORK:
        return f"by {decided}"
    text = f"by the network, probability {atlas.reading.probability[position]:.2f}"
    known = atlas.reading.known
    if known is None:
        return text
    return f"{text}, {UNKNOWN if atlas.reading.unknown[position] else 'known'} (score {known[position]:.2f})"


def classes_of_set(atlas: Atlas, position: int) -> str:
    """The conformal set of a reading in words; empty without one."""
    found = atlas.reading.set_of(position)
    if found is None:
        return ""
    return f"set, {atlas.reading.coverage:.0%}: {', '.join(map(titled, found)) or 'no class'}"
