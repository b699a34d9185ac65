"""Analyze the equations of a model."""

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
    """Analyze the equations of a model at one point in parameter space.

    Parameters
    ----------
    model
        A model, the name of a built-in one, or a model file (.toml).
    parameters
        Values of parameters; the others have their defaults.
    out
        File for a figure of nullclines and dispersion relation: .png, .svg or .pdf.
    stencil
        Number of points of the discrete Laplacian, 9 or 5. Its dispersion relation is compared with the continuum's.
    spacing
        Cell size of the grid. Default: the model's own.

    Returns
    -------
    Overview
        Steady states, their stability, the fastest-growing waves, critical values of parameters, and the type of the
        point.

    Raises
    ------
    UsageError
        For an unknown model or parameter, a value out of range, and an unknown picture format.

    Examples
    --------
    >>> import morphoscope
    >>> found = morphoscope.analyze("brusselator", {"A": 2.5, "B": 7, "Dv": 5})
    >>> found.kind
    'Turing'
    >>> [round(mode.wavelength, 2) for mode in found.modes]  # of the fastest-growing wave on each state
    [7.04]
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
    result = overview(found, parameters, grid.symbols, grid.spacing)
    if out is not None:
        save(theory_figure(result), out)
    return result
