"""
Turing and Hopf lines
=====================

Where homogeneous states lose their stability, in the plane of two parameters, for four models.
"""

import matplotlib.pyplot as plt

from morphoscope.models import get_model
from morphoscope.theory import bifurcation_lines

PLANES = {
    "brusselator": ((2.0, 5.0), (4.0, 12.0)),
    "schnakenberg": ((0.02, 0.4), (0.3, 1.6)),
    "gray-scott": ((0.03, 0.07), (0.0, 0.1)),
    "gierer-meinhardt": ((0.0, 1.0), (0.2, 4.0)),
}
KINDS = ["existence", "saddle-node", "Hopf", "Turing", "spinodal"]  # of lines, each with its colour
figure, axes = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")
for place, (name, (across, up)) in zip(axes.flat, PLANES.items(), strict=True):
    model = get_model(name)
    for line in bifurcation_lines(model, across, up, {}):
        for number, piece in enumerate(line.pieces):
            place.plot(
                *piece.T,
                color=f"C{KINDS.index(line.kind)}",
                label=line.kind if number == 0 else None,
            )
    place.set(title=model.title, xlabel=model.plane[0], ylabel=model.plane[1], xlim=across, ylim=up)
    place.legend(fontsize=7)
figure.savefig("lines.png", dpi=120)
