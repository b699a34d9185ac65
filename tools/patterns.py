"""The small pictures of known patterns, from which a live run can be started with a click.

python tools/patterns.py              # all of web/assets/patterns/patterns.csv
python tools/patterns.py brusselator  # those of one model
"""

from __future__ import annotations

import sys

import numpy as np
from PIL import Image

from morphoscope.ensembles.simulation import simulate_one, single_plan
from morphoscope.models import get_model
from morphoscope.rendering.scale import colour_range
from morphoscope.web.server.presets import PATTERNS, SEED, SIDE, Known, known_patterns
from morphoscope.web.server.shades import palette


def picture(known: Known) -> Image.Image:
    """The first species at the end of the run, in the colours of the page."""
    model = get_model(known.model)
    simulation = simulate_one(single_plan(model, known.parameters, seed=SEED))
    field = simulation.species(model.species[0])[-1].astype(float)
    low, high = colour_range(field)
    colours = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in palette("cividis")], dtype=np.uint8)
    levels = np.clip(np.round((field - low) / (high - low) * 255), 0, 255).astype(np.uint8)
    return Image.fromarray(colours[levels]).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def main(models: list[str]) -> None:
    """Write the pictures of some models, or of all."""
    for known in known_patterns():
        if not models or known.model in models:
            picture(known).save(PATTERNS / f"{known.picture}.webp", quality=80, method=6)
            print(known.picture, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
