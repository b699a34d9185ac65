"""Maps of a parameter space as a classifier reads it, and as people correct it."""

from morphoscope.atlas.agreement import Agreement
from morphoscope.atlas.annotations import Annotations
from morphoscope.atlas.atlas import Atlas, read_ensemble
from morphoscope.atlas.classes import ordered, symbol, titled

__all__ = ["Agreement", "Annotations", "Atlas", "ordered", "read_ensemble", "symbol", "titled"]
