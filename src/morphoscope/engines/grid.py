"""The grid: how many cells, how large, which stencil, which boundary; and the step that diffusion allows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from morphoscope.errors import UsageError
from morphoscope.models.model import Model

#: Largest D·dt/dx² for which explicit Euler keeps every Fourier mode bounded, by stencil.
DIFFUSION_LIMITS = {9: 0.5, 5: 0.25}
BOUNDARIES = ("periodic",)
MIN_CELLS = 4
MAX_CELLS = 16384


@dataclasses.dataclass(frozen=True)
class Grid:
    """A rectangle of ``height`` × ``width`` square cells of side ``spacing``.

    ``stencil`` 9: weights centre −3, edges 1/2, corners 1/4, that is ¼ (1 2 1)ᵀ(1 2 1) − 4·centre;
    5: centre −4, edges 1. Both are divided by ``spacing``². Raises UsageError for sizes and names out of range.
    """

    height: int = 128
    width: int = 128
    spacing: float = 1.0
    stencil: int = 9
    boundary: str = "periodic"

    def __post_init__(self) -> None:
        for side, cells in (("height", self.height), ("width", self.width)):
            if not MIN_CELLS <= cells <= MAX_CELLS:
                raise UsageError(
                    f"grid {side} {cells} is too {'small' if cells < MIN_CELLS else 'large'}; "
                    f"use {MIN_CELLS} to {MAX_CELLS} cells"
                )
        if self.stencil not in DIFFUSION_LIMITS:
            raise UsageError(f"unknown stencil {self.stencil}; use 9 or 5")
        if self.boundary not in BOUNDARIES:
            raise UsageError(f"unknown boundary {self.boundary!r}; known: {', '.join(BOUNDARIES)}")
        if not 0 < self.spacing < float("inf"):
            raise UsageError(f"spacing {self.spacing} is no length; use a number above 0")

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), the last two axes of every array."""
        return self.height, self.width

    def largest_step(self, diffusivity: float) -> float:
        """The largest dt at which explicit Euler diffusion is stable."""
        limit = DIFFUSION_LIMITS[self.stencil] * self.spacing**2
        return limit / diffusivity if diffusivity > 0 else float("inf")

    def check_step(self, model: Model, parameters: Mapping[str, float], dt: float) -> None:
        """Raise UsageError when ``dt`` is no time step or beyond the diffusion limit of this stencil."""
        if not 0 < dt < float("inf"):
            raise UsageError(f"dt={dt} is no time step; use a number above 0")
        for species, diffusivity in model.diffusivities(parameters).items():
            largest = self.largest_step(diffusivity)
            if dt > largest * (1 + 1e-12):
                raise UsageError(
                    f"dt={dt:g} exceeds the diffusion limit {largest:g} for {model.diffusion[species]}="
                    f"{diffusivity:g}, dx={self.spacing:g}, {self.stencil}-point stencil; use dt ≤ {largest:g}"
                )
