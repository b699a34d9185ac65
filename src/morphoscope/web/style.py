"""Colours of the explorer: a light and a dark palette, for the page and for its figures."""

from __future__ import annotations

import importlib.resources
from typing import Any

import numpy as np
from bokeh.plotting import figure
from numpy.typing import NDArray

_ASSETS = importlib.resources.files("morphoscope.web") / "assets"


def asset(name: str) -> str:
    """The text of a file in assets."""
    return (_ASSETS / name).read_text(encoding="utf-8")


# Contrast of ink and soft on surface is at least 4.5 : 1 in both (WCAG AA); the tests measure it.
PALETTES = {
    "light": {
        "page": "#f6f7f9", "surface": "#ffffff", "hover": "#e9edf2", "ink": "#1b1f24", "soft": "#57606a",
        "line": "#7d8590", "grid": "#e3e7ec", "accent": "#6b3fb5", "good": "#1a7f37", "bad": "#b42318",
        "focus": "#0860c7",
    },
    "dark": {
        "page": "#0e1116", "surface": "#171b21", "hover": "#262c36", "ink": "#e8edf3", "soft": "#a4aeba",
        "line": "#6e7681", "grid": "#2a313b", "accent": "#c8a6ff", "good": "#56d364", "bad": "#ff8a80",
        "focus": "#6cb6ff",
    },
}  # fmt: skip


def theme_css(theme: str | None) -> str:
    """The palette as CSS variables of a component and all in it; without ``theme``, the reader's preference."""

    def block(name: str) -> str:
        variables = "".join(f"--{part}:{colour};" for part, colour in PALETTES[name].items())
        return f":host,:root{{{variables}color-scheme:{name};}}"

    if theme is not None:
        return block(theme)
    return f"{block('light')} @media (prefers-color-scheme: dark) {{{block('dark')}}}"


def sheets_css(sheets: list[str]) -> str:
    """The sheets of thumbnails as CSS variables --sheet-0, --sheet-1, …"""
    return ":host,:root{" + "".join(f'--sheet-{i}:url("{url}");' for i, url in enumerate(sheets)) + "}"


def new_figure(title: str | None = None, **options: Any) -> Any:
    """A Bokeh figure in the explorer's style."""
    made = figure(title=title, toolbar_location=options.pop("toolbar_location", "above"), **options)
    made.toolbar.logo = None
    made.toolbar.autohide = False
    made.min_border = 4
    return made


def let_page_scroll(made: Any) -> None:
    """For touch screens: dragging a finger over the figure scrolls the page until a tool's button is tapped."""
    made.toolbar.active_drag = made.toolbar.active_scroll = None


def restyle(made: Any, theme: str) -> None:
    """Colour a figure for a theme."""
    colours = PALETTES[theme]
    made.background_fill_color = made.border_fill_color = colours["surface"]
    made.styles = {"background": colours["surface"]}  # visible in the last fraction of a pixel
    made.outline_line_color = colours["line"]
    if made.title is not None:
        made.title.text_color = colours["ink"]
    for axis in made.axis:
        axis.axis_label_text_color = axis.major_label_text_color = colours["ink"]
        axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = colours["line"]
        axis.axis_label_text_font_style = "normal"
    for grid in made.grid:
        grid.grid_line_color = colours["grid"]
    for kind in ("ColorBar", "Legend"):
        for annotation in made.select({"type": _model(kind)}):
            annotation.background_fill_color = colours["surface"]
            for part in ("major_label_text_color", "title_text_color", "label_text_color"):
                if hasattr(annotation, part):
                    setattr(annotation, part, colours["ink"])


def _model(name: str) -> Any:
    import bokeh.models

    return getattr(bokeh.models, name)


def rgba(values: NDArray[Any]) -> NDArray[np.uint32]:
    """Colours (y, x, 3 or 4) of 0 … 1 as the 32-bit integers that Bokeh draws."""
    pixels = np.round(np.clip(np.asarray(values, dtype=np.float64), 0, 1) * 255).astype(np.uint8)
    if pixels.shape[-1] == 3:
        pixels = np.concatenate([pixels, np.full((*pixels.shape[:-1], 1), 255, np.uint8)], axis=-1)
    return np.ascontiguousarray(pixels).view(np.uint32)[..., 0]


def coloured(values: NDArray[Any], colour_map: str, low: float, high: float) -> NDArray[np.uint32]:
    """Numbers as colours of a colour map, as the 32-bit integers that Bokeh draws."""
    from matplotlib import colormaps

    scaled = (np.asarray(values, dtype=np.float64) - low) / ((high - low) or 1.0)
    return np.ascontiguousarray(colormaps[colour_map](scaled, bytes=True)).view(np.uint32)[..., 0]


def palette(name: str) -> list[str]:
    """A colour map's 256 colours, #rrggbb."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(colour) for colour in colormaps[name](np.linspace(0, 1, 256))]
