"""
Scan, read, map
===============

The short form of the paper's study: simulate a lattice of points, let a trained network read the runs, draw the
classes with the lines from theory.
"""

import tempfile
from pathlib import Path

import morphoscope

folder = Path(tempfile.mkdtemp())  # or a folder that you want to keep
plan = morphoscope.scan_plan(
    "gray-scott",
    grid={"f": (0.01, 0.07, 13), "k": (0.045, 0.0675, 10)},
    until=3000,
    times=[2940, 2970, 3000],
    dt=0.5,
    seed=1,
)
scan = morphoscope.ensemble(plan, folder / "scan")
atlas = morphoscope.scan("gray-scott-second-pass", scan, folder / "atlas")
print(atlas.counts())
morphoscope.class_map(atlas, "scan.png")
