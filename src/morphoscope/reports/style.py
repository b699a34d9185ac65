"""One look for all figures: colours of classes, colour map of concentrations, and how figures are saved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.atlas.classes import ordered
from morphoscope.errors import UsageError
from morphoscope.storage import staged_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Neighbours in the map differ in lightness as well as in hue, so that they stay apart without colour vision;
# homogeneous states are greys. Further classes take colours from matplotlib's tab20b.
_COLOURS = {
    "alpha": "#4b0c6b",
    "beta": "#b5367a",
    "gamma": "#f2a0b5",
    "delta": "#781c2e",
    "epsilon": "#1f6fb4",
    "zeta": "#8fd3f4",
    "eta": "#f7d13d",
    "theta": "#e8743b",
    "iota": "#6b3d14",
    "kappa": "#0b7a4b",
    "lambda": "#a4d65e",
    "mu": "#00b3a4",
    "nu": "#18324a",
    "pi": "#ff3b30",
    "L": "#9a9a9a",
    "H": "#e6e6e6",
}
_FIGURE_SUFFIXES = {".png", ".svg", ".pdf"}


def class_colours(classes: tuple[str, ...]) -> dict[str, str]:
    """A colour for each class, the same in every figure."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    further = [name for name in ordered(list(classes)) if name not in _COLOURS]
    palette = [to_hex(c) for c in colormaps["tab20b"].colors]  # type: ignore[attr-defined]
    extra = {name: palette[i % len(palette)] for i, name in enumerate(further)}
    return {name: _COLOURS.get(name) or extra[name] for name in classes}


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Draw in the project's style, without touching the caller's settings."""
    import matplotlib

    settings: dict[Any, Any] = {
        "font.size": 9.0,
        "axes.titlesize": 10.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "savefig.dpi": 160,
        "svg.fonttype": "none",
        "svg.hashsalt": "morphoscope",
    }
    with matplotlib.rc_context(settings):
        yield


def new_figure(width: float, height: float) -> Figure:
    """A figure in inches that belongs to no window and no global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def check_figure_path(path: str | Path) -> Path:
    """The path, if its suffix names a picture format; raises UsageError otherwise."""
    path = Path(path)
    if path.suffix.lower() not in _FIGURE_SUFFIXES:
        raise UsageError(f"{path.name}: unknown picture format {path.suffix!r}; use .png, .svg or .pdf")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; expected the name of a picture")
    return path


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure whole or not at all; the suffix decides the format."""
    path = check_figure_path(path)
    with house_style(), staged_file(path) as part:
        kind = path.suffix.lower()
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(kind)
        figure.savefig(part, format=kind[1:], metadata=metadata)
    return path
