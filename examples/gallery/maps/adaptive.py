"""
An adaptive scan
================

Runs are spent where classes border; all other points are inferred. Here 60 of 228 runs are simulated (dots).
"""

import tempfile
from pathlib import Path

import morphoscope

folder = Path(tempfile.mkdtemp())  # or a folder that you want to keep
plan = morphoscope.scan_plan(
    "gray-scott",
    grid={"f": (0.01, 0.07, 19), "k": (0.045, 0.0675, 12)},
    until=3000,
    times=[2940, 2970, 3000],
    dt=0.5,
    seed=1,
)
atlas = morphoscope.scan("gray-scott-second-pass", plan, folder / "atlas", adaptive=True, budget=60)
morphoscope.class_map(atlas, "adaptive.png")
