"""Conformal sets: the classes that a pattern can have at a chosen coverage, from the scores of validation patterns."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError

COVERAGE = 0.9  # by default


@dataclasses.dataclass(frozen=True, eq=False)
class ConformalScores:
    """The scores of validation patterns, from which sets of classes with a given coverage follow.

    The score of a pattern and a class is s = 1 − p(class | pattern). The set of a pattern has the classes with
    s ≤ q, where q is the ⌈(n + 1) coverage⌉-th smallest score among n validation patterns with their own labels. Of new
    patterns from the distribution of the validation patterns, the set then contains the class of at least the share
    ``coverage``, and of at most 1/(n + 1) more if no scores are equal. A set can be empty: then the pattern is less
    typical of each class than that share of the validation patterns are of theirs.

    Sources: Sadinle, Lei & Wasserman, J. Am. Stat. Assoc. 114, 223 (2019), least ambiguous sets; Papadopoulos et al.,
    ECML (2002), and Vovk, Gammerman & Shafer (2005), split conformal prediction.

    Parameters
    ----------
    scores
        In ascending order, (n,).
    """

    scores: NDArray[np.float32]

    @classmethod
    def of(cls, probabilities: NDArray[np.float32], targets: NDArray[np.intp]) -> ConformalScores:
        """From the probabilities of validation patterns, (n, classes), and the indices of their classes, (n,)."""
        own = probabilities[np.arange(len(targets)), targets]
        return cls(np.sort(np.float32(1) - own.astype(np.float32)))

    def least_probability(self, coverage: float) -> float:
        """The smallest probability 1 − q of a class in a set; 0 if there are too few scores for this coverage."""
        check_coverage(coverage)
        rank = math.ceil((len(self.scores) + 1) * coverage - 1e-9)
        return 1.0 - float(self.scores[rank - 1]) if rank <= len(self.scores) else 0.0

    def sets(self, probabilities: NDArray[np.float32], coverage: float) -> NDArray[np.bool_]:
        """Whether each class belongs to the set of each pattern, (n, classes)."""
        return in_sets(probabilities, self.least_probability(coverage))


def in_sets(probabilities: NDArray[np.float32], least: float) -> NDArray[np.bool_]:
    """Whether each class has at least the probability ``least``, compared as the scores are: as 1 − p in float32.

    A class that is certain, as theory gives it, is alone in its set.
    """
    found = np.float32(1) - probabilities.astype(np.float32) <= np.float32(1.0 - least)
    certain = probabilities >= 1
    return np.asarray(np.where(certain.any(axis=1, keepdims=True), certain, found))


def check_coverage(coverage: float) -> None:
    """Raise UsageError for a coverage that is no share."""
    if not 0 < coverage < 1:
        raise UsageError(f"coverage={coverage:g}; use a share between 0 and 1, as 0.9", parameter="coverage")
