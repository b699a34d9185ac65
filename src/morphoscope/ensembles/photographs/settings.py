"""How a picture becomes a field: frozen, with JSON that is stored beside the result."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from morphoscope.core.errors import DataError, UsageError, nearest

CHANNELS = ("colour-axis", "grey", "red", "green", "blue")
CONTRASTS = ("standard", "range", "none")
EDGES = ("reflection", "window", "valid")
MAX_CELLS = 4096
MIN_CELLS = 16
AUTO, NONE = "auto", "none"


@dataclasses.dataclass(frozen=True)
class Preparation:
    """How a picture becomes a field. The steps are made in this order, and each can be left out.

    Parameters
    ----------
    channel
        ``colour-axis``: along the direction in which the colours of the pattern differ most; ``grey`` (ITU-R 601
        luma), ``red``, ``green`` or ``blue``.
    region
        Left, top, width and height of a part of the picture, in pixels.
    rotation
        Degrees by which the picture is turned counter-clockwise. The largest upright rectangle without corners from
        outside is kept.
    square
        Whether the largest square in the middle is cut out.
    cells
        The number of cells along the longer side, or ``auto``: as many as pixels, or 512 if there are more and a
        wavelength keeps at least 8 cells. Both axes are scaled by the same factor, and so is the cell size.
    dust
        ``auto``, ``none``, or the width of the widest specks in cells. Specks are replaced by what surrounds them.
    noise
        ``auto``, ``none``, or the width of the median filter in cells.
    light
        ``auto``, ``none``, or the length in cells over which the light changes. A quadratic surface and the mean over
        a Gaussian of that standard deviation are removed; ``auto`` takes 1.5 wavelengths.
    contrast
        ``standard``: mean 0, standard deviation 1. ``range``: the quantiles 1 % and 99 % become 0 and 1. Or ``none``.
    invert
        Whether bright and dark are exchanged. They never are unless this is asked for.
    edges
        What filters see beyond an edge: ``reflection`` (all cells are kept), or ``valid`` (cells whose filters saw
        beyond an edge are cut off). ``window``: as reflection, then a Hann window fades the field out towards the
        edges.

    Examples
    --------
    >>> from morphoscope import Preparation
    >>> settings = Preparation(channel="green", rotation=2.5, light=40)
    >>> Preparation.from_json(settings.to_json()) == settings
    True
    """

    channel: str = "colour-axis"
    region: tuple[int, int, int, int] | None = None
    rotation: float = 0.0
    square: bool = True
    cells: int | str = AUTO
    dust: float | str = AUTO
    noise: float | str = AUTO
    light: float | str = AUTO
    contrast: str = "standard"
    invert: bool = False
    edges: str = "reflection"

    def __post_init__(self) -> None:
        for name, known in (("channel", CHANNELS), ("contrast", CONTRASTS), ("edges", EDGES)):
            _check_choice(name, getattr(self, name), known)
        for name in ("square", "invert"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} {getattr(self, name)!r:.80}; expected true or false", parameter=name)
        object.__setattr__(self, "rotation", _number("rotation", self.rotation, -360, 360))
        for name in ("dust", "noise", "light"):
            object.__setattr__(self, name, _length(name, getattr(self, name)))
        if self.cells != AUTO:
            cells = _number("cells", self.cells, MIN_CELLS, MAX_CELLS)
            if cells != int(cells):
                raise UsageError(f"cells {cells:g}; expected a whole number, or auto", parameter="cells")
            object.__setattr__(self, "cells", int(cells))
        object.__setattr__(self, "region", _region(self.region))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        values = dataclasses.asdict(self)
        return {**values, "region": None if self.region is None else list(self.region)}

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Preparation:
        """Inverse of :meth:`to_json`. Raises DataError for anything else."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError, TypeError) as error:
            raise DataError(f"the settings of a preparation are malformed ({error})") from None
        known = [field.name for field in dataclasses.fields(cls)]
        if not isinstance(values, dict):
            raise DataError("the settings of a preparation are malformed; expected a JSON object")
        if unknown := [name for name in values if name not in known]:
            raise DataError(f"a preparation has no setting {unknown[0][:80]!r}; {nearest(unknown[0], known)}")
        return cls(**values)


def _check_choice(name: str, given: Any, known: tuple[str, ...]) -> None:
    if given not in known:
        raise UsageError(f"unknown {name} {given!r:.80}; expected {', '.join(known)}", parameter=name)


def _number(name: str, given: Any, low: float, high: float) -> float:
    try:
        value = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not low <= value <= high:
        raise UsageError(f"{name} {given!r:.80}; expected a number from {low:g} to {high:g}", parameter=name)
    return value


def _length(name: str, given: Any) -> float | str:
    """``auto``, ``none`` or cells."""
    if given in (AUTO, NONE):
        return str(given)
    try:
        return _number(name, given, 1, MAX_CELLS)
    except UsageError:
        raise UsageError(
            f"{name} {given!r:.80}; expected auto, none, or cells from 1 to {MAX_CELLS}", parameter=name
        ) from None


def _region(given: Any) -> tuple[int, int, int, int] | None:
    if given is None:
        return None
    try:
        numbers = [int(part) for part in given]
        whole = all(number == float(part) for number, part in zip(numbers, given, strict=True))
    except (TypeError, ValueError, OverflowError):
        numbers, whole = [], False
    if len(numbers) != 4 or not whole or min(numbers) < 0 or min(numbers[2:]) < 1:
        raise UsageError(
            f"region {given!r:.80}; expected left, top, width and height in pixels, as in 10,20,400,400",
            parameter="region",
        )
    return numbers[0], numbers[1], numbers[2], numbers[3]
