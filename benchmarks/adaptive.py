"""How much of a full map an adaptive scan finds, with a full scan that was read before as the oracle.

    python -m benchmarks.adaptive ATLAS [--budgets 548 1096] [--seeds 5]

Nothing is simulated: a run that is chosen has the reading of the atlas. Beside it: the points of the atlas nearest to
as many scrambled Sobol points, all others filled from the nearest of them. A point is patterned if its class in the
atlas is not one of ``--homogeneous``.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from morphoscope.atlas import Atlas
from morphoscope.atlas.adaptive import BATCH, Known, coordinates, next_batch
from morphoscope.learning.class_field import ClassField
from morphoscope.learning.prediction import Prediction

Floats = NDArray[np.float64]


def adaptive(points: Floats, reading: Prediction, budget: int, seed: int) -> tuple[list[int], NDArray[np.intp]]:
    """The chosen points, and the class of every point."""
    chosen: list[int] = []
    known = np.array(chosen, dtype=np.intp)
    while len(chosen) < budget:
        chosen += next_batch(points, Known(known, reading.probabilities[known]), chosen, budget, seed)
        known = np.array(chosen, dtype=np.intp)
    field = ClassField(points, known, reading.probabilities[known])
    return chosen, np.argmax(field.probabilities, axis=1)


def sobol(points: Floats, reading: Prediction, budget: int, seed: int) -> NDArray[np.intp]:
    """The class of every point from the nearest of ``budget`` points that are nearest to Sobol points."""
    from scipy.spatial import cKDTree
    from scipy.stats import qmc

    places = qmc.Sobol(points.shape[1], seed=seed).random_base2(int(np.ceil(np.log2(16 * budget))))
    distance, nearest = cKDTree(points).query(places)
    inside = nearest[distance < np.sqrt(points.shape[1] / len(points))]  # the scan need not fill its box
    known = inside[np.sort(np.unique(inside, return_index=True)[1])][:budget]
    return np.asarray(reading.index[known][cKDTree(points[known]).query(points)[1]])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("atlas")
    parser.add_argument("--budgets", type=int, nargs="+", default=[548, 1096])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--homogeneous", nargs="*", default=["H", "L"])
    given = parser.parse_args()
    atlas = Atlas(given.atlas)
    points, reading = coordinates(atlas.plan)[atlas.runs], atlas.reading
    patterned = ~np.isin(reading.names, given.homogeneous)
    print(f"{len(points)} points, {patterned.sum()} patterned; batches of {BATCH} or more; mean (least … largest)\n")
    print("| runs | points | all that differ | patterned that differ |\n|---|---|---|---|")
    for budget in given.budgets:
        filled = {
            "adaptive": [adaptive(points, reading, budget, seed)[1] for seed in range(given.seeds)],
            "Sobol, nearest": [sobol(points, reading, budget, seed) for seed in range(given.seeds)],
        }
        for name, found in filled.items():
            wrong = np.array([classes != reading.index for classes in found])
            cells = [f"{100 * s.mean():.2f} % ({100 * s.min():.2f} … {100 * s.max():.2f})"
                     for s in (wrong.mean(axis=1), wrong[:, patterned].mean(axis=1))]  # fmt: skip
            print(f"| {budget} | {name} | {cells[0]} | {cells[1]} |", flush=True)


if __name__ == "__main__":
    main()
