"""Figures that notebooks show by themselves."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A figure that a notebook shows as the value of a cell.

    A plain :class:`matplotlib.figure.Figure` is shown only after ``matplotlib.pyplot`` has been imported.
    """

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()
