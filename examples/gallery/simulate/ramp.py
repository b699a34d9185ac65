"""
A parameter that varies in space
================================

With f rising upwards and k from left to right, one run shows a whole plane of patterns: Pearson's old trick.
"""

import morphoscope
from morphoscope import Ramp

run = morphoscope.simulate(
    "gray-scott",
    {"f": Ramp("y", 0.06, 0.02), "k": Ramp("x", 0.05, 0.068)},
    size=256,
    boundary="no-flux",
    initial="spots:count=150",
    until=4000,
    times=4000,
)
run.plot().savefig("ramp.png", dpi=120)
