"""
Coarsening of a mixture
=======================

Cahn–Hilliard: a mixture separates, and its domains grow. Classical theory (Lifshitz and Slyozov) expects a length in
proportion to the third root of time; the measured exponent of a single, small run comes near to that.
"""

import matplotlib.pyplot as plt
import numpy as np

import morphoscope
from morphoscope.descriptors import measure

TIMES = [100, 200, 400, 800, 1600]
run = morphoscope.simulate("cahn-hilliard", size=128, until=TIMES[-1], times=TIMES, integrator="etdrk2", dt=0.5, seed=1)
frames = run.species("c") if "c" in run.plan.model.species else run.species(run.plan.model.species[0])
lengths = [measure(frame[None])["wavelength"] for frame in frames]
slope = np.polyfit(np.log(TIMES), np.log(lengths), 1)[0]

figure, axes = plt.subplots(1, 3, figsize=(9, 2.9), layout="constrained")
for place, frame, time in zip(axes, frames[[0, -1]], (TIMES[0], TIMES[-1]), strict=False):
    place.imshow(frame, cmap="cividis")
    place.set_title(f"t = {time}", fontsize=9)
    place.set_axis_off()
axes[2].loglog(TIMES, lengths, "o-")
axes[2].set(xlabel="time", ylabel="wavelength (cells)", title=f"exponent {slope:.2f}")
figure.savefig("coarsening.png", dpi=120)
