"""What a model's equations say by themselves."""

from morphoscope.theory.classification import classify_point
from morphoscope.theory.dispersion import Mode, continuous, dispersion, most_unstable
from morphoscope.theory.lines import Critical, Line, critical_values, lines_over
from morphoscope.theory.overview import Overview, overview
from morphoscope.theory.states import State, homogeneous_states
from morphoscope.theory.steady_states import existence_margin, steady_states

__all__ = [
    "Critical",
    "Line",
    "Mode",
    "Overview",
    "State",
    "classify_point",
    "continuous",
    "critical_values",
    "dispersion",
    "existence_margin",
    "homogeneous_states",
    "lines_over",
    "most_unstable",
    "overview",
    "steady_states",
]
