"""
Four patterns of one model
==========================

Gray–Scott makes spots, stripes, holes and mazes; only two numbers differ: the feed rate f and the removal rate k.
Each run begins with a square and a Γ, turned and shifted at random.
"""

import matplotlib.pyplot as plt

import morphoscope

POINTS = [(0.030, 0.062), (0.022, 0.051), (0.046, 0.063), (0.039, 0.058)]
figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")
for place, (f, k) in zip(axes, POINTS, strict=True):
    run = morphoscope.simulate("gray-scott", {"f": f, "k": k}, seed=1, until=5000)
    place.imshow(run.species("u")[-1], cmap="cividis", vmin=0, vmax=1)
    place.set_title(f"f = {f}, k = {k}", fontsize=9)
    place.set_axis_off()
figure.savefig("four_patterns.png", dpi=120)
