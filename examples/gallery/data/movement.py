"""
What rests is grey
==================

Three moments of a run as red, green and blue: what rests is grey, what moves is coloured. This is how the paper's
network sees patterns.
"""

import matplotlib.pyplot as plt
import numpy as np

import morphoscope

figure, axes = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained")
for place, (f, k) in zip(axes, [(0.046, 0.063), (0.018, 0.051), (0.02, 0.055)], strict=True):
    frames = morphoscope.simulate("gray-scott", {"f": f, "k": k}, seed=1, until=5000, times=[4940, 4970, 5000]).species(
        "u"
    )
    low, high = frames.min(), frames.max()
    place.imshow(np.moveaxis((frames - low) / (high - low), 0, -1))
    place.set_title(f"f = {f}, k = {k}", fontsize=9)
    place.set_axis_off()
figure.savefig("movement.png", dpi=120)
