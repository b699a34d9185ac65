"""Figures that notebooks display."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class NotebookFigure(Figure):
    """A figure that a notebook displays as the value of a cell.

    A :class:`matplotlib.figure.Figure` is displayed only after ``matplotlib.pyplot`` has been imported.
    """

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()
