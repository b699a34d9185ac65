"""Make a field of a photograph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from morphoscope.ensembles.photographs.chain import PreparedField
    from morphoscope.ensembles.photographs.settings import Preparation


def prepare(
    picture: str | Path | ArrayLike,
    settings: Preparation | None = None,
    *,
    scale: float | str | None = None,
    size: Sequence[int] | None = None,
) -> PreparedField:
    """Make a field of a photograph: channel, region, rotation, square, resampling, dust, noise, light, contrast.

    The aspect is never changed, and nothing is taken to continue periodically beyond the edges.

    Parameters
    ----------
    picture
        A file of any format that can be imported, or an array (y, x) or (y, x, 3). Of several runs, fields and frames
        the first run, the first field and the last frame are taken.
    settings
        The steps. Default: ``Preparation()``.
    scale
        The side of a pixel, as in ``"0.1mm"`` or 0.1. Default: from the coordinates in the file, or 1 pixel.
    size
        Width and height of a picture that is stored as one long column.

    Returns
    -------
    PreparedField
        The field, float32, with cell size, unit, polarity, and the picture after every step.

    Raises
    ------
    UsageError
        For settings that do not fit the picture, and pictures with sides below 16 pixels.
    DataError
        If the file can't be read.

    Examples
    --------
    >>> import morphoscope, numpy
    >>> y, x = numpy.mgrid[:120, :160]
    >>> spots = numpy.cos(0.5 * x) * numpy.cos(0.5 * y) ** 2
    >>> field = morphoscope.prepare(0.5 + 0.2 * spots + 0.001 * x, scale="0.1mm")
    >>> field.values.shape, field.cell, field.unit
    ((120, 120), 0.1, 'mm')
    """
    from morphoscope.ensembles.photographs.chain import prepared
    from morphoscope.ensembles.photographs.settings import Preparation
    from morphoscope.ensembles.photographs.sources import PIXEL, Picture
    from morphoscope.operations.import_patterns import scale_of, wanted_of

    chosen = settings or Preparation()
    if not isinstance(chosen, Preparation):
        raise UsageError(f"settings of type {type(chosen).__name__}; expected a Preparation")
    cell, unit = scale_of(scale)
    if isinstance(picture, str | Path):
        return Picture(Path(picture), chosen, wanted_of(None, None, size, None), cell, unit).prepare()
    return prepared(_numbers(picture, size), chosen, cell or 1.0, unit or (PIXEL if cell is None else ""))


def _numbers(picture: ArrayLike, size: Sequence[int] | None) -> Any:
    """An array as a picture; grey levels of 8 and 16 bits become numbers from 0 to 1."""
    import numpy as np

    from morphoscope.core.errors import DataError
    from morphoscope.ensembles.imports.source import as_values

    try:
        array = np.asarray(picture)
    except ValueError as error:
        raise DataError(f"the picture is no array ({error}); expected (y, x) or (y, x, 3)") from None
    values = as_values(array, "the picture")
    if size is not None:
        if values.size != int(size[0]) * int(size[1]):
            raise UsageError(f"{values.size} values do not fill {size[0]}x{size[1]} cells", parameter="size")
        values = values.reshape(int(size[1]), int(size[0]))
    return values[..., :3] if values.ndim == 3 and values.shape[2] == 4 else values
