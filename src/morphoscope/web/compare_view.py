"""Two readings of the same runs side by side."""

from __future__ import annotations

import html
from collections.abc import Callable

import numpy as np
import panel as pn

from morphoscope.atlas import Agreement, Atlas
from morphoscope.web.map_view import MapView

NOTHING = (
    "<p>There is no second atlas. Train the next pass, or start with "
    "<code>morphoscope explore ATLAS --compare-with OTHER</code>.</p>"
)
NOTHING_IN_COMMON = "<p>The atlases have no run in common: there is nothing to compare.</p>"
_MOST_CHANGES = 12


class CompareView:
    """The map of a second atlas, linked to the first one, and the agreement of the two.

    Raises UsageError if the atlases have no run in common. ``opened`` and ``selected`` are called with positions in
    the first atlas. ``differing``: the positions there that the second one reads differently.
    """

    def __init__(
        self, first: MapView, other: Atlas, opened: Callable[[int], None], selected: Callable[[list[int]], None]
    ) -> None:
        own = first.atlas
        agreement = own.agreement(other)
        theirs = {key: i for i, key in enumerate(other.keys())}
        pairs = [(i, theirs[key]) for i, key in enumerate(own.keys()) if key in theirs]
        names, others = own.reading.names, other.reading.names
        different = [(i, j) for i, j in pairs if names[i] != others[j]]
        self.differing = [i for i, _ in different]
        mapped = {j: i for i, j in pairs}
        self.map = MapView(
            other,
            other.labels(),
            lambda j: opened(mapped[j]) if j in mapped else None,
            lambda positions: selected([mapped[j] for j in positions if j in mapped]),
        )
        self._positions = {i: j for j, i in mapped.items()}
        self.map.figure.x_range, self.map.figure.y_range = first.figure.x_range, first.figure.y_range
        self.map.recolour(first.color)
        self.map.place_letters()
        self.map.mark_differing(np.array([j for _, j in different], dtype=np.intp))
        self.objects = [
            pn.pane.Bokeh(self.map.figure, sizing_mode="stretch_width"),
            pn.pane.HTML(_summary(agreement), sizing_mode="stretch_width"),
        ]

    def mark_here(self, position: int) -> None:
        """Mark the pattern that is shown, if the second atlas has its run."""
        self.map.mark_here(self._positions.get(position))


def _summary(found: Agreement) -> str:
    kappa = "" if found.kappa is None else f", Cohen's κ {found.kappa:.3f}"
    changes = "".join(
        f"<li>{html.escape(a)} → {html.escape(b)}: {n}</li>" for a, b, n in found.differences[:_MOST_CHANGES]
    )
    return (
        f"<p>{found.share:.1%} of {found.n} runs agree{kappa}. Crosses mark where the two differ; the montage can show "
        f"those patterns.</p><ul>{changes}</ul>"
    )
