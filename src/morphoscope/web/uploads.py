"""Files that a page sends: initial states. Limited in size and kind, never kept under a name that came with them."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from morphoscope.core.errors import UsageError
from morphoscope.engines.state_files import read_state
from morphoscope.ensembles import Plan

UPLOADS = {".npz", ".npy", ".png", ".tif", ".tiff", ".jpg", ".jpeg"}
UPLOAD_BYTES = 4 * 2**20
MOST_UNPACKED = 64 * 2**20
MOST_PIXELS = 25_000_000


def state_from(name: str, content: bytes, plan: Plan) -> NDArray[np.float64]:
    """A state from an uploaded file's content, on the plan's grid. The name decides the kind and is used for no path.

    Raises UsageError for files that are too large, of another kind, or no state of the model.
    """
    suffix = "." + name.lower().rpartition(".")[2]
    if suffix not in UPLOADS:
        raise UsageError(f"a file of kind {suffix}; expected one of {', '.join(sorted(UPLOADS))}")
    if len(content) > UPLOAD_BYTES:
        raise UsageError(f"a file of {len(content)} bytes; at most {UPLOAD_BYTES} are read")
    if suffix == ".npz":
        _check_archive(content)
    elif suffix != ".npy":
        content, suffix = _resized(content, plan), ".png"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"state{suffix}"
        path.write_bytes(content)
        state = read_state(plan.model, path)
    if state.shape[1:] != plan.grid.shape:
        cells, expected = (f"{shape[1]}x{shape[0]}" for shape in (state.shape[1:], plan.grid.shape))
        raise UsageError(f"a state of {cells} cells; expected {expected}")
    return state


def _check_archive(content: bytes) -> None:
    """Refuse an archive that would unpack to far more than it weighs."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        raise UsageError("no .npz archive that can be read") from None
    if unpacked > MOST_UNPACKED:
        raise UsageError(f"an archive of {unpacked} bytes unpacked; at most {MOST_UNPACKED} are read")


def _resized(content: bytes, plan: Plan) -> bytes:
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UsageError(f"a picture of {image.width}x{image.height} pixels; at most {MOST_PIXELS} are read")
            small = image.convert("L").resize((plan.grid.width, plan.grid.height))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise UsageError(f"no picture that can be read ({str(error).splitlines()[0][:80]})") from error
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    return buffer.getvalue()
