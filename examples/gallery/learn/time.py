"""
Since when is a run settled?
============================

The same runs, read at many times. Their class changes while the pattern grows, and then no more.
"""

import matplotlib.pyplot as plt
import numpy as np

import morphoscope

TIMES = np.arange(200, 4001, 200)
figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
for row, (f, k) in enumerate([(0.03, 0.057), (0.03, 0.063), (0.046, 0.063), (0.022, 0.051)]):
    times = sorted({float(t - back) for t in TIMES for back in (60, 30, 0)})
    run = morphoscope.simulate("gray-scott", {"f": f, "k": k}, seed=1, until=times[-1], times=times)
    frames = run.species("u").reshape(len(TIMES), 3, 128, 128)
    read = morphoscope.classify("gray-scott-second-pass", frames)
    for time, name, known in zip(
        TIMES, read.names, read.known if read.known is not None else read.probability, strict=True
    ):
        axes.text(time, row, name[:3], ha="center", va="center", fontsize=8, alpha=1.0 if known > 0.5 else 0.35)
axes.set(
    xlim=(100, 4100),
    ylim=(-0.5, 3.5),
    xlabel="time",
    yticks=range(4),
    title="class that is read; grey: unknown to the classifier",
)
axes.set_yticklabels(["0.030, 0.057", "0.030, 0.063", "0.046, 0.063", "0.022, 0.051"])
figure.savefig("time.png", dpi=120)
