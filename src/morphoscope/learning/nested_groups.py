"""Nested groups of patterns: nodes of several hierarchical clusterings, with their stability.

A group may contain others, so that a class that is a small part of a group is there, too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

TREES = 8
COMPONENTS = 20  # principal components of each kind of features
SMALLEST = 3  # patterns in a group
LARGEST = 0.3  # of all patterns


@dataclasses.dataclass(frozen=True, eq=False)
class NestedGroups:
    """Groups of n patterns; one may contain another.

    Parameters
    ----------
    members
        Whether each pattern belongs to each group, as 0 and 1, (groups, n).
    stability
        How well each group is found again in the other clusterings, from 0 to 1, (groups,): the mean overlap
        |A ∩ B| / |A ∪ B| with the group B of each that is most like it.
    distances
        Distances of the patterns from each other, over the features of all clusterings, (n, n).
    """

    members: Floats
    stability: Floats
    distances: Floats

    @property
    def sizes(self) -> Floats:
        """The number of patterns of each group."""
        return np.asarray(self.members.sum(axis=1))

    def mean(self, values: NDArray[np.floating] | NDArray[np.bool_]) -> Floats:
        """The mean over the patterns of each group, (groups,)."""
        return np.asarray(self.members @ values.astype(np.float32) / self.sizes)


def find_nested_groups(
    features: Sequence[Floats], *, seed: int = 0, trees: int = TREES, advance: Callable[[int], None] | None = None
) -> NestedGroups:
    """Group patterns by several kinds of features, each (n, features of that kind).

    Each clustering (Ward, J. Am. Stat. Assoc. 58, 236 (1963)) sees a random half of the features of each kind, as
    principal components with a total variance of 1, so that all kinds count equally. Groups are all nodes of its tree
    with 3 patterns to 30 % of them. At least SMALLEST patterns are needed.
    """
    random = np.random.default_rng(seed)
    found, squares = [], np.zeros((len(features[0]), len(features[0])))
    for _ in range(trees):
        seen = np.concatenate([_components(kind, random) for kind in features], axis=1)
        found.append(_nodes(seen))
        squares += _squared_distances(seen)
        if advance:
            advance(1)
    return NestedGroups(np.concatenate(found), _stability(found), np.sqrt(squares / trees).astype(np.float32))


def _components(features: Floats, random: np.random.Generator) -> NDArray[np.float64]:
    """Principal components of a random half of standardized features, with a total variance of 1."""
    chosen = random.choice(features.shape[1], max(1, features.shape[1] // 2), replace=False)
    values = features[:, chosen].astype(np.float64)
    values = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-6)
    left, singular, _ = np.linalg.svd(values, full_matrices=False)
    parts = left[:, :COMPONENTS] * singular[:COMPONENTS]
    return np.asarray(parts / max(float(np.sqrt(parts.var(axis=0).sum())), 1e-12))


def _nodes(features: NDArray[np.float64]) -> Floats:
    """The members of each node of a tree, (nodes, n)."""
    from scipy.cluster.hierarchy import linkage

    count = len(features)
    members = list(np.eye(count, dtype=bool))
    for first, second in linkage(features, "ward")[:, :2].astype(int):
        members.append(members[first] | members[second])
    nodes = np.array(members[count:], dtype=np.float32)
    sizes = nodes.sum(axis=1)
    return nodes[(sizes >= SMALLEST) & (sizes <= max(SMALLEST, LARGEST * count))]


def _squared_distances(values: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = (values**2).sum(axis=1)
    return np.maximum(squares[:, None] + squares - 2 * values @ values.T, 0)


def _stability(found: Sequence[Floats]) -> Floats:
    """The mean overlap of each group with the most similar one of each other tree."""
    stable = [np.zeros(len(nodes), dtype=np.float32) for nodes in found]
    for one, nodes in enumerate(found):
        for other, theirs in enumerate(found):
            if other != one and len(nodes) and len(theirs):
                stable[one] += best_overlap(nodes, theirs)
    return np.concatenate(stable) / np.float32(max(len(found) - 1, 1))


def best_overlap(members: Floats, others: Floats) -> Floats:
    """For each group (groups, n) the largest Jaccard index |A ∩ B| / |A ∪ B| with one of the others (others, n)."""
    common = members @ others.T
    union = members.sum(axis=1)[:, None] + others.sum(axis=1) - common
    return np.asarray((common / union).max(axis=1))
