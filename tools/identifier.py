"""Make the shipped identifier: views of degraded pictures of all built-in models, a network, its calibration.

python tools/identifier.py VIEWS [VIEWS …] --runs FOLDER [FOLDER …] [--more FOLDER …] [--labelled ENSEMBLE …]
    [--photographs FOLDER]

RUNS: folders with one ensemble a model, as tools/encoder.py simulates them, of whose points 15 % are held out; MORE:
such folders for training alone. VIEWS: files (.npz) with views, each made with another seed unless it is there; the
first of the patterns of RUNS and of drawn pictures, the others of the patterns of MORE, drawn pictures, photographs.
LABELLED: ensembles of Gray–Scott with classes. PHOTOGRAPHS: see tools/photographs.py.
"""

from __future__ import annotations

import argparse
import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
import photographs
from encoder import REGIONS
from numpy.typing import NDArray

from morphoscope.cli.progress import reporter
from morphoscope.ensembles import Ensemble, Plan, make_runs
from morphoscope.learning.classifier import Classifier
from morphoscope.learning.datasets import load_labelled
from morphoscope.learning.identifier import network_of, shipped_identifier_folder
from morphoscope.learning.identifier_training import PatternBank, bank_of, fit_identifier, parameter
from morphoscope.learning.photographed import TRAINING_SIDES
from morphoscope.learning.training_views import Views, none_views, photographed_views

HELD_OUT = 0.15
VIEWS, HELD_VIEWS = 1000, 80  # of each model
GRAY_SCOTT = 2  # times as many views
NONE, HELD_NONE = 2500, 400  # drawn pictures
ADDED, ADDED_NONE, ADDED_HELD_NONE = 300, 900, 200
PHOTOGRAPHS, HELD_PHOTOGRAPHS = 1500, 400
HOMOGENEOUS = ("H", "L")
A_CLASS = 30  # labelled runs of Gray–Scott of each class


def main() -> None:
    """Views, training, calibration; replaces the shipped identifier."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("views", type=Path, nargs="+")
    parser.add_argument("--runs", type=Path, nargs="+", required=True)
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    parser.add_argument("--network", type=Path, help="weights of a network to train further")
    parser.add_argument("--labelled", type=Path, nargs="*", default=[])
    parser.add_argument("--photographs", type=Path, help="folder of pictures that are no patterns")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=shipped_identifier_folder())
    options = parser.parse_args()
    every = [_bank(name, options.runs, options.more, options.labelled) for name in sorted(REGIONS)]
    banks = [bank for bank, _ in every]
    for number, path in enumerate(options.views):
        if not path.exists():
            seed = options.seed + number
            made = added_views(every, seed, options.photographs) if number else make_views(banks, seed)
            made.save(path)
    module = network_of(options.network) if options.network else None
    identifier = fit_identifier(
        banks,
        _plans(options.runs[0]),
        Views.joined([Views.load(path) for path in options.views]),
        epochs=options.epochs,
        seed=options.seed,
        module=module,
        progress=reporter(),
    )
    identifier.save(options.out, overwrite=True)
    print(identifier.provenance["calibration"])


def _bank(name: str, runs: list[Path], more: list[Path], labelled: list[Path]) -> tuple[PatternBank, int]:
    """All patterns of a model, those of MORE last, and how many are not of MORE; Gray–Scott's have classes."""
    first, others = (
        [
            bank_of(Ensemble(folder / name), tuple(REGIONS[name].ranges))
            for folder in folders
            if (folder / name).exists()
        ]
        for folders in (runs, more)
    )
    bank = first[0].joined(first[1:])
    if name != "gray-scott":
        return bank.split(HELD_OUT).joined(others), len(bank.frames)
    classifier = Classifier.load("gray-scott-second-pass")
    found = classifier.outputs(bank.frames.astype(np.float32))
    assert found.known is not None
    read = [classifier.classes[i] if known >= 0.5 else "" for i, known in zip(
        found.probabilities.argmax(axis=1), found.known, strict=True)]  # fmt: skip
    read = ["" if name in HOMOGENEOUS else name for name in read]
    bank = dataclasses.replace(bank, labels=np.array(read)).split(HELD_OUT)
    for folder in labelled:
        data = load_labelled(Ensemble(folder))
        chosen = _some_of_each(np.array(data.labels))
        rows = [dict(data.points[i]) for i in chosen]
        points = np.array([[row["f"], parameter(row, "beyond")] for row in rows])
        bank = bank.extended(data.frames[chosen], points, np.array(data.labels)[chosen])
    return bank, len(bank.frames)


def _plans(folder: Path) -> dict[str, Plan]:
    """How each model was simulated, with one run."""
    plans = {name: Ensemble(folder / name).plan for name in sorted(REGIONS)}
    return {
        name: dataclasses.replace(plan, runs=make_runs(plan.model, [(plan.runs[0].parameters, None)], 0))
        for name, plan in plans.items()
    }


def _some_of_each(labels: NDArray[np.str_]) -> NDArray[np.intp]:
    random = np.random.default_rng(0)
    names = sorted(set(labels.tolist()) - set(HOMOGENEOUS))
    chosen = [random.permutation(np.flatnonzero(labels == name))[:A_CLASS] for name in names]
    return np.concatenate(chosen)


def make_views(banks: list[PatternBank], seed: int) -> Views:
    """Synthetic photographs of all patterns, in canonical views; and of pictures that are none."""
    with reporter().task("photographs", len(banks) + 1, "models") as task:
        parts = []
        for number, bank in enumerate(banks):
            random = np.random.default_rng([seed, number])
            factor = GRAY_SCOTT if bank.model == "gray-scott" else 1
            parts.append(photographed_views(bank, number, factor * VIEWS, factor * HELD_VIEWS, random))
            task.advance(1, bank.model)
        parts.append(photographed_views(None, len(banks), NONE, HELD_NONE, np.random.default_rng([seed, 99]), banks))
        task.advance(1, "none")
    return Views.joined(parts)


def added_views(every: list[tuple[PatternBank, int]], seed: int, folder: Path | None) -> Views:
    """Views of the patterns of MORE, for training alone; of drawn pictures and photographs, which are no patterns."""
    count = len(every)
    parts = [] if folder is None else _views_of_photographs(folder, count, np.random.default_rng([seed, 98]))
    random, banks = np.random.default_rng([seed, 99]), [bank for bank, _ in every]
    parts.append(photographed_views(None, count, ADDED_NONE, ADDED_HELD_NONE, random, banks))
    for number, (bank, first) in enumerate(every):
        if first < len(bank.frames):
            random = np.random.default_rng([seed, number])
            parts.append(photographed_views(bank, number, ADDED, 0, random, first=first))
    return Views.joined(parts)


def _views_of_photographs(folder: Path, number: int, random: np.random.Generator) -> list[Views]:
    """Crops of photographs as pictures of no model; the photographs of the views held out are others."""
    sets = photographs.split(photographs.photographs_in(folder))
    return [
        none_views(partial(photographs.crop_of, pictures, random, TRAINING_SIDES), number, count, held, random)
        for pictures, count, held in zip(sets, (PHOTOGRAPHS, HELD_PHOTOGRAPHS), (False, True), strict=True)
    ]


if __name__ == "__main__":
    main()
