"""Canonical views of synthetic photographs, of patterns and of pictures that are none, to train an identifier with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.identifying.canonical import canonical_views
from morphoscope.learning.identifying.columns import Columns
from morphoscope.learning.identifying.photographed import TRAINING_SIDES, photographed
from morphoscope.learning.identifying.rough import processed_or_rough
from morphoscope.learning.identifying.unpatterned import unpatterned

if TYPE_CHECKING:
    from morphoscope.learning.identifying.pattern_bank import PatternBank

NOWHERE = -1  # of a target that is not defined


@dataclasses.dataclass(frozen=True, eq=False)
class Views(Columns):
    """Canonical views of degraded pictures: ``views`` (n, 2, 64, 64) float16; ``model``: number; ``pattern``: number in
    the bank, −1 for pictures that are none; ``held``: for validation."""

    views: NDArray[np.float16]
    model: NDArray[np.intp]
    pattern: NDArray[np.intp]
    held: NDArray[np.bool_]


def photographed_views(
    bank: PatternBank | None,
    number: int,
    count: int,
    held: int,
    random: np.random.Generator,
    others: Sequence[PatternBank] = (),
    share_processed: float = 0.0,
) -> Views:
    """``count`` pictures of the training patterns of a bank, ``held`` of the others; of no patterns without a bank.

    ``others``: whose patterns may be shuffled to no patterns. ``share_processed``: of the pictures, see
    :func:`.processed_or_rough`.
    """
    chosen = np.full(count + held, NOWHERE)
    if bank is not None:
        for places, into in (
            (np.flatnonzero(~bank.held), slice(0, count)),
            (np.flatnonzero(bank.held), slice(count, None)),
        ):
            length = len(range(count + held)[into])
            repeats = length // max(len(places), 1) + 1
            chosen[into] = np.concatenate([random.permutation(places) for _ in range(repeats)])[:length]
    pictures = (_picture_of(bank, pattern, random, others, share_processed) for pattern in chosen.tolist())
    return Views(
        _shown(pictures, count + held, random), np.full(count + held, number), chosen, np.arange(count + held) >= count
    )


def none_views(
    draw: Callable[[], NDArray[np.floating]], number: int, count: int, held: bool, random: np.random.Generator
) -> Views:
    """``count`` pictures that are no patterns, as ``draw`` gives them, all for training or all for validation."""
    views = _shown((draw() for _ in range(count)), count, random)
    return Views(views, np.full(count, number), np.full(count, NOWHERE), np.full(count, held))


def _shown(pictures: Iterable[NDArray[np.floating]], count: int, random: np.random.Generator) -> NDArray[np.float16]:
    """One window of each picture, at random."""
    views = np.zeros((count, 2, 64, 64), dtype=np.float16)
    for row, picture in enumerate(pictures):
        windows = canonical_views(picture, 4).stacked()
        views[row] = windows[int(random.integers(len(windows)))]
    return views


def _picture_of(
    bank: PatternBank | None,
    pattern: int,
    random: np.random.Generator,
    others: Sequence[PatternBank],
    share_processed: float,
) -> NDArray[np.floating]:
    """A synthetic photograph of a pattern in a bank, or of no pattern without a bank."""
    if bank is not None:
        return photographed(
            bank.frames[pattern, -1].astype(np.float32), random, TRAINING_SIDES, share_processed, processed_or_rough
        )[0]
    other = others[int(random.integers(len(others)))]
    field = other.frames[int(random.integers(len(other.frames))), -1]
    side = int(random.integers(*TRAINING_SIDES)) // 16 * 16
    picture = unpatterned(random, side, field.astype(np.float32)).astype(np.float32)
    if random.random() < 0.5:
        picture = photographed(picture, random, TRAINING_SIDES, share_processed, processed_or_rough)[0]
    return picture
