"""Groups without labels: found where there are some, repeatable, and honest about their stability."""

import numpy as np
import pytest

from morphoscope.core.errors import UsageError
from morphoscope.learning.groups import _together, _ward, find_groups, split
from morphoscope.learning.lattice import Lattice


def plane(side=16, kinds=4, noise=0.6, seed=0):
    """A lattice with ``kinds`` bands; features are the band's centre, noise, and many columns of noise only."""
    rng = np.random.default_rng(seed)
    a, b = (axis.ravel().astype(float) for axis in np.mgrid[:side, :side])
    kind = (a * kinds // side).astype(int)
    centres = rng.normal(size=(kinds, 4)) * 3
    features = np.hstack(
        [centres[kind] + noise * rng.normal(size=(side * side, 4)), rng.normal(size=(side * side, 12))]
    )
    points = np.stack([0.01 * a, 5 + 0.2 * b], axis=1)
    return features, points, Lattice.of(points), kind


@pytest.mark.parametrize("kinds", [3, 5])
def test_bands_of_a_lattice_are_found_with_their_number(kinds):
    from sklearn.metrics import adjusted_rand_score

    features, points, lattice, kind = plane(kinds=kinds)
    found = find_groups(features, points, lattice, partitions=100)
    assert kinds <= found.count <= kinds + 1
    assert adjusted_rand_score(kind, found.labels) > 0.9
    assert found.stability.mean() >= 0.9


def test_the_same_seed_gives_the_same_and_memberships_fit():
    features, points, lattice, _ = plane()
    one, two = (find_groups(features, points, lattice, seed=3, partitions=20) for _ in range(2))
    assert np.array_equal(one.labels, two.labels)
    assert np.array_equal(one.membership, two.membership)
    assert np.array_equal(one.membership.argmax(axis=1), one.labels)
    assert one.membership.sum(axis=1) == pytest.approx(1)
    sizes = np.bincount(one.labels)
    assert (np.diff(sizes) <= 0).all()


def test_a_given_number_is_kept_and_too_many_are_shaky():
    features, points, lattice, _ = plane(kinds=3)
    assert find_groups(features, points, lattice, count=3, partitions=40).count == 3
    many = find_groups(features, points, lattice, count=9, partitions=40)
    assert many.count == 9
    assert many.stability.min() < 0.75


def test_noise_alone_is_one_group():
    rng = np.random.default_rng(5)
    points = np.stack([axis.ravel() for axis in np.mgrid[:14, :14]], axis=1).astype(float)
    lattice = Lattice.of(points)
    noise = rng.normal(size=(196, 12))
    assert find_groups(noise, points, lattice, partitions=40).count == 1
    assert find_groups(noise, points, lattice, partitions=40, count=4).stability.mean() < 0.75


def test_many_runs_are_compared_in_part(monkeypatch):
    from sklearn.metrics import adjusted_rand_score

    monkeypatch.setattr("morphoscope.learning.groups.MAX_RUNS", 120)
    features, points, lattice, kind = plane(kinds=3)
    found = find_groups(features, points, lattice, count=3, partitions=40)
    assert len(found.labels) == len(found.membership) == len(kind)
    assert adjusted_rand_score(kind, found.labels) > 0.9


def test_replicates_at_one_point_without_neighbours_work():
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(size=(10, 3)), rng.normal(size=(10, 3)) + 9])
    found = find_groups(features, np.zeros((20, 1)), Lattice.of(np.zeros((20, 1))), count=2, partitions=20)
    assert sorted(np.bincount(found.labels).tolist()) == [10, 10]


def test_split_and_bad_input():
    directions = np.concatenate([np.zeros((5, 2)), np.ones((3, 2))])
    assert split(directions, 2).tolist() == [0] * 5 + [1] * 3
    with pytest.raises(UsageError, match="can't be split into 9"):
        split(directions, 9)
    with pytest.raises(UsageError, match="at least 6"):
        find_groups(np.ones((3, 2)), np.ones((3, 1)), Lattice.of(np.ones((3, 1))))
    with pytest.raises(UsageError, match="groups=9"):
        find_groups(
            np.random.default_rng(0).normal(size=(20, 2)), np.zeros((20, 1)), Lattice.of(np.zeros((20, 1))), count=9
        )


@pytest.mark.parametrize("count", [1, 2, 7, 60])
def test_wards_groups_are_those_of_scikit_learn(count):
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.metrics import adjusted_rand_score

    points = np.random.default_rng(count).normal(size=(60, 5))
    points[50:] = points[:10]  # merges of height 0
    labels = _ward(points, count)
    assert len(set(labels)) == count
    assert adjusted_rand_score(labels, AgglomerativeClustering(count).fit_predict(points)) == 1


def test_counts_of_runs_together():
    partitions = np.random.default_rng(0).integers(0, 5, size=(12, 40))
    together = _together(partitions)
    assert np.array_equal(together, (partitions[:, :, None] == partitions[:, None, :]).sum(axis=0))
    assert np.array_equal(_together(partitions[:0]), np.zeros((40, 40)))
