"""The small pictures of known patterns, from which a live run is started with a click, and the rows of Gray–Scott.

python tools/patterns.py              # pictures of all of web/assets/patterns/patterns.csv
python tools/patterns.py brusselator  # those of one model
python tools/patterns.py --classes    # first one row for each class of the shipped atlas
"""

from __future__ import annotations

import csv
import sys

import numpy as np
from PIL import Image
from scipy.spatial import cKDTree

from morphoscope.atlas import Atlas, open_atlas, titled
from morphoscope.atlas.classes import ordered
from morphoscope.ensembles.settings import Settings
from morphoscope.ensembles.simulation import run_plan, simulate_one
from morphoscope.models import get_model
from morphoscope.rendering.scale import colour_range
from morphoscope.web.server.presets import COLUMNS, PATTERNS, SIDE, Known, known_patterns
from morphoscope.web.server.shades import palette

ATLAS = MODEL = "gray-scott"


def picture(known: Known) -> Image.Image:
    """The first species at the end of the run, in the colours of the page."""
    model = get_model(known.model)
    simulation = simulate_one(run_plan(model, known.parameters, Settings.of(), seed=known.seed))
    field = simulation.species(model.species[0])[-1].astype(float)
    low, high = colour_range(field, shown=(0.3, 0.8) if known.model == MODEL else None)
    colours = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in palette("cividis")], dtype=np.uint8)
    levels = np.clip(np.round((field - low) / (high - low) * 255), 0, 255).astype(np.uint8)
    return Image.fromarray(colours[levels]).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def typical(atlas: Atlas, name: str) -> int:
    """The position of a reading of a class in the middle of it: of the tenth of its readings that are farthest from all
    other classes, the one nearest to their mean in the model's plane."""
    points = np.stack([atlas.values(axis) for axis in atlas.plan.model.plane], axis=1)
    points = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    own = np.array([read == name for read in atlas.reading.names])
    apart = cKDTree(points[~own]).query(points[own])[0]
    inner = np.flatnonzero(own)[np.argsort(apart)[-max(1, len(apart) // 10) :]]
    middle = points[inner].mean(axis=0)
    return int(inner[np.linalg.norm(points[inner] - middle, axis=1).argmin()])


def write_classes() -> None:
    """Replace the rows of Gray–Scott by one run of each class of the shipped atlas."""
    atlas = open_atlas(ATLAS)
    rows = [[k.model, k.pattern, _text(k.parameters), k.seed, k.picture] for k in known_patterns() if k.model != MODEL]
    for name in ordered(list(atlas.classes)):
        run = atlas.plan.runs[int(atlas.runs[typical(atlas, name)])]
        rows.append([MODEL, titled(name), _text(run.parameters.given), run.seed, f"{MODEL}-{name}"])
    with (PATTERNS / "patterns.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *sorted(rows, key=lambda row: str(row[0]))])
    known_patterns.cache_clear()


def _text(parameters: dict[str, float]) -> str:
    return " ".join(f"{name}={value:.10g}" for name, value in parameters.items())


def main(arguments: list[str]) -> None:
    """Write the pictures of some models, or of all."""
    if "--classes" in arguments:
        write_classes()
    models = [word for word in arguments if not word.startswith("-")]
    for known in known_patterns():
        if not models or known.model in models:
            picture(known).save(PATTERNS / f"{known.picture}.webp", quality=80, method=6)
            print(known.picture, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
