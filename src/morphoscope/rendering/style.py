"""The style of all figures, and functions to create and save them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morphoscope.core.errors import UsageError
from morphoscope.core.storage import staged_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Colour map of concentrations and other numbers: perceptually uniform, readable without full colour vision.
COLOUR_MAP = "cividis"
_FIGURE_SUFFIXES = {".png", ".svg", ".pdf"}


@contextlib.contextmanager
def figure_style() -> Iterator[None]:
    """Draw in the style of this package, without changing the caller's matplotlib settings."""
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
    """A figure, sizes in inches, without a window or global state. Notebooks display it."""
    from morphoscope.rendering.notebook import NotebookFigure

    return NotebookFigure(figsize=(width, height), layout="constrained")


def check_figure_path(path: str | Path) -> Path:
    """The path, if its suffix is that of a picture format. Raises UsageError otherwise."""
    path = Path(path)
    if path.suffix.lower() not in _FIGURE_SUFFIXES:
        raise UsageError(f"{path.name}: unknown picture format {path.suffix!r}; use .png, .svg or .pdf")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; expected the name of a picture")
    return path


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure completely or not at all, in the format of the suffix."""
    path = check_figure_path(path)
    with figure_style(), staged_file(path) as part:
        kind = path.suffix.lower()
        metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(kind)
        figure.savefig(part, format=kind[1:], metadata=metadata)
    return path
