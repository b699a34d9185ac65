"""A model that a picture may come from: which of its simulated points could have made it, and how long a unit is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_LEAST = 1e-3  # probability of a kind
_RIDGES = (0.1, 1.0, 10.0, 100.0, 1000.0)
_COVERED = 0.9
_FACTORS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Candidate:
    """A model with the points where it was simulated and had a pattern, which are the prior.

    A linear function of the embedding estimates the parameters, ŝ = (e, 1) W, in units of their ranges. Its errors on
    validation patterns have the covariance Σ, to which the squared distance between neighbouring points is added, since
    the points resolve no more; Σ is widened until 90 % intervals hold 90 % of the validation parameters. A point θ then
    has the weight p(kind of θ) exp(−½ (θ − ŝ)ᵀ Σ⁻¹ (θ − ŝ)), with the probabilities that a reader gives the kinds: a
    synthetic likelihood of learned summary statistics.

    Sources: Fearnhead & Prangle, J. R. Stat. Soc. B 74, 419 (2012), for estimated parameters as summaries; Wood, Nature
    466, 1102 (2010), for the normal likelihood.

    Attributes
    ----------
    model
        Name.
    parameters
        Names of the parameters; ``beyond`` of Gray–Scott is k − √f/2 + f.
    points
        (points, parameters).
    wavelengths
        The dominant wavelength at each point, in the model's units of length.
    kinds
        The kind of the pattern at each point, by number; −1 near a border between kinds.
    weights
        W, (embedding + 1, parameters).
    covariance
        Σ, (parameters, parameters).
    """

    model: str
    parameters: tuple[str, ...]
    points: Floats
    wavelengths: Floats
    kinds: NDArray[np.int8]
    weights: NDArray[np.float32]
    covariance: Floats

    @classmethod
    def of(
        cls,
        model: str,
        parameters: Sequence[str],
        points: Floats,
        wavelengths: Floats,
        kinds: NDArray[np.int8],
        training: tuple[NDArray[np.floating], Floats],
        validation: tuple[NDArray[np.floating], Floats],
    ) -> Candidate:
        """From the prior's points, and embeddings with the points of training and of validation patterns."""
        low, span = _ranges(points)
        embeddings, targets = _with_offset(training[0]), (training[1] - low) / span
        held, truth = _with_offset(validation[0]), (validation[1] - low) / span
        best: tuple[float, NDArray[Any], NDArray[Any]] | None = None
        for ridge in _RIDGES:
            penalty = ridge * np.eye(embeddings.shape[1])
            penalty[-1, -1] = 1e-9
            weights = np.linalg.solve(embeddings.T @ embeddings + penalty, embeddings.T @ targets)
            errors = held @ weights - truth
            size = float(np.mean(errors**2))
            if best is None or size < best[0]:
                best = (size, weights, errors)
        assert best is not None
        covariance = best[2].T @ best[2] / len(best[2]) + 1e-4 * np.eye(len(parameters))
        found = cls(model, tuple(parameters), points, wavelengths, kinds, best[1].astype(np.float32), covariance)
        return found._widened(*validation)

    def _widened(self, embeddings: NDArray[np.floating], truth: Floats) -> Candidate:
        """With the smallest factor of Σ for which 90 % intervals hold 90 % of the validation parameters.

        If none does, with the smallest one that comes within one hundredth of the best.
        """
        wider = [dataclasses.replace(self, covariance=factor * self.covariance) for factor in _FACTORS]
        covered = [one._coverage(embeddings, truth) for one in wider]
        enough = min(_COVERED, max(covered) - 0.01)
        return next(one for one, share in zip(wider, covered, strict=True) if share >= enough)

    def _coverage(self, embeddings: NDArray[np.floating], truth: Floats) -> float:
        """The share of parameters inside their 90 % interval."""
        kinds = np.ones(max(2, int(self.kinds.max(initial=0)) + 1))
        inside = []
        for embedding, point in zip(embeddings, truth, strict=True):
            weights = self.point_weights(embedding, kinds)
            bounds = [_quantiles(column, weights, (0.05, 0.95)) for column in self.points.T]
            inside += [low <= value <= high for (low, high), value in zip(bounds, point, strict=True)]
        return float(np.mean(inside))

    def point_weights(self, embedding: NDArray[np.floating], kinds: NDArray[np.floating]) -> Floats:
        """The posterior weight of each point, (points,), with sum 1. ``kinds``: the probability of each kind."""
        low, span = _ranges(self.points)
        scaled = (self.points - low) / span
        errors = scaled - _with_offset(embedding[None]) @ self.weights
        covariance = self.covariance + _spacing(scaled) ** 2 * np.eye(scaled.shape[1])
        exponent = -0.5 * np.einsum("ni,ij,nj->n", errors, np.linalg.inv(covariance), errors)
        ordered = np.sort(np.asarray(kinds, dtype=np.float64))
        factors = np.append(kinds, ordered[-2:].mean())  # the last one near a border: half of either kind
        exponent += np.log(np.maximum(factors[self.kinds], _LEAST))
        weights = np.exp(exponent - exponent.max())
        return np.asarray(weights / weights.sum())

    def posterior(self, embedding: NDArray[np.floating], kinds: NDArray[np.floating], wavelength: float) -> Posterior:
        """The posterior for a picture with this embedding, these probabilities of kinds, and this wavelength."""
        weights = self.point_weights(embedding, kinds)
        return Posterior(self.model, self.parameters, self.points, self.wavelengths, weights, wavelength)


@dataclasses.dataclass(frozen=True, eq=False)
class Posterior:
    """Weighted points of a model that could have made a picture.

    Attributes
    ----------
    model, parameters, points, wavelengths
        As in :class:`Candidate`.
    weights
        Of the points; their sum is 1.
    wavelength
        Of the picture, in its units.
    """

    model: str
    parameters: tuple[str, ...]
    points: Floats = dataclasses.field(repr=False)
    wavelengths: Floats = dataclasses.field(repr=False)
    weights: Floats = dataclasses.field(repr=False)
    wavelength: float

    @property
    def effective(self) -> float:
        """The effective number of points, 1/Σw² (Kish)."""
        return float(1 / np.sum(self.weights**2))

    @property
    def acceptance(self) -> float:
        """The effective share of the simulated points."""
        return self.effective / len(self.points)

    @property
    def length_units(self) -> Floats:
        """The model's unit of length in units of the picture, if a point made it: λ(picture)/λ(point), (points,)."""
        return self.wavelength / self.wavelengths

    def quantiles(self, probabilities: Sequence[float] = (0.05, 0.5, 0.95)) -> dict[str, list[float]]:
        """Quantiles of each parameter and of the ``length_unit``."""
        columns = {name: self.points[:, i] for i, name in enumerate(self.parameters)}
        columns["length_unit"] = self.length_units
        return {name: _quantiles(values, self.weights, probabilities) for name, values in columns.items()}

    def draws(self, count: int, seed: int = 0) -> NDArray[np.intp]:
        """The numbers of ``count`` points, drawn by their weights, the same point at most once if there are enough."""
        random = np.random.default_rng(seed)
        likely = np.flatnonzero(self.weights > 1e-4 * self.weights.max())
        shares = self.weights[likely] / self.weights[likely].sum()
        return likely[random.choice(len(likely), min(count, len(likely)), replace=False, p=shares)]

    def rows(self) -> list[dict[str, Any]]:
        """One row for each point, by weight: model, weight, parameters, wavelength, length unit."""
        order = np.argsort(-self.weights)
        return [
            {
                "model": self.model, "weight": float(self.weights[i]),
                **{name: float(self.points[i, j]) for j, name in enumerate(self.parameters)},
                "wavelength": float(self.wavelengths[i]), "length_unit": float(self.length_units[i]),
            }
            for i in order.tolist()
        ]  # fmt: skip


def _spacing(points: Floats) -> float:
    """The median distance of a point from the nearest other one."""
    from scipy.spatial import cKDTree

    if len(points) < 2:
        return 1.0
    return float(np.median(cKDTree(points).query(points, k=2)[0][:, 1]))


def _ranges(points: Floats) -> tuple[Floats, Floats]:
    low = points.min(axis=0)
    return low, np.maximum(points.max(axis=0) - low, 1e-12)


def _with_offset(embeddings: NDArray[np.floating]) -> Floats:
    values = np.asarray(embeddings, dtype=np.float64)
    return np.concatenate([values, np.ones((len(values), 1))], axis=1)


def _quantiles(values: Floats, weights: Floats, probabilities: Sequence[float]) -> list[float]:
    order = np.argsort(values)
    middle = np.cumsum(weights[order]) - weights[order] / 2
    return [float(np.interp(p, middle, values[order])) for p in probabilities]
