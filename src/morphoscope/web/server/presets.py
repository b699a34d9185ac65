"""Known patterns of a model, each a set of parameters from which a live run is started with a click.

Those of Gray–Scott are the classes of the shipped atlas, each shown by the run that is farthest inside its class; those
of other models are in ``assets/patterns/patterns.csv``, with pictures that ``tools/patterns.py`` makes.
"""

from __future__ import annotations

import base64
import csv
import dataclasses
import functools
import importlib.resources
import io
from typing import TYPE_CHECKING, Any

from morphoscope.models import Model

if TYPE_CHECKING:
    from morphoscope.atlas import Atlas

PATTERNS: Any = importlib.resources.files("morphoscope.web") / "assets" / "patterns"
SEED = 1  # of the runs in the pictures
SIDE = 96  # pixels
ATLAS = "gray-scott"  # the model whose patterns are those of the shipped atlas


@dataclasses.dataclass(frozen=True)
class Known:
    """A known pattern: the model's default start, with these parameters."""

    model: str
    pattern: str
    parameters: dict[str, float]
    picture: str


@functools.lru_cache
def known_patterns() -> tuple[Known, ...]:
    """The patterns of patterns.csv; the first of each model are its defaults."""
    rows = csv.DictReader(io.StringIO((PATTERNS / "patterns.csv").read_text(encoding="utf-8")))
    return tuple(Known(row["model"], row["pattern"], _numbers(row["parameters"]), row["picture"]) for row in rows)


def _numbers(text: str) -> dict[str, float]:
    pairs = (part.partition("=") for part in text.split())
    return {name: float(value) for name, _, value in pairs}


def picture(name: str) -> bytes | None:
    """The picture of a known pattern as WebP."""
    path = PATTERNS / f"{name}.webp"
    return path.read_bytes() if path.is_file() else None


def presets(model: Model) -> list[dict[str, Any]]:
    """The known patterns of a built-in model, for its program; none of other models."""
    if model.name == ATLAS:
        return list(_of_classes())
    return [
        {
            "title": known.pattern,
            "parameters": known.parameters,
            "initial": model.initial,
            "seed": SEED,
            "picture": _address(picture(known.picture)),
            "note": "",
        }
        for known in known_patterns()
        if known.model == model.name
    ]


def _address(content: bytes | None) -> str | None:
    return None if content is None else f"data:image/webp;base64,{base64.b64encode(content).decode()}"


@functools.lru_cache
def _of_classes() -> tuple[dict[str, Any], ...]:
    """One run of each class of the shipped atlas, by the order of the Greek alphabet."""
    from morphoscope.atlas import open_atlas, titled
    from morphoscope.atlas.classes import ordered

    atlas = open_atlas(ATLAS)
    plan = atlas.plan
    found = []
    for name in ordered(list(atlas.classes)):
        position = _innermost(atlas, name)
        run = plan.runs[int(atlas.runs[position])]
        found.append(
            {
                "title": titled(name),
                "parameters": dict(run.parameters),
                "initial": str(run.initial or plan.initial),
                "seed": run.seed,
                "picture": _address(_thumbnail(atlas, position)),
                "note": "read by the shipped classifier" if atlas.read_by[position] == "network" else "by theory",
            }
        )
    return tuple(found)


def _innermost(atlas: Atlas, name: str) -> int:
    """The position of the reading of a class that is farthest from all other classes, in the plane of the model."""
    import numpy as np
    from scipy.spatial import cKDTree

    points = np.stack([atlas.values(axis) for axis in atlas.plan.model.plane], axis=1)
    points = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    own = np.array([read == name for read in atlas.reading.names])
    distance = cKDTree(points[~own]).query(points[own])[0]
    return int(np.flatnonzero(own)[int(distance.argmax())])


def _thumbnail(atlas: Atlas, position: int) -> bytes:
    from PIL import Image

    from morphoscope.atlas.thumbnails import COLUMNS, PER_SHEET
    from morphoscope.atlas.thumbnails import SIDE as SMALL

    number, place = divmod(position, PER_SHEET)
    sheet = _sheet(number)
    row, column = divmod(place, COLUMNS)
    left, upper = column * SMALL, row * SMALL
    buffer = io.BytesIO()
    part: Image.Image = sheet.crop((left, upper, left + SMALL, upper + SMALL))
    part.save(buffer, "WEBP", quality=85, method=6)
    return buffer.getvalue()


@functools.lru_cache(maxsize=8)
def _sheet(number: int) -> Any:
    from PIL import Image

    from morphoscope.atlas import open_atlas

    return Image.open(io.BytesIO(open_atlas(ATLAS).thumbnails(number) or b"")).convert("RGB")
