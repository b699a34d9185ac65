"""Names of pattern classes and the symbols that stand for them in pictures."""

from __future__ import annotations

import unicodedata

_SPELLED = {"lambda": "lamda"}  # Unicode's spelling


def symbol(name: str) -> str:
    """The Greek letter of a class that is named after one (``kappa`` → κ); any other name stays as it is."""
    word = _SPELLED.get(name, name).upper()
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {word}")
    except KeyError:
        return name


def titled(name: str) -> str:
    """Symbol and name, or the name alone where it is its own symbol."""
    return name if symbol(name) == name else f"{symbol(name)} {name}"


def ordered(names: list[str]) -> list[str]:
    """Classes in the order of the Greek alphabet, then all others."""
    return sorted(names, key=lambda n: (len(symbol(n)) > 1 or symbol(n).isascii(), symbol(n)))
