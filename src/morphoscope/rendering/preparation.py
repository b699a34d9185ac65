"""The figure of a preparation: the picture after every step."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.rendering.style import figure_style, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 4
_INCHES = 2.4  # side of a panel
_WIDTH = 38  # of a title, in characters
_QUANTILES = (0.002, 0.998)  # of the values, that are black and white: a speck shall not hide the rest

Panel = tuple[str, str, NDArray[np.floating]]


def preparation_figure(panels: Sequence[Panel], title: str) -> Figure:
    """Panels of (name, what was done, picture (y, x) or (y, x, 3)), in order, row by row.

    Each panel has its own range of grey; the aspect is that of the picture, with y downwards as in photographs.
    """
    rows = math.ceil(len(panels) / _COLUMNS)
    columns = min(_COLUMNS, len(panels))
    with figure_style():
        figure = new_figure(_INCHES * columns, (_INCHES + 0.7) * rows + 0.3)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for number, (axes, (name, words, picture)) in enumerate(zip(grid.flat, panels, strict=False), 1):
            low, high = (0, 1) if picture.ndim == 3 else np.quantile(picture, _QUANTILES).tolist()
            high = high if high > low else low + 1
            axes.imshow(np.clip(picture, low, high), cmap="gray", vmin=low, vmax=high, interpolation="nearest")
            axes.set_title("\n".join([f"{number}. {name}", *textwrap.wrap(words, _WIDTH)]), fontsize=7, loc="left")
        figure.suptitle(title)
    return figure
