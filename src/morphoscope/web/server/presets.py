"""Known patterns of a model, from each of which a live run is started with a click.

They are in ``assets/patterns/patterns.csv``, with pictures; ``tools/patterns.py`` makes the pictures, and the rows of
Gray–Scott, whose patterns are the classes of the shipped atlas.
"""

from __future__ import annotations

import base64
import csv
import dataclasses
import functools
import importlib.resources
import io
from typing import Any

from morphoscope.models import Model, get_model, model_names

PATTERNS: Any = importlib.resources.files("morphoscope.web") / "assets" / "patterns"
COLUMNS = ("model", "pattern", "parameters", "seed", "picture")
SIDE = 96  # pixels


@dataclasses.dataclass(frozen=True)
class Known:
    """A known pattern: what grows from the model's default start with these parameters and this seed."""

    model: str
    pattern: str
    parameters: dict[str, float]
    seed: int
    picture: str


@functools.lru_cache
def known_patterns() -> tuple[Known, ...]:
    """The patterns of patterns.csv. The first of each model is the one of its picture in a menu."""
    rows = csv.DictReader(io.StringIO((PATTERNS / "patterns.csv").read_text(encoding="utf-8")))
    return tuple(
        Known(row["model"], row["pattern"], _numbers(row["parameters"]), int(row["seed"]), row["picture"])
        for row in rows
    )


def _numbers(text: str) -> dict[str, float]:
    pairs = (part.partition("=") for part in text.split())
    return {name: float(value) for name, _, value in pairs}


def picture(name: str) -> bytes | None:
    """The picture of a known pattern as WebP."""
    path = PATTERNS / f"{name}.webp"
    return path.read_bytes() if path.is_file() else None


def presets(model: Model) -> list[dict[str, Any]]:
    """The known patterns of a built-in model, for its program; none of other models."""
    if model.name not in model_names() or get_model(model.name) != model:
        return []
    return [
        {
            "title": known.pattern,
            "parameters": known.parameters,
            "initial": None,
            "seed": known.seed,
            "picture": _address(picture(known.picture)),
            "note": "",
        }
        for known in known_patterns()
        if known.model == model.name
    ]


def _address(content: bytes | None) -> str | None:
    return None if content is None else f"data:image/webp;base64,{base64.b64encode(content).decode()}"
