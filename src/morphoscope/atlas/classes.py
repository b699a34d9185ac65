"""Symbols and colours of classes in pictures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Classes that are neighbours on the map of the shipped atlas differ by at least 10 (CIEDE2000) as people with and
# without colour blindness see them; tests/atlas/test_class_colours.py measures it. Homogeneous states are grey.
_COLOURS = {
    "alpha": "#5e0073",
    "beta": "#b63585",
    "gamma": "#f5a9bd",
    "delta": "#640024",
    "epsilon": "#006fb4",
    "zeta": "#8cdafc",
    "eta": "#ffdb44",
    "theta": "#ff895c",
    "iota": "#6d461c",
    "kappa": "#277d58",
    "lambda": "#a3c164",
    "mu": "#1ab4a5",
    "nu": "#1d3952",
    "pi": "#f43822",
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


def titled(name: str, chosen: str = "") -> str:
    """Symbol and name, or the name alone if it is its own symbol. ``chosen``: a symbol that a person chose."""
    letter = chosen or symbol(name)
    return name if letter == name else f"{letter} {name}"


def ordered(names: list[str]) -> list[str]:
    """Classes in the order of the Greek alphabet, then all others, numbers in them by size."""
    return sorted(names, key=lambda n: (len(symbol(n)) > 1 or symbol(n).isascii(), _natural(symbol(n))))


def _natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts g2 before g10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", text) if part]


def class_colours(classes: Sequence[str]) -> dict[str, str]:
    """A colour for each class, #rrggbb, the same in every picture."""
    others = [name for name in ordered(list(dict.fromkeys(classes))) if name not in _COLOURS]
    colours = {name: _OTHER_COLOURS[i % len(_OTHER_COLOURS)] for i, name in enumerate(others)}
    return {name: _COLOURS.get(name) or colours[name] for name in classes}


def free_colour(name: str, used: Sequence[str]) -> str:
    """The colour of a new class: its own if it has one, else the first of the palette that is used least."""
    return _COLOURS.get(name) or min(_OTHER_COLOURS, key=list(used).count)
