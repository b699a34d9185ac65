"""Small texts on the command line: ``f=0.03``, ``128x128``, ``14940,14970,15000``."""

from __future__ import annotations

from morphoscope.errors import UsageError


def parameters(texts: list[str]) -> dict[str, str]:
    """``["f=0.03", "k=0.055"]`` as a mapping; the values are checked by the model."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise UsageError(f"parameter {text!r}; expected NAME=NUMBER, as in -p f=0.03")
        if name.strip() in found:
            raise UsageError(f"parameter {name.strip()!r} is given twice; give it once")
        found[name.strip()] = value.strip()
    return found


def size(text: str | None) -> tuple[int, int] | None:
    """``128x96`` as (width, height)."""
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(p.strip().isdecimal() for p in parts):
        raise UsageError(f"size {text!r}; expected WIDTHxHEIGHT in cells, as in 128x128")
    return int(parts[0]), int(parts[1])


def times(text: str | None) -> list[float] | None:
    """``100,200`` as numbers."""
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"times {text!r}; expected numbers with commas, as in 100,200") from None


def number(name: str, text: str) -> float:
    """One number of a ``name=number`` text."""
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{name}={text!r} is not a number; expected NAME=NUMBER, as in f=0.03") from None
