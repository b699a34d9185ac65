"""Figures and pages that a person reads."""

from morphoscope.reports.classmap import class_map
from morphoscope.reports.montage import montage
from morphoscope.reports.style import save

__all__ = ["class_map", "montage", "save"]
