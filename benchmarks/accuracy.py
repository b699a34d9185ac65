"""Accuracy of the networks on the paper's sets, for several training seeds.

    python benchmarks/accuracy.py SETS [--second-pass] [--seeds 5] [--first-seed 0] [--networks NAME ...]
        [--epochs 30] [--frames 10] [--frozen shipped] [--out table.json]

SETS is a folder with the ensembles train, validation and test, as `morphoscope reproduce scholz2022 --profile paper`
writes them; missing ones are simulated. The test set is used neither for training nor for choosing the epoch. With
--second-pass the sets are second-train, second-validation, test and scan, and the reading of the scan is searched for
π. With --frames 10 the sets have ten frames, for the networks scholz2022-3d and sequence-2d. With --frozen, only the
last layer after an encoder is fitted, in place of --networks.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import morphoscope
from morphoscope.learning.classifier import Classifier
from morphoscope.workflows.scholz2022.passes import FIRST, SECOND, Pass
from morphoscope.workflows.scholz2022.second_pass import search_new_class


def main() -> None:
    options = _options()
    names = SECOND if options.second_pass else FIRST
    for name in (*names.sets, "scan") if options.second_pass else names.sets:
        morphoscope.ensemble(f"scholz2022-{name}", options.sets / name, frames=options.frames)
    rows: list[dict[str, Any]] = []
    for network in options.networks if options.frozen is None else [options.frozen]:
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            rows.append(_one(options.sets, names, network, seed, options.epochs, frozen=options.frozen is not None))
            print(_line(rows[-1], names), file=sys.stderr, flush=True)
            if options.out:
                options.out.write_text(json.dumps(rows, indent=1))
    _print(rows, names)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--second-pass", action="store_true")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--networks", nargs="+", default=["periodic-2d", "scholz2022-2d"])
    parser.add_argument("--epochs", type=int, help="default: the network's own number")
    parser.add_argument("--frozen", help="an encoder: its folder, or shipped")
    parser.add_argument("--frames", type=int, default=3, help="3 or 10")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def _one(
    sets: Path, names: Pass, network: str, seed: int, epochs: int | None, *, frozen: bool = False
) -> dict[str, Any]:
    """A training and its evaluations; ``network`` is an encoder if its features are ``frozen``."""
    start: dict[str, Any] = {"pretrained": network, "freeze": True} if frozen else {"network": network}
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        classifier = morphoscope.train(
            sets / names.train,
            sets / names.validation,
            Path(folder) / "classifier",
            seed=seed,
            epochs=epochs,
            **start,
        )
        seconds = time.perf_counter() - begin
    found = {name: morphoscope.evaluate(classifier, sets / name) for name in names.sets}
    test = found["test"]
    return {
        "network": classifier.network,
        "seed": seed,
        "seconds": seconds,
        "kept_epoch": classifier.provenance["kept_epoch"],
        **{name: e.accuracy.value for name, e in found.items()},
        "test_seen": test.seen.value,
        "test_unseen": test.unseen.value,
        "calibration_error": test.expected_calibration_error,
        "confused": test.confused(8),
        **(_search(classifier, sets / "scan") if names is SECOND else {}),
    }


def _search(classifier: Classifier, scan: Path) -> dict[str, Any]:
    """Where the classifier reads π in the scan."""
    with tempfile.TemporaryDirectory() as folder:
        search = search_new_class(morphoscope.scan(classifier, scan, Path(folder) / "atlas"))
    return {
        "pi_of_nearest_9": search.found,
        "pi_in_scan": len(search.occurrences),
        "pi_far_away": len(search.far_away),
        "pi_farthest": max((s.distance for s in search.occurrences), default=0.0),
        "pi": [s.point for s in search.occurrences],
    }


def _columns(names: Pass) -> list[str]:
    columns = [*names.sets, "test_seen", "test_unseen"]
    return columns + ["pi_of_nearest_9", "pi_in_scan", "pi_far_away", "pi_farthest"] * (names is SECOND)


def _line(row: dict[str, Any], names: Pass) -> str:
    figures = "  ".join(f"{name} {row[name]:.4g}" for name in _columns(names))
    pi = "  π at " + " ".join("({f:g}, {k:g})".format(**point) for point in row["pi"]) if "pi" in row else ""
    return f"{row['network']} seed {row['seed']}: {figures}  {row['seconds']:.0f} s  {row['confused']}{pi}"


def _print(rows: list[dict[str, Any]], names: Pass) -> None:
    columns = (*_columns(names), "calibration_error", "seconds")
    for network in dict.fromkeys(row["network"] for row in rows):
        print("| network | figure | mean | sd | min | max |\n|---|---|---|---|---|---|")
        own = [row for row in rows if row["network"] == network]
        for name in columns:
            values = np.array([row[name] for row in own])
            spread = values.std(ddof=1) if len(values) > 1 else 0.0
            print(
                f"| {network} | {name} | {values.mean():.4f} | {spread:.4f} | {values.min():.4f} | {values.max():.4f} |"
            )
        counted: collections.Counter[tuple[str, str]] = collections.Counter()
        for row in own:
            for true, read, count in row["confused"]:
                counted[(true, read)] += count
        mean = [f"{a} read as {b} {n / len(own):.1f}" for (a, b), n in counted.most_common(6)]
        print(f"\n{network}, confusions in the test set, runs per seed: {'; '.join(mean)}\n")


if __name__ == "__main__":
    main()
