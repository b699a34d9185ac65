"""The known score of a classifier: how much a pattern is like those that its network was trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

    from morphoscope.learning.networks._encoder import PatternEncoder

Floats = NDArray[np.float32]
QUANTILE = 0.025  # of the validation patterns lie beyond each limit
BETWEEN = 0.5  # quantile of the distances of validation patterns from the nearest class that is not theirs
_CONSTANT = 1e-3  # added to the spread of features, which may not vary
_TINY = 1e-6
_LARGEST = 6e4  # of float16


class Layers(NamedTuple):
    """What the last layers of a network, and an encoder, compute of n patterns.

    ``pooled``: (n, features), what the first dense layer reads; ``hidden``: (n, hidden), what the last one reads;
    ``logits``: (n, classes); ``encoded``: (n, 256), the features of the encoder.
    """

    pooled: Floats
    hidden: Floats
    logits: Floats
    encoded: Floats


class Stages(NamedTuple):
    """A network in three parts: frames → pooled → hidden → logits."""

    pooled: Callable[[Tensor], Tensor]
    hidden: Callable[[Tensor], Tensor]
    last: Callable[[Tensor], Tensor]


def layers_of(module: nn.Module) -> Stages | None:
    """A network in three parts; None for one that does not end with dense layers.

    A module tells its parts by a method ``pooled`` and its ``head``, a dense layer or a sequence of layers. In a
    sequence of layers, the head begins with the first dense one.
    """
    from torch import nn

    pooled, head = getattr(module, "pooled", None), getattr(module, "head", None)
    if pooled is None and isinstance(module, nn.Sequential):
        dense = [place for place, layer in enumerate(module) if isinstance(layer, nn.Linear)]
        if dense:
            pooled, head = module[: dense[0]], module[dense[0] :]
    if pooled is not None and isinstance(head, nn.Linear):
        return Stages(pooled, nn.Identity(), head)
    if pooled is None or not isinstance(head, nn.Sequential) or not isinstance(head[-1], nn.Linear):
        return None
    return Stages(pooled, head[:-1], head[-1])


@dataclasses.dataclass(frozen=True, eq=False)
class Directions:
    """The directions of the classes in some features: scaled means of their training patterns, of length 1.

    ``middle``, ``scale``: mean and standard deviation of each feature, (f,); ``means``: (classes, f), as float16.
    """

    middle: Floats
    scale: Floats
    means: NDArray[np.float16]

    @classmethod
    def of(cls, features: Floats, targets: NDArray[np.intp]) -> Directions:
        """From the features of training patterns (n, f) with their classes (indices)."""
        values = features.astype(np.float64)
        middle, scale = values.mean(axis=0), values.std(axis=0) + _CONSTANT
        means = _unit(_class_means((values - middle) / scale, targets))
        return cls(middle.astype(np.float32), scale.astype(np.float32), means.astype(np.float16))

    def cosines(self, features: Floats) -> NDArray[np.float64]:
        """The cosine between each pattern and each class, (n, classes)."""
        return np.asarray(
            _unit((features.astype(np.float64) - self.middle) / self.scale) @ self.means.T.astype(np.float64)
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Spread:
    """The distances from the classes in some features, in units of the spread within classes.

    ``centre``: mean of each feature, (f,); ``whitening``: the lower triangular W with W Wᵀ = covariance⁻¹, (f, f),
    rounded to float16, which halves the file; ``means``: of the classes, (x − centre) W, (classes, f).
    """

    centre: Floats
    whitening: NDArray[np.float16]
    means: Floats

    @classmethod
    def of(cls, features: Floats, targets: NDArray[np.intp]) -> Spread:
        """From the features of training patterns (n, f) with their classes (indices)."""
        from sklearn.covariance import LedoitWolf

        values = features.astype(np.float64)
        centre, means = values.mean(axis=0), _class_means(values, targets)
        covariance = LedoitWolf(assume_centered=True).fit(values - means[targets]).covariance_
        covariance += (_TINY * np.trace(covariance) / len(covariance) + 1e-12) * np.eye(len(covariance))
        exact = np.linalg.cholesky(np.linalg.inv(covariance))
        whitening = np.clip(exact, -_LARGEST, _LARGEST).astype(np.float16)
        return cls(centre.astype(np.float32), whitening, ((means - centre) @ whitening).astype(np.float32))

    def distances(self, features: Floats) -> NDArray[np.float64]:
        """The Mahalanobis distance of each pattern from each class, (n, classes)."""
        whitened = (features.astype(np.float64) - self.centre) @ self.whitening.astype(np.float64)
        return np.stack([np.linalg.norm(whitened - mean, axis=1) for mean in self.means], axis=1)


@dataclasses.dataclass(frozen=True, eq=False)
class KnownScore:
    """Tells patterns that are unlike those of the training.

    Two distances, in units of their limits, tell two kinds of unknown patterns; the larger one, d, gives the score
    2^−d: 1 for the most typical patterns, 0.5 at the limit.

    - *of no class*: m = −log(e^−E + e^−G + e^−S), a soft minimum of three. E = log Σ exp(logit), the energy of Liu et
      al., NeurIPS (2020). G = cos₁ − cos₂, the difference of the two largest cosines between a pattern and the classes'
      means in the hidden features: small for a pattern between two classes. S, the cosine between a pattern and the
      class that the network reads, in the features of an encoder, which was trained without labels: small if the two
      disagree. Each is in standard deviations from its median over the validation patterns.
      d = (m̃ − m) / (m̃ − limit), where m̃ is the median, and 2.5 % of the validation patterns are below the limit.
    - *far from all*: d = r² / limit², where r is the Mahalanobis distance from the nearest class (Lee et al., NeurIPS
      2018) in the pooled features, with one covariance of all classes, shrunk (Ledoit & Wolf 2004). The limit is the
      median distance of the validation patterns from the nearest class that is not theirs, but at least what 97.5 %
      of them have from the nearest class: a pattern may be as unlike the classes as they are unlike each other.

    Parameters
    ----------
    spread
        Of the pooled features.
    hidden, encoded
        Directions of the classes in the hidden features, and in those of the encoder.
    encoder
        The encoder.
    energy, gap, similarity
        Median and standard deviation of E, G and S over the validation patterns.
    near
        Median and limit of m.
    far
        Limit of r.
    """

    spread: Spread
    hidden: Directions
    encoded: Directions
    encoder: PatternEncoder
    energy: tuple[float, float] = (0.0, 1.0)
    gap: tuple[float, float] = (0.0, 1.0)
    similarity: tuple[float, float] = (0.0, 1.0)
    near: tuple[float, float] = (0.0, -1.0)
    far: float = 1.0

    @classmethod
    def of(
        cls,
        encoder: PatternEncoder,
        training: Layers,
        targets: NDArray[np.intp],
        validation: Layers,
        labels: NDArray[np.intp],
    ) -> KnownScore:
        """From training patterns, which give the means, and validation patterns, both with their classes (indices).

        Every class has training patterns.
        """
        made = cls(
            Spread.of(training.pooled, targets),
            Directions.of(training.hidden, targets),
            Directions.of(training.encoded, targets),
            encoder,
        )
        energy, gap, similarity = (_median_and_deviation(values) for values in made._three(validation))
        made = dataclasses.replace(made, energy=energy, gap=gap, similarity=similarity)
        typical = made._typical(validation)
        median = float(np.median(typical))
        near = median, min(float(np.quantile(typical, QUANTILE)), median - _TINY)
        distances = made.spread.distances(validation.pooled)
        nearest = np.quantile(distances.min(axis=1), 1 - QUANTILE)
        distances[np.arange(len(labels)), labels] = np.inf
        between = np.quantile(distances.min(axis=1), BETWEEN)
        return dataclasses.replace(made, near=near, far=max(float(between), float(nearest), _TINY))

    def distance(self, layers: Layers) -> NDArray[np.float64]:
        """The larger of the two distances of patterns, in units of its limit, (n,)."""
        median, low = self.near
        near = np.maximum((median - self._typical(layers)) / (median - low), 0)
        far = (self.spread.distances(layers.pooled).min(axis=1) / self.far) ** 2
        return np.maximum(near, far)

    def score(self, layers: Layers) -> Floats:
        """The known score of patterns, 2^−distance, (n,)."""
        return np.exp2(-self.distance(layers)).astype(np.float32)

    def _three(self, layers: Layers) -> tuple[NDArray[np.float64], ...]:
        """E, G and S of patterns, (n,) each."""
        cosines = np.partition(self.hidden.cosines(layers.hidden), -2, axis=1)
        read = layers.logits.argmax(axis=1)
        similar = self.encoded.cosines(layers.encoded)[np.arange(len(read)), read]
        return _energy(layers.logits), cosines[:, -1] - cosines[:, -2], similar

    def _typical(self, layers: Layers) -> NDArray[np.float64]:
        units = (self.energy, self.gap, self.similarity)
        scaled = [(values - middle) / scale for values, (middle, scale) in zip(self._three(layers), units, strict=True)]
        return np.asarray(-np.logaddexp.reduce([-values for values in scaled], axis=0))


def _energy(logits: Floats) -> NDArray[np.float64]:
    values = logits.astype(np.float64)
    top = values.max(axis=1, keepdims=True)
    return np.asarray(top[:, 0] + np.log(np.exp(values - top).sum(axis=1)))


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _class_means(features: NDArray[np.float64], targets: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.stack([features[targets == number].mean(axis=0) for number in range(targets.max() + 1)])


def _median_and_deviation(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(np.median(values)), max(float(values.std()), _TINY)
