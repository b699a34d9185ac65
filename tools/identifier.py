"""Make the shipped identifier: views of degraded pictures of all built-in models, a network, its calibration.

python tools/identifier.py VIEWS --runs FOLDER [FOLDER …] [--more FOLDER …] [--labelled ENSEMBLE …]
    [--photographs FOLDER]

RUNS: folders with one ensemble a model, as tools/encoder.py simulates them, of whose points 15 % are held out; MORE:
such folders for training alone. LABELLED: ensembles of Gray–Scott with classes, of whose points 15 % are held out.
PHOTOGRAPHS: see tools/photographs.py. VIEWS: a file (.npz) with the views, which is made unless it is there.
``--small`` has a hundredth of the views, for a first try.
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
from morphoscope.learning.identifying.identifier import network_of, shipped_identifier_folder
from morphoscope.learning.identifying.pattern_bank import PatternBank, bank_of, held_points, parameter
from morphoscope.learning.identifying.photographed import TRAINING_SIDES
from morphoscope.learning.identifying.training import fit_identifier
from morphoscope.learning.identifying.training_views import Views, none_views, photographed_views
from morphoscope.learning.prediction import LEAST_KNOWN

HELD_OUT = 0.15
VIEWS, HELD_VIEWS = 1000, 80  # of each model
GRAY_SCOTT = 2  # times as many views
NONE, HELD_NONE = 3400, 600  # drawn pictures
PHOTOGRAPHS, HELD_PHOTOGRAPHS = 3000, 400
HOMOGENEOUS = ("H", "L")
A_CLASS, HELD_A_CLASS = 60, 8  # labelled runs of Gray–Scott of each class
PROCESSED = 0.3  # of the pictures for training
SMALL = 100  # parts, one of which a first try has


def main() -> None:
    """Views, training, calibration; replaces the shipped identifier."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("views", type=Path)
    parser.add_argument("--runs", type=Path, nargs="+", required=True)
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    parser.add_argument("--network", type=Path, help="weights of a network to train further")
    parser.add_argument("--labelled", type=Path, nargs="*", default=[])
    parser.add_argument("--photographs", type=Path, help="folder of pictures that are no patterns")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--out", type=Path, default=shipped_identifier_folder())
    options = parser.parse_args()
    banks = [_bank(name, options.runs, options.more, options.labelled) for name in sorted(REGIONS)]
    share = 1 / SMALL if options.small else 1.0
    if not options.views.exists():
        make_views(banks, options.seed, options.photographs, share).save(options.views)
    module = network_of(options.network) if options.network else None
    identifier = fit_identifier(
        banks,
        _plans(options.runs[0]),
        Views.load(options.views),
        processed_views(banks, options.seed, share),
        epochs=options.epochs,
        seed=options.seed,
        module=module,
        progress=reporter(),
    )
    identifier.save(options.out, overwrite=True)
    print(identifier.provenance["calibration"])


def _bank(name: str, runs: list[Path], more: list[Path], labelled: list[Path]) -> PatternBank:
    """All patterns of a model; Gray–Scott's have classes. Points are held out before faint patterns are left out."""
    first, others = (
        [
            bank_of(Ensemble(folder / name), tuple(REGIONS[name].ranges), faint=True)
            for folder in folders
            if (folder / name).exists()
        ]
        for folders in (runs, more)
    )
    bank = first[0].joined(first[1:])
    if name != "gray-scott":
        return bank.split(HELD_OUT).joined(others).without_faint()
    bank = dataclasses.replace(bank, labels=_read(bank.frames)).split(HELD_OUT)
    for folder in labelled:
        data = load_labelled(Ensemble(folder))
        labels = np.array(data.labels)
        points = np.array([[row["f"], parameter(row, "beyond")] for row in map(dict, data.points)])
        held = held_points(points, HELD_OUT)
        chosen = np.concatenate([_some_of_each(labels, ~held, A_CLASS), _some_of_each(labels, held, HELD_A_CLASS)])
        bank = bank.extended(data.frames[chosen], points[chosen], labels[chosen], held[chosen])
    return bank.without_faint()


def _read(frames: NDArray[np.floating]) -> NDArray[np.str_]:
    """The class that the shipped classifier reads in runs of Gray–Scott; "" if it is unknown or homogeneous."""
    classifier = Classifier.load("gray-scott-second-pass")
    found = classifier.outputs(frames.astype(np.float32))
    assert found.known is not None
    names = np.array(classifier.classes)[found.probabilities.argmax(axis=1)]
    return np.where((found.known >= LEAST_KNOWN) & ~np.isin(names, HOMOGENEOUS), names, "")


def _plans(folder: Path) -> dict[str, Plan]:
    """How each model was simulated, with one run."""
    plans = {name: Ensemble(folder / name).plan for name in sorted(REGIONS)}
    return {
        name: dataclasses.replace(plan, runs=make_runs(plan.model, [(plan.runs[0].parameters, None)], 0))
        for name, plan in plans.items()
    }


def _some_of_each(labels: NDArray[np.str_], among: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    random = np.random.default_rng(0)
    names = sorted(set(labels.tolist()) - set(HOMOGENEOUS))
    return np.concatenate([random.permutation(np.flatnonzero(among & (labels == name)))[:most] for name in names])


def make_views(banks: list[PatternBank], seed: int, folder: Path | None, share: float = 1.0) -> Views:
    """Synthetic photographs of all patterns, in canonical views; pictures that are none: drawn ones, photographs."""

    def some(count: int) -> int:
        return max(4, round(share * count))

    none = len(banks)
    with reporter().task("photographs", none + 1, "models") as task:
        parts = []
        for number, bank in enumerate(banks):
            random = np.random.default_rng([seed, number])
            factor = GRAY_SCOTT if bank.model == "gray-scott" else 1
            count = some(factor * VIEWS)
            parts.append(photographed_views(bank, number, count, 0, random, share_processed=PROCESSED))
            parts.append(photographed_views(bank, number, 0, some(factor * HELD_VIEWS), random))
            task.advance(1, bank.model)
        random = np.random.default_rng([seed, 99])
        parts.append(photographed_views(None, none, some(NONE), 0, random, banks, PROCESSED))
        parts.append(photographed_views(None, none, 0, some(HELD_NONE), random, banks))
        if folder is not None:
            counts = some(PHOTOGRAPHS), some(HELD_PHOTOGRAPHS)
            parts += _views_of_photographs(folder, none, counts, np.random.default_rng([seed, 98]))
        task.advance(1, "none")
    return Views.joined(parts)


def processed_views(banks: list[PatternBank], seed: int, share: float) -> Views:
    """Processed pictures of patterns that were held out, to calibrate compatibility."""
    count = max(4, round(share * HELD_VIEWS))
    return Views.joined([
        photographed_views(bank, number, 0, count, np.random.default_rng([seed, number, 1]), share_processed=1.0)
        for number, bank in enumerate(banks)
    ])  # fmt: skip


def _views_of_photographs(
    folder: Path, number: int, counts: tuple[int, int], random: np.random.Generator
) -> list[Views]:
    """Crops of photographs as pictures of no model; the photographs of the views held out are others."""
    sets = photographs.split(photographs.photographs_in(folder))
    return [
        none_views(
            partial(photographs.crop_of, pictures, random, TRAINING_SIDES, 0.0 if held else PROCESSED),
            number,
            count,
            held,
            random,
        )
        for pictures, count, held in zip(sets, counts, (False, True), strict=True)
    ]


if __name__ == "__main__":
    main()
