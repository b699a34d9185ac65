"""Small texts on the command line: ``f=0.03``, ``f=0.01:0.08:50``, ``128x128``, ``14940,14970,15000``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.models import Model


def parameters(texts: list[str] | None) -> dict[str, Any]:
    """``["f=0.03", "k=k.npy"]`` as the library takes parameters: text that the model reads, or the array of a file."""
    return {name: _array(value) if value.endswith(".npy") else value for name, value in named_texts(texts).items()}


def named_texts(
    texts: list[str] | None, what: str = "parameter", expected: str = "NAME=NUMBER, as in -p f=0.03"
) -> dict[str, str]:
    """``["f=0.03", "k=0.055"]`` as a mapping of texts; ``what`` and ``expected`` are used in error messages."""
    found: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise UsageError(f"invalid {what} {text[:80]!r}; expected {expected}")
        if name.strip() in found:
            raise UsageError(f"{what} {name.strip()!r} is given twice; give it once")
        found[name.strip()] = value.strip()
    return found


def _array(path: str) -> Any:
    from pathlib import Path

    from morphoscope.core.outside_arrays import load_array

    array = load_array(Path(path), path, "an array of numbers (.npy)")
    if array.dtype.kind not in "fiub":
        raise UsageError(f"{path} holds values of type {array.dtype}; expected numbers")
    return array.astype("float64")


def axes(texts: list[str] | None) -> dict[str, tuple[float, float, int]] | None:
    """``["A=2:5:40"]`` as low end, high end and number of points; the values are checked by the plan."""
    if not texts:
        return None
    found = {}
    for name, value in named_texts(texts, "grid", "NAME=LOW:HIGH:POINTS, as in A=2:5:40").items():
        parts = value.split(":")
        if len(parts) != 3 or not (parts[2].strip().isascii() and parts[2].strip().isdecimal()) or len(parts[2]) > 12:
            raise UsageError(f"grid {name}={value:.80}; expected NAME=LOW:HIGH:POINTS, as in A=2:5:40")
        found[name] = (number(name, parts[0]), number(name, parts[1]), int(parts[2]))
    return found


def spans(texts: list[str] | None) -> dict[str, tuple[float, float]] | None:
    """``["A=2:5"]`` as low and high end."""
    if not texts:
        return None
    found = {}
    for name, value in named_texts(texts, "range", "NAME=LOW:HIGH, as in A=2:5").items():
        parts = value.split(":")
        if len(parts) != 2:
            raise UsageError(f"range {name}={value:.80}; expected NAME=LOW:HIGH, as in A=2:5")
        found[name] = (number(name, parts[0]), number(name, parts[1]))
    return found


def size(text: str | None) -> tuple[int, int] | None:
    """``128x96`` as (width, height)."""
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(p.strip().isdecimal() for p in parts):
        raise UsageError(f"size {text!r}; expected WIDTHxHEIGHT in cells, as in 128x128")
    return int(parts[0]), int(parts[1])


def plane(text: str | None) -> tuple[str, str] | None:
    """``k,f`` as the names of the axes of a map, abscissa first."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or not all(names):
        raise UsageError(f"plane {text!r}; expected two parameters with a comma, abscissa first, as in k,f")
    return names[0], names[1]


def times(text: str | None) -> list[float] | None:
    """``100,200`` as numbers."""
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"times {text!r}; expected numbers with commas, as in 100,200") from None


def numbers(text: str | None) -> dict[str, float]:
    """``f=0.03,k=0.055`` as numbers by name; empty without a text."""
    found = named_texts(text.split(",") if text else [], expected="NAME=NUMBER, as in f=0.03,k=0.055")
    return {name: number(name, value) for name, value in found.items()}


def number(name: str, text: str) -> float:
    """One number of a ``name=number`` text."""
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{name}={text!r} is not a number; expected NAME=NUMBER, as in f=0.03") from None


def model(
    name: str | None, reactions: list[str] | None, diffusions: list[str] | None, given: dict[str, Any]
) -> str | Model:
    """The model of a command: by its name or file, or typed as ``u: a - u + u**2*v`` and ``u=1``.

    ``given``: the parameters, whose values become a typed model's defaults. Raises UsageError for none or both.
    """
    if name is not None:
        if reactions or diffusions:
            option = "--reaction" if reactions else "--diffusion"
            raise UsageError(f"model {name!r} and {option} are both given; omit one of them")
        return name
    if not reactions:
        raise UsageError('no model is given; name one, as in gray-scott, or define one, as in --reaction "u: u - u**3"')
    from morphoscope.models.typed import typed_model

    rates = _pairs(reactions, ":", "reaction", "SPECIES: FORMULA, as in u: a - u + u**2*v")
    coefficients = _pairs(diffusions or [], "=", "diffusion", "SPECIES=NUMBER, as in u=1")
    return typed_model(rates, coefficients, given)


def _pairs(texts: list[str], sign: str, option: str, expected: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, between, value = text.partition(sign)
        if not between or not name.strip() or not value.strip():
            raise UsageError(f"--{option} {text[:80]!r}; expected {expected}")
        if name.strip() in found:
            raise UsageError(f"--{option} of {name.strip()!r} is given twice; give it once")
        found[name.strip()] = value.strip()
    return found
