"""Data augmentation by the exact symmetries of a periodic square and by approximate ones.

Shifts and the eight rotations and reflections of the square map solutions to solutions, exactly. Rotation by other
angles, shear and zoom do not; zoom, for example, changes the wavelength, which distinguishes some classes. The paper's
affine augmentation is available for comparison, but disabled by default.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """The random transformations of training patterns.

    ``symmetries``: random shifts, rotations and reflections. ``intensity``: u is scaled by a factor of up to 1 ± this
    value. ``offset``: up to ± this value is added to u, so that no class is recognised by its exact level. ``affine``:
    the fraction of patterns that get the paper's rotation by 0–360°, shear of 0.2 and zoom of 1 ± 0.2, with periodic
    fill.
    """

    symmetries: bool = True
    intensity: float = 0.05
    offset: float = 0.0
    affine: float = 0.0

    def __call__(self, batch: Tensor, generator: Generator) -> Tensor:
        """A transformed copy of a batch (n, frames, height, width); one transformation for all frames of a pattern."""
        import torch

        if self.symmetries:
            batch = torch.stack([random_symmetry(pattern, generator) for pattern in batch])
        if self.affine:
            chosen = torch.rand(len(batch), generator=generator) < self.affine
            batch = batch.clone()
            batch[chosen] = random_affine(batch[chosen], generator)
        if self.intensity:
            spread = torch.rand((len(batch), 1, 1, 1), generator=generator) * 2 - 1
            batch = batch * (1 + self.intensity * spread)
        if self.offset:
            spread = torch.rand((len(batch), 1, 1, 1), generator=generator) * 2 - 1
            batch = batch + self.offset * spread
        return batch


def random_symmetry(pattern: Tensor, generator: Generator) -> Tensor:
    """A random shift and one of the eight symmetries of the square, applied to (frames, height, width).

    If the grid is not square, one of the four symmetries that preserve its shape is drawn.
    """
    import torch

    height, width = pattern.shape[-2:]
    numbers = torch.randint(0, 2**31, (4,), generator=generator).tolist()
    shifted = torch.roll(pattern, (numbers[0] % height, numbers[1] % width), dims=(-2, -1))
    return square_symmetry(shifted, numbers[2] % (8 if height == width else 4))


def square_symmetry(pattern: Tensor, which: int) -> Tensor:
    """One of the eight symmetries of the square, on the last two axes. 0 is the identity; 0–3 do not swap the axes."""
    if which & 1:
        pattern = pattern.flip(-1)
    if which & 2:
        pattern = pattern.flip(-2)
    return pattern.transpose(-1, -2) if which & 4 else pattern


def random_affine(batch: Tensor, generator: Generator, shear: float = 0.2, zoom: float = 0.2) -> Tensor:
    """Rotation by any angle, shear and zoom, with periodic bilinear interpolation; (n, frames, height, width)."""
    import torch

    n, _, height, width = batch.shape
    unit = torch.rand((n, 4), generator=generator)
    angle = 2 * math.pi * unit[:, 0]
    slant = shear * (2 * unit[:, 1] - 1)
    scale_y, scale_x = 1 + zoom * (2 * unit[:, 2] - 1), 1 + zoom * (2 * unit[:, 3] - 1)
    y, x = torch.meshgrid(torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij")
    cosine, sine = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    x_slanted = x + slant[:, None, None] * y
    source_y = (cosine * y + sine * x_slanted) * scale_y[:, None, None] + (height - 1) / 2
    source_x = (cosine * x_slanted - sine * y) * scale_x[:, None, None] + (width - 1) / 2
    low_y, low_x = source_y.floor(), source_x.floor()
    part_y, part_x = (source_y - low_y)[:, None], (source_x - low_x)[:, None]
    rows, columns = low_y.long(), low_x.long()
    each = torch.arange(n)[:, None, None]

    def at(row: Tensor, column: Tensor) -> Tensor:
        return batch[each, :, row % height, column % width].permute(0, 3, 1, 2)

    top = at(rows, columns) * (1 - part_x) + at(rows, columns + 1) * part_x
    bottom = at(rows + 1, columns) * (1 - part_x) + at(rows + 1, columns + 1) * part_x
    return top * (1 - part_y) + bottom * part_y
