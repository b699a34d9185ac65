"""Groups of patterns without labels: a consensus of many partitions of random parts of the data.

Each partition takes a random part of the runs and of the features, finds the directions in which neighbours in
parameter space differ least relative to all runs (a linear discriminant analysis whose only supervision is that
neighbours mostly have the same pattern), and divides the runs into 4 to √n groups by Ward's method. Two
runs are as similar as the share of the partitions that put them together. Average linkage of these similarities gives
the groups. Their number is the largest at which they are distinct (SIMILARITY) and repeat: each has a most similar
group among as many groups of the consensus of half of the partitions, and the mean of their Jaccard indices is at least
REPEATING. If no number repeats, there is one group.

Sources: Fred and Jain, IEEE Trans. PAMI 27, 835 (2005), evidence accumulation; Shental et al., ECCV (2002), relevant
component analysis; Hennig, Comput. Stat. Data Anal. 52, 258 (2007), stability of groups by their Jaccard index.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from morphoscope.core.errors import UsageError
from morphoscope.learning.lattice import Lattice
from morphoscope.learning.nested_groups import best_overlap

PARTITIONS = 200
SIMILARITY = 1 / 3  # groups are distinct if less than this share of the partitions puts their runs together
REPEATING = 0.9  # mean Jaccard index of the groups with those of halves of the partitions
STABLE = 0.75  # Jaccard index of a stable group, after Hennig
MIN_RUNS = 6  # with a pattern, to look for groups
MAX_RUNS = 2500  # that are compared in pairs; of more, the others join the nearest group
_SHARE_OF_RUNS, _SHARE_OF_FEATURES = 0.8, 0.7  # of each partition
_DIRECTIONS = (5, 16)  # range of their number in a partition, the end excluded
_FEWEST = 4  # groups of a partition; the most are the square root of the number of runs
_POSITION = (0.0, 0.4)  # weights of the position in parameter space, beside features of total variance 1
_SHRINKAGE = 0.3  # of the covariance of neighbours' differences towards a multiple of the identity
_SMALLEST = 4  # runs of a group; smaller ones join the most similar group
_CLIP = 5.0  # standard deviations, of features
_HALVES = 4  # pairs of halves of the partitions by which stability is measured

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]


@dataclasses.dataclass(frozen=True, eq=False)
class Groups:
    """The groups of n patterns, the largest first.

    ``labels``: (n,); ``membership``: (n, groups), similarity to each group, rows sum to 1; ``stability``: (groups,),
    the mean Jaccard index with the most similar group of a consensus of half of the partitions; ``agreement``: mean
    adjusted Rand index of two such halves; ``directions``: (n, d), the discriminant directions of all runs, by which a
    group can be divided further.
    """

    labels: Labels
    membership: Floats
    stability: Floats
    agreement: float
    directions: Floats

    @property
    def count(self) -> int:
        """The number of groups."""
        return self.membership.shape[1]


def find_groups(
    features: Floats,
    points: Floats,
    lattice: Lattice,
    *,
    count: int | None = None,
    seed: int = 0,
    partitions: int = PARTITIONS,
    advance: Callable[[], None] | None = None,
) -> Groups:
    """Find groups of patterns.

    Parameters
    ----------
    features
        (n, features), one row per run with a pattern.
    points
        (n, parameters), where they lie in parameter space.
    lattice
        What their spacing is, see :class:`~morphoscope.learning.lattice.Lattice`.
    count
        The number of groups. Default: it is found.
    seed
        Of the random parts.
    partitions
        Number of partitions, at least 4.
    advance
        Called after each partition.

    Returns
    -------
    Groups
        The groups.

    Raises
    ------
    UsageError
        For fewer than six runs, or more groups than a group has to have runs.
    """
    if len(features) < MIN_RUNS:
        verb = "run has" if len(features) == 1 else "runs have"
        raise UsageError(
            f"{len(features)} {verb} a pattern; at least {MIN_RUNS} are needed to find groups; simulate more"
        )
    most = most_groups(len(features))
    if count is not None and not 1 <= count <= most:
        raise UsageError(
            f"groups={count}; {len(features)} runs with a pattern have 1 to {most} groups", parameter="groups"
        )
    random = np.random.default_rng(seed)
    table = _standard(features)
    chosen = np.sort(random.permutation(len(table))[:MAX_RUNS])
    data = _Data(table[chosen], lattice, lattice.position(points[chosen]))
    found = []
    for part in _parts(data.runs, partitions, random):
        found.append(_partition(data, part, random))
        if advance:
            advance()
    every = np.array(found)
    together = _together(every)
    whole = _Consensus.of(together, len(every))
    halves = _halves(every, together, random)
    labels = _repeating(whole, halves) if count is None else whole.cut(count)
    directions = _scaled(_directions(data, np.arange(data.runs), np.arange(table.shape[1]), table))
    stability, agreement = _stability(labels, halves)
    membership = np.stack(
        [whole.together[:, labels == group].mean(axis=1) for group in range(labels.max() + 1)], axis=1
    )
    if len(chosen) < len(table):
        membership = membership[_nearest(directions, chosen)]
    membership /= membership.sum(axis=1, keepdims=True)
    everywhere = labels if len(chosen) == len(table) else labels[_nearest(directions, chosen)]
    certain = np.where(np.eye(membership.shape[1], dtype=bool)[everywhere], membership.max(axis=1)[:, None], membership)
    certain += 1e-6 * np.eye(membership.shape[1])[everywhere]  # the group is the most probable one, also in a tie
    return Groups(everywhere, certain / certain.sum(axis=1, keepdims=True), stability, agreement, directions)


def most_groups(runs: int) -> int:
    """The largest number of groups that so many runs can have."""
    return runs // _SMALLEST


def split(directions: Floats, count: int) -> Labels:
    """Divide the runs of one group, given by their :attr:`Groups.directions`, by Ward's method; the largest first."""
    if not 2 <= count <= len(directions):
        raise UsageError(f"a group of {len(directions)} runs can't be split into {count}; use 2 to {len(directions)}")
    return _by_size(_ward(directions, count))


@dataclasses.dataclass(frozen=True, eq=False)
class _Data:
    table: Floats
    lattice: Lattice
    position: Floats

    @property
    def runs(self) -> int:
        return len(self.table)

    @functools.cached_property
    def pairs(self) -> Labels:
        return self.lattice.pairs(self.position)

    @functools.cached_property
    def differences(self) -> Floats:
        """The differences of each pair of neighbours, (pairs, features)."""
        return np.asarray(self.table[self.pairs[:, 0]] - self.table[self.pairs[:, 1]])

    @functools.cached_property
    def place(self) -> Floats:
        return _scaled(self.position)


def _standard(features: Floats) -> Floats:
    """Features with mean 0 and variance 1, without those that are constant; outliers are clipped."""
    known = np.nan_to_num(features, nan=0.0, posinf=0.0, neginf=0.0)
    spread = known.std(axis=0)
    varying = spread > 1e-9 * np.maximum(1.0, np.abs(known).max(axis=0))
    table = (known[:, varying] - known[:, varying].mean(axis=0)) / spread[varying]
    return np.clip(table, -_CLIP, _CLIP)


def _scaled(values: Floats) -> Floats:
    """Columns around their mean, with a total variance of 1."""
    centred = values - values.mean(axis=0)
    return np.asarray(centred / (np.sqrt(centred.var(axis=0).sum()) or 1.0))


def _directions(data: _Data, runs: Labels, columns: Labels, table: Floats, count: int = _DIRECTIONS[1]) -> Floats:
    """The rows of ``table`` along the directions with the largest ratio of variance to variance between neighbours.

    Neighbours' variance is whitened. It is estimated from some ``runs`` and ``columns``; without enough pairs of
    neighbours, the directions are principal components.
    """
    from scipy.linalg import eigh

    known = np.zeros(data.runs, dtype=bool)
    known[runs] = True
    both = np.flatnonzero(known[data.pairs[:, 0]] & known[data.pairs[:, 1]]) if len(data.pairs) else data.pairs
    size = len(columns)
    within = np.eye(size)
    if len(both) > 4:
        difference = data.differences[np.ix_(both, columns)]
        within = difference.T @ difference / (2 * len(both))
        within += (_SHRINKAGE * np.trace(within) / size + 1e-9) * np.eye(size)
    total = np.atleast_2d(np.cov(data.table[np.ix_(runs, columns)].T))
    _, vectors = eigh(total, within)  # ascending, with unit variance between neighbours
    return np.asarray(table[:, columns] @ vectors[:, ::-1][:, :count])


class _Part(NamedTuple):
    """How one partition is made: number of groups, number of directions, weight of the position."""

    groups: int
    directions: int
    position: float


def _parts(runs: int, count: int, random: np.random.Generator) -> list[_Part]:
    """Parts with all numbers of groups and of directions equally often; the seed determines their order only."""
    most = max(2, round(runs**0.5))
    groups = random.permutation(np.resize(np.arange(min(_FEWEST, most), most + 1), count))
    directions = random.permutation(np.resize(np.arange(*_DIRECTIONS), count))
    position = random.permutation(np.resize(_POSITION, count))
    return [_Part(int(g), int(d), float(p)) for g, d, p in zip(groups, directions, position, strict=True)]


def _partition(data: _Data, part: _Part, random: np.random.Generator) -> Labels:
    """A partition of all runs; those that it leaves out join the nearest group."""
    runs = random.permutation(data.runs)[: max(4, round(_SHARE_OF_RUNS * data.runs))]
    size = data.table.shape[1]
    columns = random.permutation(size)[: max(1, round(_SHARE_OF_FEATURES * size))]
    found = _scaled(_directions(data, runs, columns, data.table, part.directions))
    space = np.hstack([found, part.position * data.place])
    inside = _ward(space[runs], part.groups)
    centres = np.stack([space[runs[inside == group]].mean(axis=0) for group in range(part.groups)])
    distance = (space**2).sum(1)[:, None] - 2 * space @ centres.T + (centres**2).sum(1)
    labels = np.asarray(distance.argmin(axis=1))
    labels[runs] = inside
    return labels


def _ward(points: Floats, count: int) -> Labels:
    """Points (n, d) divided into ``count`` groups by Ward's method: its tree without the last merges.

    What AgglomerativeClustering of scikit-learn finds; checks of its arguments take longer than a few hundred points.
    """
    from scipy.cluster.hierarchy import ward
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = len(points)
    merged = ward(points)[: size - count, :2].astype(np.intp)
    nodes = np.repeat(np.arange(size, size + len(merged)), 2)
    edges = (np.ones(len(nodes), dtype=bool), (nodes, merged.ravel()))
    _, labels = connected_components(coo_array(edges, shape=(size + len(merged),) * 2), directed=False)
    return np.asarray(labels[:size], dtype=np.intp)


def _together(partitions: Labels) -> NDArray[np.float32]:
    """How many of some partitions (m, n) put two runs together, (n, n)."""
    from scipy.sparse import csr_array

    count, runs = partitions.shape
    groups = partitions + (np.arange(count) * (partitions.max(initial=0) + 1))[:, None]
    columns, starts = groups.T.ravel(), count * np.arange(runs + 1)
    shape = (runs, int(groups.max(initial=0)) + 1)
    inside = csr_array((np.ones(groups.size, dtype=np.float32), columns, starts), shape=shape)
    return np.asarray((inside @ inside.T).toarray())


@dataclasses.dataclass(frozen=True, eq=False)
class _Consensus:
    """The share of some partitions that put two runs together, (n, n), and the tree of its average linkage."""

    together: NDArray[np.float32]
    tree: Floats

    @classmethod
    def of(cls, together: NDArray[np.float32], partitions: int) -> _Consensus:
        """The consensus, given how many of the partitions put two runs together."""
        from scipy.cluster.hierarchy import linkage
        from scipy.spatial.distance import squareform

        shares = together / np.float32(partitions)
        distance = 1.0 - shares
        np.fill_diagonal(distance, 0.0)
        return cls(shares, linkage(squareform(distance, checks=False), "average"))

    def distinct(self) -> Labels:
        """As many groups as are distinct; small ones are absorbed."""
        from scipy.cluster.hierarchy import fcluster

        return self.absorbed(fcluster(self.tree, 1 - SIMILARITY, "distance") - 1)

    def cut(self, count: int) -> Labels:
        """``count`` groups, or as many below it as are large enough."""
        from scipy.cluster.hierarchy import fcluster

        best = np.zeros(len(self.together), dtype=np.intp)
        for parts in range(count, len(self.together) + 1):  # more parts until there are so many that are large enough
            labels = self.absorbed(fcluster(self.tree, parts, "maxclust") - 1)
            if best.max() < labels.max() < count:
                best = labels
            if labels.max() + 1 >= count:
                break
        return best

    def absorbed(self, labels: Labels) -> Labels:
        """The groups that are large enough; other runs join the group that they are most similar to."""
        sizes = np.bincount(labels)
        large = np.flatnonzero(sizes >= min(_SMALLEST, sizes.max()))
        similar = np.stack([self.together[:, labels == group].mean(axis=1) for group in large], axis=1)
        own = np.isin(labels, large)
        return _by_size(np.where(own, np.searchsorted(large, labels), similar.argmax(axis=1)))


def _by_size(labels: Labels) -> Labels:
    """The same groups, numbered from the largest to the smallest."""
    sizes = np.bincount(labels)
    rank = np.empty(len(sizes), dtype=np.intp)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return rank[labels]


def _halves(partitions: Labels, together: NDArray[np.float32], random: np.random.Generator) -> list[_Consensus]:
    """The consensus of random halves of the partitions, in pairs that have no partition in common.

    ``together``: how many of all partitions put two runs together.
    """
    found = []
    for _ in range(_HALVES):
        order = random.permutation(len(partitions))
        half = len(order) // 2
        first, left = _together(partitions[order[:half]]), _together(partitions[order[2 * half :]])
        found += [_Consensus.of(first, half), _Consensus.of(together - first - left, half)]
    return found


def _repeating(whole: _Consensus, halves: list[_Consensus]) -> Labels:
    """The largest number of distinct groups that repeat in the halves; one group if none do."""
    labels = whole.distinct()
    while (count := int(labels.max()) + 1) > 1:
        if _stability(labels, halves)[0].mean() >= REPEATING:
            return labels
        labels = whole.cut(count - 1)
    return labels


def _stability(labels: Labels, halves: list[_Consensus]) -> tuple[Floats, float]:
    """The mean best Jaccard index of each group in the halves, divided into as many groups; agreement of the halves."""
    from sklearn.metrics import adjusted_rand_score

    others = [half.cut(int(labels.max()) + 1) for half in halves]
    agreement = np.mean([adjusted_rand_score(a, b) for a, b in zip(others[::2], others[1::2], strict=True)])
    return np.mean([best_overlap(_members(labels), _members(other)) for other in others], axis=0), float(agreement)


def _members(labels: Labels) -> NDArray[np.float32]:
    """The same groups as 0 and 1, (groups, n)."""
    return np.asarray(labels == np.arange(labels.max() + 1)[:, None], dtype=np.float32)


def _nearest(directions: Floats, chosen: Labels) -> Labels:
    """For every run the nearest of those that were compared, as a position among these."""
    from scipy.spatial import KDTree

    return np.asarray(KDTree(directions[chosen]).query(directions)[1], dtype=np.intp)
