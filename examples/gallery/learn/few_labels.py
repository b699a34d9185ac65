"""
Features without labels
=======================

The shipped encoder turns any pattern into 256 numbers that know no class. Two principal components of 40 runs of four
models:
"""

import matplotlib.pyplot as plt
import numpy as np

import morphoscope

MODELS = ["gray-scott", "brusselator", "swift-hohenberg", "cahn-hilliard"]
frames, names = [], []
for name in MODELS:
    for seed in range(10):
        run = morphoscope.simulate(name, size=64, seed=seed, until=None if name == "brusselator" else 200)
        frames.append(run.species(run.plan.model.species[0])[-1:])
        names.append(name)
features = morphoscope.Encoder.shipped().features(np.stack(frames))
centred = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
u, s, _ = np.linalg.svd(centred, full_matrices=False)

figure, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
for name in MODELS:
    chosen = [index for index, other in enumerate(names) if other == name]
    axes.scatter(*(u * s)[chosen, :2].T, label=name, s=14)
axes.set(xlabel="first component", ylabel="second component")
axes.legend(fontsize=8)
figure.savefig("few_labels.png", dpi=120)
