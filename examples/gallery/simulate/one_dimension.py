"""
One dimension: space and time
=============================

A grid of height 1. Pulses of Gray–Scott move apart and split until they fill the line; the plot has space from left
to right and time downwards.
"""

import morphoscope

run = morphoscope.simulate(
    "gray-scott",
    {"f": 0.04, "k": 0.06},
    size=(256, 1),
    initial="stripes:count=1,share=0.1",
    until=10000,
    times=range(0, 10001, 50),
)
run.plot().savefig("one_dimension.png", dpi=120)
