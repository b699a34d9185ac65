"""Steady states, linear stability and bifurcation lines, derived from a model's equations."""

from morphoscope.theory.classification import classify_point
from morphoscope.theory.closed_forms import closed_form_states, existence_margin
from morphoscope.theory.dispersion import Mode, dispersion, most_unstable
from morphoscope.theory.linearization import continuum_symbols
from morphoscope.theory.lines import BifurcationLine, CriticalValue, bifurcation_lines, critical_values
from morphoscope.theory.overview import Overview, overview
from morphoscope.theory.states import SteadyState, homogeneous_states

__all__ = [
    "BifurcationLine",
    "CriticalValue",
    "Mode",
    "Overview",
    "SteadyState",
    "bifurcation_lines",
    "classify_point",
    "closed_form_states",
    "continuum_symbols",
    "critical_values",
    "dispersion",
    "existence_margin",
    "homogeneous_states",
    "most_unstable",
    "overview",
]
