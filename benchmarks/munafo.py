"""Accuracy of classifiers of the 19 classes, for several training seeds.

    python -m benchmarks.munafo SETS [--seeds 5]

SETS is a folder for the ensembles of the recipes munafo-19, munafo-19-validation, munafo-19-test (the same points,
other seeds) and munafo-19-unseen (other points); missing ones are simulated. Neither of the last two is used for
training or for choosing the epoch.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import morphoscope
from morphoscope.atlas import ordered, symbol
from morphoscope.learning.evaluation import Evaluation

TRAINING, VALIDATION, TEST, UNSEEN = "munafo-19", "munafo-19-validation", "munafo-19-test", "munafo-19-unseen"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    for name in (TRAINING, VALIDATION, TEST, UNSEEN):
        morphoscope.ensemble(name, options.sets / name, workers=1)
    found: dict[str, list[Evaluation]] = {TEST: [], UNSEEN: []}
    for seed in range(options.seeds):
        classifier = morphoscope.train(options.sets / TRAINING, options.sets / VALIDATION, seed=seed)
        for name, done in found.items():
            done.append(morphoscope.evaluate(classifier, options.sets / name))
            print(f"seed {seed}, {name}: {done[-1].accuracy}; {done[-1].confused()}", file=sys.stderr, flush=True)
    _print(found)


def _print(found: dict[str, list[Evaluation]]) -> None:
    print("| set | seeds | accuracy: mean | sd | min | max |\n|---|---|---|---|---|---|")
    for name, done in found.items():
        values = np.array([e.accuracy.value for e in done], dtype=np.float64)
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        print(
            f"| {name} | {len(done)} | {values.mean():.4f} | {spread:.4f} | {values.min():.4f} | {values.max():.4f} |"
        )
    print("\n| class | unseen seeds: runs | recall | unseen points: runs | recall |\n|---|---|---|---|---|")
    for name in ordered(list(found[TEST][0].classes)):
        cells = [cell for done in found.values() for cell in _recall(done, name)]
        print(f"| {symbol(name)} {name} | {' | '.join(cells)} |")


def _recall(done: list[Evaluation], name: str) -> tuple[str, str]:
    """The number of runs of a class in a set, and the mean recall over training seeds."""
    values = [value for e in done if (value := e.recall[name]) is not None]
    return str(done[0].support[name]), f"{np.mean(values):.3f}" if values else "–"


if __name__ == "__main__":
    main()
