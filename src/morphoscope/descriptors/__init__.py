"""Descriptors of patterns: numbers that are computed from frames without a network."""

from morphoscope.descriptors.measure import measure
from morphoscope.descriptors.table import BY_NAME, DESCRIPTORS, NAMES, Descriptor

__all__ = ["BY_NAME", "DESCRIPTORS", "NAMES", "Descriptor", "measure"]
