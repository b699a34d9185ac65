"""What a model's equations say by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from morphoscope.models import Model
    from morphoscope.theory import Overview

PathLike = str | Path


def analyze(
    model: PathLike | Model,
    parameters: Mapping[str, Any] | None = None,
    *,
    out: PathLike | None = None,
    stencil: int = 9,
    spacing: float | None = None,
) -> Overview:
    """What the equations say at a point of parameters: steady states, stability, wavelengths, thresholds, class.

    ``model``: a model, a built-in one's name, or a file (.toml). ``out``: a picture (.png, .svg, .pdf) of nullclines
    and dispersion relation. ``stencil``, ``spacing``: the grid whose discrete dispersion stands beside the
    continuum's; the cell size is the model's custom by default.
    """
    from morphoscope.engines import Grid
    from morphoscope.models import Model, find_model
    from morphoscope.rendering.style import check_figure_path, save
    from morphoscope.reports.theory_figures import theory_figure
    from morphoscope.theory import overview

    if out is not None:
        check_figure_path(out)
    found = model if isinstance(model, Model) else find_model(model)
    grid = Grid(spacing=found.spacing if spacing is None else spacing, stencil=stencil)
    seen = overview(found, parameters, grid.symbols, grid.spacing)
    if out is not None:
        save(theory_figure(seen), out)
    return seen
