"""Physical descriptors of patterns: what can be said of a run's frames without a network."""

from morphoscope.ensembles.descriptors.measure import measure, measure_runs
from morphoscope.ensembles.descriptors.stored import describe_ensemble, stored
from morphoscope.ensembles.descriptors.table import BY_NAME, DESCRIPTORS, NAMES, Descriptor, names_for

__all__ = [
    "BY_NAME",
    "DESCRIPTORS",
    "NAMES",
    "Descriptor",
    "describe_ensemble",
    "measure",
    "measure_runs",
    "names_for",
    "stored",
]
