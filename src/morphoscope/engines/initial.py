"""Initial conditions: named recipes that turn a grid and one random stream into a starting state.

Every recipe is a function ``(model, shape, rng, **options) -> state`` with ``state`` a float64 array
``(species, height, width)``; register one with :func:`initial_condition` and it can be named in a plan
or on the command line. All randomness comes from ``rng``, so a run starts the same alone or among thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.errors import UsageError, nearest
from morphoscope.models.model import Model

State = NDArray[np.float64]
_RECIPES: dict[str, Callable[..., State]] = {}

SQUARE = 20  # side of the perturbed squares, cells
CUT_OFFSET = (6, 9)  # rows, columns: where the cutting square sits relative to the second one


def initial_condition(name: str) -> Callable[[Callable[..., State]], Callable[..., State]]:
    """Register a recipe under ``name``."""

    def register(function: Callable[..., State]) -> Callable[..., State]:
        _RECIPES[name] = function
        return function

    return register


def names() -> list[str]:
    """Names of all registered initial conditions."""
    return sorted(_RECIPES)


def make(
    name: str, model: Model, shape: tuple[int, int], rng: np.random.Generator, **options: Any
) -> State:
    """The starting state of one run, (species, height, width).

    Raises UsageError for an unknown name, an unknown option or a grid on which the recipe does not fit.
    """
    if name not in _RECIPES:
        raise UsageError(f"unknown initial condition {name!r}; {nearest(name, names())}")
    try:
        return _RECIPES[name](model, shape, rng, **options)
    except TypeError as error:
        raise UsageError(f"initial condition {name!r}: {error}") from error


def stream(seed: int) -> np.random.Generator:
    """The random stream of the run with this seed."""
    return np.random.default_rng(np.random.SeedSequence(seed))


def _filled(state: dict[str, float], model: Model, shape: tuple[int, int]) -> State:
    return np.stack([np.full(shape, state[s], dtype=np.float64) for s in model.species])


def _periodic_slice(start: int, length: int, size: int) -> NDArray[np.intp]:
    return np.arange(start, start + length) % size


@initial_condition("pearson-gamma")
def pearson_gamma(
    model: Model, shape: tuple[int, int], rng: np.random.Generator, cut: Sequence[float] = (0.02, 0.04)
) -> State:
    """Pearson's square beside a concave Γ, rotated and shifted at random.

    On the model's background: a 20 × 20 square at the centre in the model's perturbed state; a second one at a
    random place whose Chebyshev distance from the centre is 0.2–0.4 of the width; a third one, offset by
    (+6, +9) cells from the second, almost at the background, cuts the second into a Γ. Then the field is rotated
    by a random whole angle 0–88° (cubic spline without prefilter, which smooths the rims) and shifted
    periodically along both axes.

    ``cut``: how far the third square is from the background, one fraction of the perturbation a species (the last
    one serves all further species). The default gives Gray–Scott's (0.99, 0.01).

    Source: Pearson, Science 261, 189 (1993); Scholz & Scholz (2022).
    """
    from scipy import ndimage

    height, width = shape
    if min(shape) < 2 * SQUARE:
        raise UsageError(
            f"grid {width}x{height} is too small for pearson-gamma; use at least {2 * SQUARE}x{2 * SQUARE}"
        )
    background, perturbed = _filled(model.background, model, shape), model.perturbation
    while True:
        offset = rng.uniform(-0.4, 0.4, size=2)  # fractions of height and width
        if np.abs(offset).max() >= 0.2:
            break
    angle = int(rng.integers(0, 89))
    shift = (int(rng.integers(height)), int(rng.integers(width)))

    # Two masks instead of the species: the spline is linear and keeps constants, and most models have more fields.
    masks = np.zeros((2, *shape))
    corner = (height // 2 - SQUARE // 2, width // 2 - SQUARE // 2)
    second = (corner[0] + round(offset[0] * height), corner[1] + round(offset[1] * width))
    third = (second[0] + CUT_OFFSET[0], second[1] + CUT_OFFSET[1])
    for (row, column), values in ((corner, (1, 0)), (second, (1, 0)), (third, (0, 1))):
        patch = np.ix_(
            _periodic_slice(row, SQUARE, height), _periodic_slice(column, SQUARE, width)
        )
        for mask, value in zip(masks, values, strict=True):
            mask[patch] = value
    turned = [
        ndimage.rotate(m, angle, reshape=False, order=3, mode="grid-wrap", prefilter=False)
        for m in masks
    ]
    square, cutter = (np.roll(m, shift, axis=(0, 1)) for m in turned)

    state = background
    for index, name in enumerate(model.species):
        difference = perturbed[name] - model.background[name]
        fraction = cut[min(index, len(cut) - 1)]
        state[index] += difference * (square + fraction * cutter)
    return state
