"""
Which classes survive other numerics?
=====================================

Some runs of an atlas are simulated again with half the time step, another stencil and another seed, and read again.
"""

import tempfile
from pathlib import Path

import morphoscope

folder = Path(tempfile.mkdtemp())  # or a folder that you want to keep
plan = morphoscope.scan_plan(
    "gray-scott",
    grid={"f": (0.02, 0.05, 4), "k": (0.05, 0.063, 4)},
    until=2000,
    times=[1940, 1970, 2000],
    dt=0.5,
    seed=1,
)
scan = morphoscope.ensemble(plan, folder / "scan")
atlas = morphoscope.scan("gray-scott-second-pass", scan, folder / "atlas")
found = morphoscope.verify(atlas, points=12, checks=["half-step", "other-stencil", "other-seed"])
for check, classes in found.found.items():
    print(check, sum(a == b for a, b in zip(found.read, classes, strict=True)), "of", len(classes))
morphoscope.class_map(morphoscope.Atlas(folder / "atlas"), "verification.png", color="survives")
