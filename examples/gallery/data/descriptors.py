"""
Patterns as numbers
===================

Physical descriptors of a run need no network: wavelength, anisotropy, number of spots, Euler characteristic, drift
and the others.
"""

import matplotlib.pyplot as plt

import morphoscope
from morphoscope.descriptors import DESCRIPTORS, measure

run = morphoscope.simulate("gray-scott", {"f": 0.03, "k": 0.062}, seed=2, until=5000)
numbers = measure(run.species("u"))
for row in DESCRIPTORS:
    print(f"{row.name:24} {numbers[row.name]:10.4g}   {row.title}")
run.plot().savefig("descriptors.png", dpi=120)
plt.close("all")
