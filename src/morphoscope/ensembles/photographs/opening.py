"""A picture from a file, as numbers: with its colours if it has them, and upright as the camera was held."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import DataError
from morphoscope.core.outside_arrays import open_image
from morphoscope.ensembles.imports.folders import Known
from morphoscope.ensembles.imports.opening import listed, open_source
from morphoscope.ensembles.imports.pictures import PICTURES, STACKS
from morphoscope.ensembles.imports.source import Wanted, foreign
from morphoscope.rendering.pictures import picture_note

_ORIENTATION = 0x0112  # a tag of Exif
_COLOURED = ("RGB", "RGBA", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV", "RGBX")
Picture = tuple[NDArray[np.floating], float | None, str]  # values, cell size and unit if the file states them


def read_picture(path: Path, wanted: Wanted) -> Picture:
    """The picture (y, x) or (y, x, 3) in a file that can be imported: its first run and field, its last frame.

    Raises DataError if the file can't be read.
    """
    ((file, _),) = listed([path])[:1] or ((path, Known()),)
    if path.is_dir() and file != path:
        raise DataError(f"{path} is a folder; expected one picture")
    if path.suffix.lower() in (*PICTURES, *STACKS) and (colours := _coloured(path)) is not None:
        return colours, None, ""
    with contextlib.ExitStack() as stack, foreign(path.name, "a picture"):
        source = open_source(path, Known(), wanted, stack)
        values = source.read(0)[source.fields[0]][-1]
        return values, source.cell, source.unit


def _coloured(path: Path) -> NDArray[np.float32] | None:
    """The last frame of a picture in colour, from 0 to 1; None for grey ones, and for those that this package wrote."""
    from PIL import ImageOps

    with contextlib.suppress(DataError), open_image(path, path.name) as image:
        if image.mode not in _COLOURED and image.getexif().get(_ORIENTATION, 1) == 1:
            return None
        if picture_note(image) is not None:
            return None
        image.seek(int(getattr(image, "n_frames", 1)) - 1)
        upright = ImageOps.exif_transpose(image)
        kind = "RGB" if image.mode in _COLOURED else "L"
        return np.asarray(upright.convert(kind), dtype=np.float32) / np.float32(255)
    return None
