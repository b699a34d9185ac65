"""The known score of a classifier: how much a pattern is like those that its network was trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

Floats = NDArray[np.float32]
QUANTILE = 0.975  # of the validation patterns are within the limit
_TINY = 1e-6
_LARGEST = 6e4  # of float16


class Layers(NamedTuple):
    """What the last layers of a network compute of n patterns.

    ``pooled``: (n, features), what the first dense layer reads; ``hidden``: (n, hidden), what the last one reads;
    ``logits``: (n, classes).
    """

    pooled: Floats
    hidden: Floats
    logits: Floats


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
class KnownScore:
    """Tells patterns that are unlike those of the training.

    r is the Mahalanobis distance of a pattern from the nearest class in the pooled features of the network, with the
    mean of each class and one covariance within all of them, shrunk: r² = min over classes (x − μ)ᵀ C⁻¹ (x − μ). The
    score is 2^−(r/limit)²: 1 for a pattern at the mean of a class, 0.5 at the limit, which 97.5 % of the validation
    patterns do not exceed.

    Sources: Lee, Lee, Lee & Shin, NeurIPS (2018); Ledoit & Wolf, J. Multivar. Anal. 88, 365 (2004), for the covariance.

    Parameters
    ----------
    centre
        Mean of each feature, (f,).
    whitening
        The lower triangular W with W Wᵀ = C⁻¹, (f, f), rounded to float16, which halves the file.
    means
        The classes' means after (x − centre) W, (classes, f).
    limit
        Of r.
    """

    centre: Floats
    whitening: NDArray[np.float16]
    means: Floats
    limit: float = 1.0

    @classmethod
    def of(cls, training: Floats, targets: NDArray[np.intp], validation: Floats) -> KnownScore:
        """From the pooled features of training patterns with their classes (indices), and of validation patterns.

        Every class has training patterns.
        """
        from sklearn.covariance import LedoitWolf

        values = training.astype(np.float64)
        centre = values.mean(axis=0)
        means = np.stack([values[targets == number].mean(axis=0) for number in range(targets.max() + 1)])
        covariance = LedoitWolf(assume_centered=True).fit(values - means[targets]).covariance_
        covariance += (_TINY * np.trace(covariance) / len(covariance) + 1e-12) * np.eye(len(covariance))
        exact = np.linalg.cholesky(np.linalg.inv(covariance))
        whitening = np.clip(exact, -_LARGEST, _LARGEST).astype(np.float16)
        made = cls(centre.astype(np.float32), whitening, ((means - centre) @ whitening).astype(np.float32))
        limit = float(np.quantile(made.distance(validation), QUANTILE))
        return dataclasses.replace(made, limit=max(limit, _TINY))

    def distance(self, pooled: Floats) -> NDArray[np.float64]:
        """The distance of patterns from the nearest class, in units of the limit, (n,)."""
        whitened = (pooled.astype(np.float64) - self.centre) @ self.whitening.astype(np.float64)
        distances = [np.linalg.norm(whitened - mean, axis=1) for mean in self.means]
        return np.asarray(np.min(distances, axis=0) / self.limit)

    def score(self, pooled: Floats) -> Floats:
        """The known score of patterns, 2^−(distance in units of the limit)², (n,)."""
        return np.exp2(-(self.distance(pooled) ** 2)).astype(np.float32)
