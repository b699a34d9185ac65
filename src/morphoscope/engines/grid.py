"""The grid: number and size of cells, stencil, boundaries, and the symbols of its operators."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError, nearest

#: Largest D·dt/dx² for which explicit Euler keeps every Fourier mode bounded, by stencil.
DIFFUSION_LIMITS = {9: 0.5, 5: 0.25}
BOUNDARIES = ("periodic", "no-flux", "dirichlet")
_OTHER_NAMES = {"neumann": "no-flux", "zero-flux": "no-flux", "fixed": "dirichlet"}
MIN_CELLS = 4
MAX_CELLS = 16384
Symbols = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


@dataclasses.dataclass(frozen=True)
class Grid:
    """A rectangle of square cells.

    Parameters
    ----------
    height : int
        Number of rows. 1 makes the grid one-dimensional.
    width : int
        Number of columns.
    spacing : float
        Side of a cell, in units of length.
    stencil : int
        The discrete Laplacian. 9: weights centre −3, edges 1/2, corners 1/4, that is ¼ (1 2 1)ᵀ(1 2 1) − 4·centre; 5:
        centre −4, edges 1. Both are divided by the square of ``spacing``. First derivatives are central differences.
    boundary : str
        One boundary for both axes, or one for each, as in ``x=no-flux,y=periodic``. ``periodic``; ``no-flux``
        (Neumann): the cell beyond the edge mirrors the one before it; ``dirichlet``: cells beyond the edge keep the
        model's background.

    Raises
    ------
    UsageError
        If a size, the stencil or a boundary is not supported.

    Examples
    --------
    >>> from morphoscope import Grid
    >>> grid = Grid(64, 128, boundary="x=no-flux,y=periodic")
    >>> grid.shape, grid.along("x")
    ((64, 128), 'no-flux')
    """

    height: int = 128
    width: int = 128
    spacing: float = 1.0
    stencil: int = 9
    boundary: str = "periodic"

    def __post_init__(self) -> None:
        for side, cells in (("height", self.height), ("width", self.width)):
            if not MIN_CELLS <= cells <= MAX_CELLS and not (side == "height" and cells == 1):
                other = ", or height 1 for one dimension" if side == "height" else ""
                raise UsageError(
                    f"grid {side} {cells} is too {'small' if cells < MIN_CELLS else 'large'}; "
                    f"use {MIN_CELLS} to {MAX_CELLS} cells{other}"
                )
        if self.stencil not in DIFFUSION_LIMITS:
            raise UsageError(f"unknown stencil {self.stencil}; use 9 or 5")
        if not 0 < self.spacing < float("inf"):
            raise UsageError(f"spacing {self.spacing} is not a length; use a number above 0")
        x, y = _axes(self.boundary)
        if self.height == 1:
            y = x if x == "periodic" else "no-flux"  # nothing varies along y
        object.__setattr__(self, "boundary", x if x == y else f"x={x},y={y}")

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), the last two axes of every array."""
        return self.height, self.width

    @property
    def dimensions(self) -> int:
        """1 or 2."""
        return 1 if self.height == 1 else 2

    def along(self, axis: str) -> str:
        """The boundary at the two ends of axis ``x`` or ``y``."""
        x, y = _axes(self.boundary)
        return x if axis == "x" else y

    @property
    def periodic(self) -> bool:
        """Whether both axes are periodic."""
        return self.boundary == "periodic"

    def symbols(self, qx: Any, qy: Any) -> Symbols:
        """The symbols of ``laplace``, ``dx`` and ``dy`` on this grid: their factors for the wave exp(i q·x); q in
        1/length.

        For small q they approach −q², i q_x and i q_y, with an error of second order in ``spacing``.
        """
        ax, ay = np.asarray(qx) * self.spacing, np.asarray(qy) * self.spacing
        cx, cy = np.cos(ax), np.cos(ay)
        laplace = (1 + cx) * (1 + cy) - 4 if self.stencil == 9 else 2 * cx + 2 * cy - 4
        return (
            laplace / self.spacing**2,
            1j * np.sin(ax) / self.spacing + 0 * laplace,
            1j * np.sin(ay) / self.spacing + 0 * laplace,
        )


def _axes(boundary: str) -> tuple[str, str]:
    """The boundaries along x and y from their text."""
    if "=" not in boundary:
        name = _named(boundary)
        return name, name
    parts: dict[str, str] = {}
    for part in boundary.split(","):
        axis, name = (word.strip() for word in part.partition("=")[::2])
        if axis not in ("x", "y"):
            raise UsageError(f"boundary {boundary!r} has an axis {axis!r}; expected x=NAME,y=NAME")
        if axis in parts:
            raise UsageError(f"boundary {boundary!r} has axis {axis!r} twice; give it once")
        parts[axis] = _named(name)
    return parts.get("x", "periodic"), parts.get("y", "periodic")


def _named(name: str) -> str:
    name = _OTHER_NAMES.get(name.casefold(), name.casefold())
    if name not in BOUNDARIES:
        raise UsageError(f"unknown boundary {name!r}; {nearest(name, BOUNDARIES)}")
    return name
