"""
Train a classifier
==================

Labels come from a table of points. Two classes of the Brusselator, a handful of runs, one layer fitted on the
features of the shipped encoder: seconds.
"""

import tempfile
from pathlib import Path

import morphoscope

folder = Path(tempfile.mkdtemp())  # or a folder that you want to keep
SPOTS, STRIPES = {"A": 4.5, "B": 7.0, "class": "spots"}, {"A": 4.5, "B": 8.5, "class": "stripes"}
settings = {"size": 64, "until": 150}
for name, runs, seed in (("train", 8, 1), ("test", 6, 2)):
    rows = [{**point, "runs": runs} for point in (SPOTS, STRIPES)]
    plan = morphoscope.scan_plan("brusselator", points=rows, seed=seed, **settings)
    morphoscope.ensemble(plan, folder / name)
classifier = morphoscope.train(folder / "train", pretrained="shipped", freeze=True)
result = morphoscope.evaluate(classifier, folder / "test", folder / "evaluation")
print("accuracy", result.accuracy.value, "of", result.accuracy.n)
morphoscope.montage(folder / "test", out="train.png")
