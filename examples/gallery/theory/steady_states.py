"""
Steady states and their stability
=================================

Nullclines, growth rates and dispersion relation of a model at one point, from its equations alone.
"""

import morphoscope

overview = morphoscope.analyze("brusselator", {"A": 4.5, "B": 7.5}, out="steady_states.png")
for state in overview.states:
    print(state.kind, {name: round(value, 3) for name, value in state.values.items()})
