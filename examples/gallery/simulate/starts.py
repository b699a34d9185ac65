"""
The same point, six starts
==========================

At one point in parameter space, the pattern may depend on how the run begins. All of these have f = 0.04, k = 0.058.
"""

import matplotlib.pyplot as plt

import morphoscope

STARTS = ["pearson-gamma", "spots:count=30", "stripes:count=6", "inverse", "mixed-spots", "noise"]
figure, axes = plt.subplots(2, 6, figsize=(10, 3.6), layout="constrained")
for column, start in enumerate(STARTS):
    run = morphoscope.simulate(
        "gray-scott", {"f": 0.04, "k": 0.058}, initial=start, until=2500, times=[0, 2500], seed=2
    )
    for row, frame in enumerate(run.species("u")):
        axes[row, column].imshow(frame, cmap="cividis", vmin=0, vmax=1)
        axes[row, column].set_axis_off()
    axes[0, column].set_title(start, fontsize=8)
figure.savefig("starts.png", dpi=120)
