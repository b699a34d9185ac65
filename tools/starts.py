"""Make docs/pictures/starts.png: initial conditions, and what becomes of them.

python tools/starts.py
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

import morphoscope
from morphoscope.models import get_model

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "starts.png"
#: Model, initial condition, parameters, and the time of the second picture.
STARTS = (
    ("gray-scott", "pearson-square", {"f": 0.03, "k": 0.055}, 1000.0),
    ("gray-scott", "stripes:count=8,down=3", {"f": 0.04, "k": 0.06}, 1000.0),
    ("gray-scott", "inverse:count=6", {"f": 0.04, "k": 0.058}, 500.0),
    ("gray-scott", "mixed-spots", {"f": 0.03, "k": 0.055}, 1000.0),
    ("lengyel-epstein", "hexagons:count=12,angle=10", {"a": 15.0, "b": 0.6}, 100.0),
    ("barkley", "spiral-seeds", {}, 30.0),
)


def picture() -> Figure:
    """Each start above the field at a later time; the first species of each model."""
    figure = Figure(figsize=(13, 5), layout="constrained")
    rows = figure.subplots(2, len(STARTS))
    for above, below, (model, initial, parameters, time) in zip(*rows, STARTS, strict=True):
        times = (0.0, time)
        run = morphoscope.simulate(model, parameters, initial=initial, until=time, times=times, seed=3)
        first = run.dataset()[get_model(model).species[0]].values.reshape(2, 128, 128)
        low, high = float(first.min()), float(first.max())
        for axes, frame, at in zip((above, below), first, times, strict=True):
            axes.imshow(frame, vmin=low, vmax=high)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_xlabel(f"t = {at:g}", fontsize=9)
        above.set_title(f"{initial}\n{model}", fontsize=9)
    return figure


if __name__ == "__main__":
    picture().savefig(PICTURE, dpi=80)
