"""What `classify` prints: classes, probabilities, known scores and sets of classes."""

from __future__ import annotations

from typing import Any

from morphoscope.atlas.classes import symbol
from morphoscope.cli import show
from morphoscope.learning.prediction import UNKNOWN, Prediction


def show_reading(found: Prediction, *, json: bool) -> None:
    """Print a reading, one row or one JSON object a pattern."""
    if json:
        show.as_json([_values(found, i) for i in range(len(found))])
        return
    head = ["pattern", "", "class", "probability", "margin", "read by"]
    if found.known is not None:
        head.append("known")
    if found.sets is not None:
        head.append(f"set, {found.coverage:.0%}")
    show.table(tuple(head), [_row(found, i) for i in range(len(found))])


def _values(found: Prediction, i: int) -> dict[str, Any]:
    values: dict[str, Any] = {
        "class": found.names[i],
        "probability": float(found.probability[i]),
        "margin": float(found.margin[i]),
        "read_by": str(found.read_by[i]),
    }
    if found.known is not None:
        known = float(found.known[i])
        values |= {"known": None if known != known else known, "unknown": bool(found.unknown[i])}
    if found.sets is not None:
        values |= {"set": found.set_of(i), "coverage": found.coverage}
    return {**values, "probabilities": dict(zip(found.classes, found.probabilities[i].tolist(), strict=True))}


def _row(found: Prediction, i: int) -> tuple[Any, ...]:
    name = found.names[i]
    shown = (symbol(name), name)
    if found.unknown[i]:
        shown = ("?", f"{UNKNOWN}, near {' '.join(map(symbol, found.nearest(i)))}")
    row: list[Any] = [i, *shown, f"{found.probability[i]:.3f}", f"{found.margin[i]:.3f}", str(found.read_by[i])]
    if found.known is not None:
        row.append("–" if found.known[i] != found.known[i] else f"{found.known[i]:.2f}")
    if found.sets is not None:
        row.append(" ".join(map(symbol, found.set_of(i) or ())) or "none")
    return tuple(row)
