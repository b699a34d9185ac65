"""Initial conditions in given shapes: a square, spots of either state, stripes, hexagons, broken fronts.

They are registered in :mod:`.initial`, which says what an initial condition is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from morphoscope.core.errors import UsageError
from morphoscope.engines.start_parts import (
    MOST_SHAPES,
    Mask,
    disc,
    filled,
    number,
    periodic_slice,
    required_steady_start,
    rough,
    steady_noise,
    trivial_and_other,
    whole,
)
from morphoscope.engines.state_files import FieldArray, blended
from morphoscope.models.model import Model
from morphoscope.models.operators import linearised
from morphoscope.models.parameters import Parameters

Shape = tuple[int, int]
_REFRACTORY = 2  # depth of the strip behind a front, in depths of the front


def pearson_square(
    model: Model, shape: Shape, rng: np.random.Generator, side: int = 20, noise: float = 0.01
) -> FieldArray:
    """A square of ``side`` cells in the middle in the perturbed state, on the model's background.

    Every value is multiplied by an independent uniform number from 1 − ``noise`` to 1 + ``noise``, which breaks the
    symmetry of the square. For Gray–Scott the square is (½, ¼) and the background (1, 0).

    Source: Pearson, Science 261, 189 (1993).
    """
    cells = whole(side, "side", 1, 1_000_000)
    height, width = shape
    if cells > min(shape):
        raise UsageError(f"grid {width}x{height} is too small for pearson-square:side={cells}; use a smaller side")
    inside = np.zeros(shape)
    rows, columns = (periodic_slice((n - cells) // 2, cells, n) for n in shape)
    inside[np.ix_(rows, columns)] = 1.0
    return rough(blended(model, inside), rng, noise)


def inverse(
    model: Model,
    shape: Shape,
    rng: np.random.Generator,
    parameters: Parameters,
    count: int = 12,
    radius: float = 5.0,
) -> FieldArray:
    """``count`` discs of ``radius`` cells in the trivial steady state at random places on the other steady state.

    The states are the homogeneous ones at the run's parameters, see :func:`.trivial_and_other`. Raises UsageError if
    there is only one.
    """
    discs = whole(count, "count", 1, MOST_SHAPES)
    reach = number(radius, "radius", 0.5, max(shape))
    trivial, other = trivial_and_other(model, parameters, "inverse")
    inside = np.zeros(shape, dtype=bool)
    for _ in range(discs):
        inside |= disc(shape, int(rng.integers(shape[0])), int(rng.integers(shape[1])), reach)
    return np.where(inside, filled(trivial, model, shape), filled(other, model, shape))


def mixed_spots(
    model: Model,
    shape: Shape,
    rng: np.random.Generator,
    parameters: Parameters,
    count: int = 12,
    radius: float = 5.0,
    inverse_count: int = 12,
    inverse_radius: float = 5.0,
    share: float = 0.5,
) -> FieldArray:
    """Spots of both kinds: of the other steady state on the trivial one, and of the trivial one on the other.

    A band from top to bottom, of ``share`` of the width and at a random place, is in the other homogeneous steady
    state, the rest in the trivial one. The centres of ``count`` discs of ``radius`` cells lie in the trivial part,
    those of ``inverse_count`` discs of ``inverse_radius`` cells in the band. Raises UsageError if there is only one
    state.
    """
    spots = whole(count, "count", 0, MOST_SHAPES)
    reach = number(radius, "radius", 0.5, max(shape))
    holes = whole(inverse_count, "inverse_count", 0, MOST_SHAPES)
    inverse_reach = number(inverse_radius, "inverse_radius", 0.5, max(shape))
    width = shape[1]
    band = round(number(share, "share", 0.0, 1.0) * width)
    if (spots and band == width) or (holes and band == 0):
        kind = "count" if band else "inverse_count"
        raise UsageError(f"option share={share} leaves no place for the spots of {kind}; use {kind}=0")
    trivial, other = trivial_and_other(model, parameters, "mixed-spots")
    left = int(rng.integers(width))
    upper = np.zeros(shape, dtype=bool)
    upper[:, periodic_slice(left, band, width)] = True
    for _ in range(spots):
        upper |= disc(shape, int(rng.integers(shape[0])), left + band + int(rng.integers(width - band)), reach)
    for _ in range(holes):
        upper &= ~disc(shape, int(rng.integers(shape[0])), left + int(rng.integers(band)), inverse_reach)
    return np.where(upper, filled(other, model, shape), filled(trivial, model, shape))


def stripes(
    model: Model,
    shape: Shape,
    rng: np.random.Generator,
    count: int = 8,
    down: int = 0,
    share: float = 0.5,
    noise: float = 0.01,
) -> FieldArray:
    """Stripes of the perturbed state on the model's background.

    ``count`` of them are met from left to right, ``down`` from top to bottom; both together give oblique stripes. They
    are periodic, take ``share`` of the area, and are shifted at random. Every value is multiplied by an independent
    uniform number from 1 − ``noise`` to 1 + ``noise``.
    """
    height, width = shape
    across = whole(count, "count", 0, width // 2)
    along = whole(down, "down", -(height // 2), height // 2)
    part = number(share, "share", 0.0, 1.0)
    if across == along == 0:
        raise UsageError("stripes with count=0 and down=0 are no stripes; use at least one of them")
    phase = across * np.arange(width)[None, :] / width + along * np.arange(height)[:, None] / height + rng.random()
    return rough(blended(model, (phase % 1.0 < part).astype(np.float64)), rng, noise)


def hexagons(
    model: Model,
    shape: Shape,
    rng: np.random.Generator,
    parameters: Parameters,
    count: float = 10,
    angle: float = 0.0,
    amplitude: float = 0.1,
    noise: float = 0.001,
) -> FieldArray:
    """A homogeneous steady state with three plane waves at 120 degrees, from which well-ordered patterns grow.

    To every species a/3 Σⱼ cos(kⱼ · x + φⱼ) is added, with k₁ + k₂ + k₃ = 0 and φ₁ + φ₂ + φ₃ = 0, so that the highest
    points form a hexagonal lattice. ``count`` waves lie along the width; the first one travels at ``angle`` degrees to
    it. Since waves have to fit into the grid, they are the nearest that do. a is ``amplitude`` times the largest
    concentration of the state, or ``amplitude`` itself where that is 0; if negative, the lowest points form the
    lattice. Every value is then multiplied by an independent uniform number from 1 − ``noise`` to 1 + ``noise``. The
    state is that of ``steady``. Raises UsageError if there is none.

    Source: Cross & Hohenberg, Rev. Mod. Phys. 65, 851 (1993), for hexagons as sums of three waves.
    """
    height, width = shape
    waves = number(count, "count", 1, width / 4)
    turn = np.deg2rad(number(angle, "angle", -360.0, 360.0))
    size = number(amplitude, "amplitude", -10.0, 10.0)
    state = required_steady_start(model, parameters)
    across, down = (
        np.round(waves * side / width * part(turn + 2 * np.pi / 3 * np.arange(2)))
        for part, side in ((np.cos, width), (np.sin, height))
    )
    across, down = (np.append(part, -part.sum()) for part in (across, down))
    shifts = rng.uniform(0, 2 * np.pi, 2)
    x, y = np.arange(width)[None, :] / width, np.arange(height)[:, None] / height
    lattice = sum(
        np.cos(2 * np.pi * (p * x + q * y) + shift)
        for p, q, shift in zip(across, down, (*shifts, -shifts.sum()), strict=True)
    )
    high = np.sign(size) * steady_noise(state, abs(size))
    return rough(filled(state, model, shape) + high * lattice / 3, rng, noise)


def spiral_seeds(
    model: Model,
    shape: Shape,
    rng: np.random.Generator,
    parameters: Parameters,
    count: int = 4,
    length: float = 40.0,
    depth: float = 6.0,
) -> FieldArray:
    """Broken wave fronts, whose ends curl up into spirals, at random places and in random directions.

    Each of ``count`` fronts is a strip of ``length`` times ``depth`` cells in the perturbed state. Behind it, a
    strip twice as deep can't be excited yet: the activator is at its background value, the other species are in the
    perturbed state or, where that is the background, in the other homogeneous steady state. The activator is the
    species that amplifies itself most halfway between background and perturbed state. Raises UsageError for a model
    with one species, or whose states do not differ so.
    """
    fronts = whole(count, "count", 1, MOST_SHAPES)
    long = number(length, "length", 1.0, max(shape))
    deep = number(depth, "depth", 0.5, max(shape) / (2 + 2 * _REFRACTORY))
    ahead = filled(model.perturbation, model, shape)
    behind = filled(_refractory(model, parameters), model, shape)
    state = filled(model.background, model, shape)
    for _ in range(fronts):
        front, back = _front(shape, rng, long, deep)
        state = np.where(back, behind, np.where(front, ahead, state))
    return state


def _front(shape: Shape, rng: np.random.Generator, length: float, depth: float) -> tuple[Mask, Mask]:
    """The strip of a front and the strip behind it."""
    row, column, angle = rng.integers(shape[0]), rng.integers(shape[1]), rng.uniform(0, 2 * np.pi)
    dy, dx = (
        (np.arange(n) - place + n // 2) % n - n // 2 for n, place in zip(shape, (row, column), strict=True)
    )  # over the edges
    along = np.cos(angle) * dx[None, :] + np.sin(angle) * dy[:, None]
    across = np.cos(angle) * dy[:, None] - np.sin(angle) * dx[None, :]
    near = abs(along) <= length / 2
    return near & (across >= 0) & (across < depth), near & (across < 0) & (across >= -_REFRACTORY * depth)


def _refractory(model: Model, parameters: Parameters) -> Mapping[str, float]:
    """The state behind a front."""
    background, perturbed = model.background, model.perturbation
    activator = _activator(model, parameters)
    others = [s for s in model.species if s != activator]
    if not others or perturbed[activator] == background[activator]:
        raise UsageError(
            f"the perturbed state of {model.name} makes no front of an activator and another species, which initial "
            "condition spiral-seeds needs; use another one: noise"
        )
    if any(perturbed[s] != background[s] for s in others):
        return {**perturbed, activator: background[activator]}
    _, other = trivial_and_other(model, parameters, "spiral-seeds")
    return {**other, activator: background[activator]}


def _activator(model: Model, parameters: Parameters) -> str:
    """The species with the largest ∂R/∂c of itself halfway between background and perturbed state."""
    halfway = {s: (model.background[s] + model.perturbation[s]) / 2 for s in model.species}
    with np.errstate(all="ignore"):
        rates = np.diagonal(linearised(model, {**parameters.middle, **halfway})).real
    return model.species[int(np.argmax(np.where(np.isfinite(rates), rates, -np.inf)))]
