"""Points in units of their spacing, and their neighbours, compared with counting."""

import numpy as np
import pytest

from morphoscope.learning.lattice import Lattice


def test_a_lattice_has_its_steps_and_neighbours():
    a, b = np.meshgrid(np.linspace(0.02, 0.06, 5), np.linspace(3, 4, 3), indexing="ij")
    points = np.stack([a.ravel(), b.ravel(), np.ones(15)], axis=1)
    lattice = Lattice.of(points)
    assert lattice.regular
    assert lattice.steps == pytest.approx([0.01, 0.5])
    position = lattice.position(points)
    assert position.shape == (15, 2)
    assert position.max(axis=0) == pytest.approx([4, 2])
    pairs = {tuple(sorted(pair)) for pair in lattice.pairs(position).tolist()}
    expected = {
        (i, j) for i in range(15) for j in range(i + 1, 15) if max(abs(i // 3 - j // 3), abs(i % 3 - j % 3)) == 1
    }
    assert pairs == expected


def test_points_without_a_lattice_have_about_as_many_neighbours():
    points = np.random.default_rng(0).uniform([0, 5], [1, 5.5], (900, 2))
    lattice = Lattice.of(points)
    assert not lattice.regular
    assert lattice.steps == pytest.approx([1 / 29, 0.5 / 29], rel=0.02)
    assert 6 < 2 * len(lattice.pairs(lattice.position(points))) / 900 < 10


def test_points_that_do_not_vary_are_all_neighbours():
    points = np.ones((3, 2))
    lattice = Lattice.of(points)
    assert lattice.position(points).tolist() == [[0], [0], [0]]
    assert len(lattice.pairs(lattice.position(points))) == 3
