"""
A growth rate, predicted and measured
=====================================

The Brusselator on a line, a little above its Turing threshold. Each Fourier mode of a small perturbation must grow at
the rate that the linearised equations give it, if the Laplacian is the grid's own: short waves see that its cells are
finite.
"""

import matplotlib.pyplot as plt
import numpy as np

import morphoscope
from morphoscope.models import get_model
from morphoscope.theory import dispersion, homogeneous_states

model = get_model("brusselator")
point = {"A": 4.5, "B": 7.5}
state = homogeneous_states(model, point)[0]
T1, T2, CELLS = 2.0, 6.0, 512
run = morphoscope.simulate(
    model,
    point,
    size=(CELLS, 1),
    initial="steady:amplitude=1e-5",
    until=T2,
    times=[T1, T2],
    double=True,
    dt=0.002,
    seed=1,
)
first, last = (np.abs(np.fft.rfft(frame[0] - frame.mean())) for frame in run.species("u"))
q = 2 * np.pi * np.fft.rfftfreq(CELLS, run.plan.grid.spacing)
seen = slice(15, 55)
measured = np.log(last[seen] / first[seen]) / (T2 - T1)
predicted = dispersion(model, state, q[seen], parameters=point, symbols=run.plan.grid.symbols).real.max(axis=-1)

figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
axes.plot(q[seen], predicted, label="theory")
axes.plot(q[seen], measured, ".", label="simulation")
axes.axhline(0, color="grey", linewidth=0.8)
axes.set(xlabel="wavenumber q", ylabel="growth rate")
axes.legend()
figure.savefig("growth_rate.png", dpi=120)
print(f"largest difference {np.abs(measured - predicted).max():.3f}")
