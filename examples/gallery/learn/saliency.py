"""
Where a network looks
=====================

Saliency: the gradient of the class's score by the pixels of a pattern, for three runs.
"""

import shutil
import tempfile
from pathlib import Path

import morphoscope

folder = Path(tempfile.mkdtemp())
points = [
    {"f": f, "k": k, "class": name}
    for f, k, name in [(0.03, 0.057, "theta"), (0.03, 0.063, "lambda"), (0.046, 0.063, "mu")]
]
plan = morphoscope.scan_plan("gray-scott", points=points, until=3000, times=[2940, 2970, 3000])
runs = morphoscope.ensemble(plan, folder / "runs")
morphoscope.explain("gray-scott-second-pass", runs, folder / "saliency")
shutil.copy(folder / "saliency" / "saliency.png", "saliency.png")
