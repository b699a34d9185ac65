"""
Noise
=====

White noise in every step, the same for the same seed on any number of threads. Weak noise hardly shows in the islands
of Swift–Hohenberg; strong noise leaves disordered stripes with many defects.
"""

import matplotlib.pyplot as plt

import morphoscope

figure, axes = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained")
for place, amplitude in zip(axes, (0.0, 0.1, 0.4), strict=True):
    run = morphoscope.simulate("swift-hohenberg", size=96, until=100, noise=amplitude, seed=1)
    place.imshow(run.species("u")[-1], cmap="cividis")
    place.set_title(f"amplitude {amplitude:g}", fontsize=9)
    place.set_axis_off()
figure.savefig("noise.png", dpi=120)
