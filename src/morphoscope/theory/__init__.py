"""What a model's equations say by themselves."""

from morphoscope.theory.lines import Line, lines_over
from morphoscope.theory.steady_states import existence_margin, steady_states

__all__ = ["Line", "existence_margin", "lines_over", "steady_states"]
