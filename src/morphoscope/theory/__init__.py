"""What a model's equations say by themselves."""

from morphoscope.theory.steady_states import existence_margin, steady_states

__all__ = ["existence_margin", "steady_states"]
