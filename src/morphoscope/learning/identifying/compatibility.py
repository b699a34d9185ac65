"""Whether a picture is inside what a model produces, whatever other models produce."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.learning.identifying.readers import Embedded

Floats = NDArray[np.floating]
LEAST = 0.05  # p-value of a picture that is compatible with a model
DIRECTIONS = 24
_DIRECTIONS, _ORDERED = "directions", "ordered"  # as they are stored
_TINY = 1e-6
_LARGEST = 6e4  # of float16


@dataclasses.dataclass(frozen=True, eq=False)
class Fit:
    """What the pictures of one model look like: mean and covariance of their embeddings, and usual distances.

    The distance of a picture is r = |(x − μ) W| with W Wᵀ = C⁻¹, where the covariance C is shrunk. Its p-value is
    (1 + number of the n calibration pictures with a distance ≥ r)/(n + 1). Of new pictures of the model, at most a
    share p has p-values up to p, if they are drawn as the calibration pictures were (split conformal prediction). Other
    models play no part, so that a picture can be compatible with many, or with none.

    Sources: Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World (2005), for the p-value; Ledoit & Wolf,
    J. Multivar. Anal. 88, 365 (2004), for the covariance.

    Attributes
    ----------
    mean
        μ, (f,).
    whitening
        W, the lower triangular one, (f, f).
    distances
        Of calibration pictures, which took no part in μ, C and the training of the network; in ascending order, (n,).
    """

    mean: NDArray[np.float32]
    whitening: NDArray[np.float16]
    distances: NDArray[np.float32]

    @classmethod
    def of(cls, training: Floats, calibration: Floats) -> Fit:
        """From embeddings of a model's pictures, (n, f), for training and for calibration."""
        from sklearn.covariance import LedoitWolf

        values = training.astype(np.float64)
        covariance = LedoitWolf().fit(values).covariance_
        covariance += (_TINY * np.trace(covariance) / len(covariance) + 1e-12) * np.eye(len(covariance))
        exact = np.linalg.cholesky(np.linalg.inv(covariance))
        whitening = np.clip(exact, -_LARGEST, _LARGEST).astype(np.float16)
        made = cls(values.mean(axis=0).astype(np.float32), whitening, np.zeros(0, np.float32))
        return dataclasses.replace(made, distances=np.sort(made.distance(calibration)).astype(np.float32))

    def distance(self, embeddings: Floats) -> NDArray[np.float32]:
        """Of pictures with these embeddings (n, f), (n,)."""
        shifted = embeddings.astype(np.float64) - self.mean
        return np.linalg.norm(shifted @ self.whitening.astype(np.float64), axis=1).astype(np.float32)

    def p_values(self, embeddings: Floats) -> NDArray[np.float64]:
        """Of pictures with these embeddings (n, f), (n,)."""
        farther = len(self.distances) - np.searchsorted(self.distances, self.distance(embeddings))
        return np.asarray((1 + farther) / (1 + len(self.distances)))

    def arrays(self, title: str) -> dict[str, NDArray[Any]]:
        """What is stored, under a title."""
        return {f"{title}.{field.name}": getattr(self, field.name) for field in dataclasses.fields(self)}


def repeatable_directions(embeddings: Floats, patterns: NDArray[np.integer]) -> NDArray[np.float32]:
    """The 24 directions (f, 24) of embeddings in which pictures of one pattern agree best, and patterns differ.

    They maximise the variance between patterns in units of the variance W between pictures of one pattern, as Fisher's
    discriminants do with patterns as classes: what a camera, a film or a program changes is left out. W is shrunk
    (Ledoit & Wolf). ``patterns``: the number of the pattern in each picture, (n,); some have several pictures.

    Source: Fisher, Ann. Eugen. 7, 179 (1936).
    """
    from scipy.linalg import eigh
    from sklearn.covariance import LedoitWolf

    values = embeddings.astype(np.float64)
    _, place, count = np.unique(patterns, return_inverse=True, return_counts=True)
    means = np.zeros((len(count), values.shape[1]))
    np.add.at(means, place, values)
    several = count[place] > 1
    residuals = (values - (means / count[:, None])[place]) * np.sqrt(count / np.maximum(count - 1, 1))[place, None]
    within = LedoitWolf(assume_centered=True).fit(residuals[several]).covariance_
    within += (_TINY * np.trace(within) / len(within) + 1e-12) * np.eye(len(within))
    vectors = eigh(np.cov(values.T) - within, within)[1]  # in ascending order
    return np.ascontiguousarray(vectors[:, ::-1][:, :DIRECTIONS], dtype=np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class Compatibility:
    """A :class:`Fit` for each of some models, to embeddings in some ``directions`` (f, d); None: as they are.

    ``ordered``: for some models, another fit to well-ordered patterns, which noise does not lead to, but slow growth or
    an ordered start. A picture's p-value is the larger one of both, so that each group has the share of low p-values
    that it should have, or fewer.
    """

    fits: Mapping[str, Fit]
    directions: NDArray[np.float32] | None = None
    ordered: Mapping[str, Fit] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        models: Sequence[str],
        training: Embedded,
        calibration: Embedded,
        directions: NDArray[np.float32] | None = None,
    ) -> Compatibility:
        """From embeddings with the numbers of their models."""
        empty = cls({}, directions)
        sets = (training, calibration)
        return empty.joined({
            name: empty.fit_of(*(one.values[one.targets == n] for one in sets)) for n, name in enumerate(models)
        })  # fmt: skip

    def fit_of(self, training: Floats, calibration: Floats) -> Fit:
        """A fit in the same directions, to embeddings (n, f) of a model's pictures."""
        return Fit.of(self._seen(training), self._seen(calibration))

    def joined(self, others: Mapping[str, Fit]) -> Compatibility:
        """With more models."""
        return dataclasses.replace(self, fits={**self.fits, **others})

    def p_values(self, embedding: Floats) -> dict[str, float]:
        """By model, of one picture with this embedding (f,)."""
        seen = self._seen(embedding[None])
        found = {name: float(fit.p_values(seen)[0]) for name, fit in self.fits.items()}
        return found | {name: max(found[name], float(fit.p_values(seen)[0])) for name, fit in self.ordered.items()}

    def _seen(self, embeddings: Floats) -> Floats:
        return embeddings if self.directions is None else embeddings.astype(np.float64) @ self.directions

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is stored, besides the names."""
        titles = {**self.fits, **{f"{name}.{_ORDERED}": fit for name, fit in self.ordered.items()}}
        found = {key: array for title, fit in titles.items() for key, array in fit.arrays(title).items()}
        return found if self.directions is None else {**found, _DIRECTIONS: self.directions}

    @classmethod
    def from_arrays(cls, models: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Compatibility | None:
        """Inverse of :meth:`arrays`; None where an older identifier has none."""
        if not arrays:
            return None

        def fit(title: str) -> Fit:
            return Fit(**{field.name: arrays[f"{title}.{field.name}"] for field in dataclasses.fields(Fit)})

        ordered = {model: f"{model}.{_ORDERED}" for model in models}
        return cls(
            {model: fit(model) for model in models},
            arrays.get(_DIRECTIONS),
            {model: fit(title) for model, title in ordered.items() if f"{title}.mean" in arrays},
        )
