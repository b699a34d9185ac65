"""
Spiral waves
============

Broken wave fronts in Barkley's model of an excitable medium curl up into spirals. ``spiral-seeds`` puts them at
random places.
"""

import morphoscope

run = morphoscope.simulate("barkley", initial="spiral-seeds:count=3", size=128, until=12, times=[0, 4, 8, 12], seed=3)
run.plot().savefig("spirals.png", dpi=120)
