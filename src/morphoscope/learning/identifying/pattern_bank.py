"""Patterns of one model with what is known about them, for the training of an identifier."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.spectrum import dominant_wavelength
from morphoscope.ensembles import Ensemble
from morphoscope.learning.identifying.kinds import pattern_kind
from morphoscope.learning.unlabelled import load_patterns

Floats = NDArray[np.float64]
_FAINT = 0.05  # of the median standard deviation
_ROWS = ("frames", "points", "wavelengths", "kinds", "labels", "held", "prior")
_CLEAR = 0.05  # islands a square wavelength, from the border to another kind: nearer patterns have no kind in training


@dataclasses.dataclass(frozen=True, eq=False)
class PatternBank:
    """Patterns of one model, with everything that is known about them.

    ``frames``: (n, frames, y, x); ``parameters``: names; ``points``: (n, parameters); ``wavelengths``: in the model's
    units, (n,); ``kinds``, ``labels``: by pattern, "" if undefined; ``held``: whether a pattern is kept for validation;
    ``prior``: whether its point counts as drawn from the prior.
    """

    model: str
    spacing: float
    parameters: tuple[str, ...]
    frames: NDArray[np.floating]
    points: Floats
    wavelengths: Floats
    kinds: NDArray[np.str_]
    labels: NDArray[np.str_]
    held: NDArray[np.bool_]
    prior: NDArray[np.bool_]

    def joined(self, others: Sequence[PatternBank]) -> PatternBank:
        """With the patterns of other banks of the same model."""
        both: dict[str, Any] = {name: np.concatenate([getattr(one, name) for one in (self, *others)]) for name in _ROWS}
        return dataclasses.replace(self, **both)

    def split(self, share: float, seed: int = 0) -> PatternBank:
        """With a share of the points held out, with all their patterns."""
        return dataclasses.replace(self, held=held_points(self.points, share, seed))

    def without_faint(self) -> PatternBank:
        """Without fields with a standard deviation below 5 % of the median one.

        The start decays there, and what is left of its noise would pass for a pattern in a photograph, whose contrast
        is not known.
        """
        spread = self.frames[:, -1].astype(np.float64).std(axis=(1, 2))
        return self._those(spread >= _FAINT * np.median(spread)) if len(spread) else self

    def _those(self, kept: NDArray[np.bool_]) -> PatternBank:
        rows: dict[str, Any] = {name: getattr(self, name)[kept] for name in _ROWS}
        return dataclasses.replace(self, **rows)

    def extended(
        self, frames: NDArray[np.floating], points: Floats, labels: NDArray[np.str_], held: NDArray[np.bool_]
    ) -> PatternBank:
        """With labelled patterns at chosen points, which say nothing of the prior."""
        described = [_described(frame, self.model) for frame in frames[:, -1]]
        kept = np.array([np.isfinite(wavelength) for wavelength, _ in described])
        made = PatternBank(
            self.model, self.spacing, self.parameters, frames[kept].astype(self.frames.dtype), points[kept],
            np.array([wavelength * self.spacing for wavelength, _ in described])[kept],
            np.array([kind for _, kind in described])[kept], labels[kept],
            held[kept], np.zeros(kept.sum(), bool),
        )  # fmt: skip
        return self.joined([made])


def held_points(points: Floats, share: float, seed: int = 0) -> NDArray[np.bool_]:
    """Whether each row is at one of a share of the points, chosen at random, (n,)."""
    places = np.unique(points, axis=0, return_inverse=True)[1].reshape(-1)
    count = int(places.max()) + 1
    return np.isin(places, np.random.default_rng(seed).permutation(count)[: round(share * count)])


def bank_of(ensemble: Ensemble, parameters: Sequence[str], *, faint: bool = False) -> PatternBank:
    """The patterns of an ensemble, without faint ones unless ``faint``, see :meth:`PatternBank.without_faint`.

    ``parameters``: what to estimate; see :func:`parameter`.
    """
    patterns, plan = load_patterns(ensemble), ensemble.plan
    frames = patterns.frames
    rows = [plan.runs[run].parameters for run in patterns.numbers.tolist()]
    points = np.array([[parameter(row, name) for name in parameters] for row in rows]).reshape(-1, len(parameters))
    described = [_described(frame, plan.model.name) for frame in frames[:, -1]]
    bank = PatternBank(
        model=plan.model.name,
        spacing=plan.grid.spacing,
        parameters=tuple(parameters),
        frames=frames,
        points=points,
        wavelengths=np.array([wavelength for wavelength, _ in described]) * plan.grid.spacing,
        kinds=np.array([kind for _, kind in described], dtype="U8"),
        labels=np.full(len(points), "", dtype="U16"),
        held=np.zeros(len(points), bool),
        prior=np.ones(len(points), bool),
    )
    return bank if faint else bank.without_faint()


def parameter(row: Mapping[str, float], name: str) -> float:
    """A parameter of a run, or Gray–Scott's ``beyond`` = k − √f/2 + f."""
    if name == "beyond":
        return float(row["k"] - np.sqrt(row["f"]) / 2 + row["f"])
    return float(row[name])


def _described(frame: NDArray[np.floating], model: str) -> tuple[float, str]:
    field = np.asarray(frame, dtype=np.float64)
    kind, margin = pattern_kind(field, model)
    return dominant_wavelength(field, magnitude=float(field.std()) or 1.0), kind if margin >= _CLEAR else ""
