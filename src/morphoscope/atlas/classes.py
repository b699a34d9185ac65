"""Symbols and colours of classes in pictures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Neighbours in the map differ in lightness as well as in hue, so that they can be distinguished with colour blindness.
# Homogeneous states are grey.
_COLOURS = {
    "alpha": "#4b0c6b",
    "beta": "#b5367a",
    "gamma": "#f2a0b5",
    "delta": "#781c2e",
    "epsilon": "#1f6fb4",
    "zeta": "#8fd3f4",
    "eta": "#f7d13d",
    "theta": "#e8743b",
    "iota": "#6b3d14",
    "kappa": "#0b7a4b",
    "lambda": "#a4d65e",
    "mu": "#00b3a4",
    "nu": "#18324a",
    "pi": "#ff3b30",
    "L": "#9a9a9a",
    "H": "#e6e6e6",
    "homogeneous": "#e6e6e6",
    "homogeneous-1": "#9a9a9a",
    "homogeneous-2": "#e6e6e6",
    "homogeneous-3": "#c0c0c0",
    "homogeneous-4": "#787878",
}
# Any other class: the palette of Okabe & Ito (2008), designed for colour blindness, then darker colours, then others.
_OTHER_COLOURS = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#332288", "#882255", "#44aa99",
    "#6b4f1d", "#117733", "#ddcc77", "#88ccee", "#661100", "#aa4499", "#999933", "#6699cc", "#cc6677", "#1b1b1b",
)  # fmt: skip
_UNICODE_NAMES = {"lambda": "lamda"}


def symbol(name: str) -> str:
    """The Greek letter of a class that is named after one (``kappa`` → κ); any other name is not changed."""
    word = _UNICODE_NAMES.get(name, name).upper()
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {word}")
    except KeyError:
        return name


def titled(name: str) -> str:
    """Symbol and name, or the name alone if it is its own symbol."""
    return name if symbol(name) == name else f"{symbol(name)} {name}"


def ordered(names: list[str]) -> list[str]:
    """Classes in the order of the Greek alphabet, then all others, numbers in them by size."""
    return sorted(names, key=lambda n: (len(symbol(n)) > 1 or symbol(n).isascii(), _natural(symbol(n))))


def _natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts g2 before g10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", text) if part]


def class_colours(classes: Sequence[str]) -> dict[str, str]:
    """A colour for each class, #rrggbb, the same in every picture."""
    others = [name for name in ordered(list(classes)) if name not in _COLOURS]
    colours = {name: _OTHER_COLOURS[i % len(_OTHER_COLOURS)] for i, name in enumerate(others)}
    return {name: _COLOURS.get(name) or colours[name] for name in classes}


def free_colour(name: str, used: Sequence[str]) -> str:
    """The colour of a new class: its own if it has one, else the first of the palette that is used least."""
    return _COLOURS.get(name) or min(_OTHER_COLOURS, key=list(used).count)
