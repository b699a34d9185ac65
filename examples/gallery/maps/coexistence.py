"""
Where patterns coexist
======================

Several seeds at each point: where the class depends on the seed, more than one pattern is stable.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import morphoscope

folder = Path(tempfile.mkdtemp())  # or a folder that you want to keep
plan = morphoscope.scan_plan(
    "gray-scott", {"k": 0.0605}, grid={"f": (0.03, 0.06, 6)}, replicates=3, until=8000, times=[7940, 7970, 8000], dt=0.5
)
scan = morphoscope.ensemble(plan, folder / "scan")
atlas = morphoscope.scan("gray-scott-second-pass", scan, folder / "atlas")

figure, axes = plt.subplots(3, 6, figsize=(9, 5), layout="constrained")
for number, point in enumerate(atlas.points()):
    place = axes.flat[number]  # one seed a row
    place.imshow(scan.frames([number])[0, -1], cmap="cividis", vmin=0, vmax=1)
    place.set_title(f"{point['class']}, f = {point['f']:.3f}", fontsize=8)
    place.set_axis_off()
figure.savefig("coexistence.png", dpi=120)
