"""
What a classifier does not know
===============================

The known score is low for pictures unlike those of the training: here a run of the kind that the classifier knows, a
checkerboard and noise.
"""

import matplotlib.pyplot as plt
import numpy as np

import morphoscope

run = morphoscope.simulate("gray-scott", {"f": 0.03, "k": 0.057}, seed=1).species("u")
y, x = np.mgrid[:128, :128]
board = np.repeat(((x // 16 + y // 16) % 2)[None] * 0.6 + 0.2, 3, axis=0)
noise = np.repeat(np.random.default_rng(0).random((1, 128, 128)), 3, axis=0)
read = morphoscope.classify("gray-scott-second-pass", np.stack([run, board, noise]).astype("float32"))
assert read.known is not None

figure, axes = plt.subplots(1, 3, figsize=(8, 3), layout="constrained")
for place, frames, name, known in zip(axes, (run, board, noise), read.names, read.known, strict=True):
    place.imshow(frames[-1], cmap="cividis")
    place.set_title(f"read as {name}, known score {known:.2f}", fontsize=9)
    place.set_axis_off()
figure.savefig("unknown.png", dpi=120)
