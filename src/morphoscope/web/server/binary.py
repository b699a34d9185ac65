"""Arrays as a browser reads them: a JSON header, then the arrays one after another, without copies or parsing.

The first four bytes are the length of the header (little-endian). Its ``arrays`` have name, type, shape and offset from
the end of the header, which is padded to eight bytes; so is every array.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = ("f4", "f8", "i2", "i4", "u1")
_UNIT = 8  # bytes


def packed(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays and a header as bytes. Raises ValueError for a type that the page does not read."""
    listed, parts, offset = [], [], 0
    for name, values in arrays.items():
        kind = np.dtype(values.dtype).newbyteorder("<")
        if kind.str[1:] not in _TYPES:
            raise ValueError(f"{name} has the type {kind}; expected one of {', '.join(_TYPES)}")
        content = np.ascontiguousarray(values, dtype=kind).tobytes()
        listed.append({"name": name, "type": kind.str[1:], "shape": list(values.shape), "offset": offset})
        parts.append(content + bytes(-len(content) % _UNIT))
        offset += len(parts[-1])
    text = json.dumps({**header, "arrays": listed}).encode()
    text += b" " * (-(len(text) + 4) % _UNIT)
    return len(text).to_bytes(4, "little") + text + b"".join(parts)
