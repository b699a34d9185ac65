"""Uploaded files: initial states. Their size and type are limited, and their names are never used as paths."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.core.outside_arrays import open_image
from morphoscope.engines.state_files import read_state
from morphoscope.ensembles import Plan

UPLOADS = {".npz", ".npy", ".png", ".tif", ".tiff", ".jpg", ".jpeg"}
_ARRAYS = {".npz", ".npy"}
UPLOAD_BYTES = 4 * 2**20
MAX_UNPACKED = 64 * 2**20


def state_from(name: str, content: bytes, plan: Plan) -> NDArray[np.float64]:
    """A state from an uploaded file, on the plan's grid. The name determines the type and is never used as a path.

    Raises UsageError for files that are too large, of another type, or not a state of the model.
    """
    suffix = "." + name.lower().rpartition(".")[2]
    if suffix not in UPLOADS:
        raise UsageError(f"the file has the type {suffix}; expected one of {', '.join(sorted(UPLOADS))}")
    if len(content) > UPLOAD_BYTES:
        raise UsageError(f"the file has {len(content)} bytes; at most {UPLOAD_BYTES} are allowed")
    if suffix not in _ARRAYS:
        content, suffix = _resized(content, plan), ".png"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"state{suffix}"
        path.write_bytes(content)
        try:
            state = read_state(plan.model, path, MAX_UNPACKED)
        except UsageError as error:
            raise UsageError(str(error).replace(str(path), "the file")) from error
    if state.shape[1:] != plan.grid.shape:
        cells, expected = (f"{shape[1]}x{shape[0]}" for shape in (state.shape[1:], plan.grid.shape))
        raise UsageError(f"the state has {cells} cells; expected {expected}")
    return state


def _resized(content: bytes, plan: Plan) -> bytes:
    with open_image(content, "the file", "a picture") as image:
        small = image.convert("L").resize((plan.grid.width, plan.grid.height))
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    return buffer.getvalue()
