"""Figures, tables and report pages."""

from morphoscope.rendering.style import save
from morphoscope.reports.classmap import class_map
from morphoscope.reports.montage import montage

__all__ = ["class_map", "montage", "save"]
