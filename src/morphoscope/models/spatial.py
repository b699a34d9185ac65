"""Parameters that vary in space: a linear ramp along one axis, or a field with one number per cell."""

from __future__ import annotations

import base64
import dataclasses
import functools
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError, UsageError


@dataclasses.dataclass(frozen=True)
class Ramp:
    """A parameter that varies linearly along one axis.

    Parameters
    ----------
    axis : str
        ``x`` or ``y``.
    start : float
        Value in the first cell.
    stop : float
        Value in the last cell.

    Raises
    ------
    UsageError
        If the axis is unknown or an end is not finite.

    Examples
    --------
    >>> from morphoscope import Ramp
    >>> Ramp("x", 0.0, 3.0).field((2, 4))
    array([[0., 1., 2., 3.],
           [0., 1., 2., 3.]])
    """

    axis: str
    start: float
    stop: float

    def __post_init__(self) -> None:
        if self.axis not in ("x", "y"):
            raise UsageError(f"ramp along {self.axis!r}; expected x or y")
        for end in (self.start, self.stop):
            if not np.isfinite(end):
                raise UsageError(f"ramp end {end} is not finite; expected a number")

    def field(self, shape: tuple[int, int]) -> NDArray[np.float64]:
        """The parameter in every cell, (height, width)."""
        height, width = shape
        along = np.linspace(self.start, self.stop, width if self.axis == "x" else height)
        return np.broadcast_to(along[None, :] if self.axis == "x" else along[:, None], shape)

    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return min(self.start, self.stop), max(self.start, self.stop)

    def to_json(self) -> dict[str, Any]:
        """Plain values; :func:`spatial_from_json` reads them back."""
        return {"ramp": self.axis, "start": self.start, "stop": self.stop}


@dataclasses.dataclass(frozen=True)
class ParameterField:
    """A parameter given cell by cell. ``packed``: its float64 values, compressed, as text that a plan can store."""

    shape: tuple[int, int]
    packed: str

    @classmethod
    def of(cls, values: Any) -> ParameterField:
        """The field of an array (height, width); raises UsageError for another shape, NaN and infinity."""
        array = np.ascontiguousarray(values, dtype="<f8")
        if array.ndim != 2 or not np.isfinite(array).all():
            raise UsageError(f"a parameter array has shape {array.shape}; expected (height, width) with finite values")
        height, width = array.shape
        return cls((height, width), base64.b64encode(zlib.compress(array.tobytes(), 6)).decode())

    @functools.cached_property
    def values(self) -> NDArray[np.float64]:
        """The values, (height, width), read-only."""
        try:
            expected = 8 * self.shape[0] * self.shape[1]
            raw = zlib.decompressobj().decompress(base64.b64decode(self.packed, validate=True), expected + 1)
            return np.frombuffer(raw, dtype="<f8").reshape(self.shape)
        except (ValueError, zlib.error) as error:
            raise DataError(f"a stored parameter field is damaged ({error})") from error

    def field(self, shape: tuple[int, int]) -> NDArray[np.float64]:
        """The parameter in every cell; raises UsageError if the grid has another shape."""
        if shape != self.shape:
            raise UsageError(
                f"a parameter field has {self.shape[1]}x{self.shape[0]} cells, but the grid has {shape[1]}x{shape[0]}"
            )
        return self.values

    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return float(self.values.min()), float(self.values.max())

    def to_json(self) -> dict[str, Any]:
        """Plain values; :func:`spatial_from_json` reads them back."""
        return {"table": list(self.shape), "packed": self.packed}


Spatial = Ramp | ParameterField


def spatial_from_json(values: Any) -> Spatial:
    """Inverse of ``to_json``; raises DataError for anything else."""
    try:
        if "ramp" in values:
            return Ramp(str(values["ramp"]), float(values["start"]), float(values["stop"]))
        height, width = values["table"]
        return ParameterField((int(height), int(width)), str(values["packed"]))
    except (TypeError, KeyError, ValueError) as error:
        raise DataError(f"a stored parameter is neither a number, a ramp nor a field ({error})") from error


def parse_ramp(text: str) -> Ramp | None:
    """``x:0.01:0.08`` as a ramp; None for any other text."""
    parts = text.split(":")
    if len(parts) != 3 or parts[0] not in ("x", "y"):
        return None
    try:
        return Ramp(parts[0], float(parts[1]), float(parts[2]))
    except ValueError:
        raise UsageError(f"invalid ramp {text!r}; expected AXIS:START:STOP, as in x:0.01:0.08") from None


def as_spatial(value: Any) -> Spatial | None:
    """A parameter that varies in space, from an object, an array, the text of a ramp or its JSON; None for a number."""
    if isinstance(value, Ramp | ParameterField):
        return value
    if isinstance(value, dict):
        return spatial_from_json(value)
    if isinstance(value, str):
        return parse_ramp(value)
    return ParameterField.of(value) if isinstance(value, np.ndarray) and value.ndim else None
