"""Maps of a parameter space as a classifier reads it."""

from morphoscope.atlas.atlas import Agreement, Atlas, read_ensemble
from morphoscope.atlas.classes import ordered, symbol, titled

__all__ = ["Agreement", "Atlas", "ordered", "read_ensemble", "symbol", "titled"]
