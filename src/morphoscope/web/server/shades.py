"""Palettes of fields, as 256 colours each."""

from __future__ import annotations

import functools

#: Perceptually uniform and readable without full colour vision, except the last, which is for printing.
NAMES = ("cividis", "viridis", "magma", "grey")


@functools.lru_cache
def palette(name: str) -> tuple[str, ...]:
    """256 colours as #rrggbb, dark to light."""
    import matplotlib
    import numpy as np

    colours = matplotlib.colormaps["gray" if name == "grey" else name](np.arange(256), bytes=True)[:, :3]
    return tuple(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colours.tolist())
