"""Atlases: maps of a parameter space with a classifier's readings and people's annotations."""

from morphoscope.atlas.agreement import Agreement
from morphoscope.atlas.annotations import Annotations
from morphoscope.atlas.atlas import Atlas
from morphoscope.atlas.classes import ordered, symbol, titled
from morphoscope.atlas.opening import open_atlas
from morphoscope.atlas.scan import read_ensemble

__all__ = ["Agreement", "Annotations", "Atlas", "open_atlas", "ordered", "read_ensemble", "symbol", "titled"]
