"""Fit the readers of the shipped identifier again, to pictures of points that nothing was trained on.

python tools/identifier_readers.py RUNS --start IDENTIFIER

RUNS: a folder for ensembles (Sobol seeds 101, 103 and 105, in the ranges of tools/encoder.py, and Gray–Scott's bubbles)
and for the embeddings of their pictures, which are made unless they are there. IDENTIFIER: the folder of one as
tools/identifier.py makes it, whose network, kinds and posteriors stay. Replaces the shipped identifier.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from encoder import REGIONS, plan_of
from numpy.typing import NDArray
from scipy import ndimage
from scipy.stats import qmc

import morphoscope
from morphoscope.cli.progress import reporter
from morphoscope.ensembles import Ensemble, Plan
from morphoscope.learning.canonical import canonical_views
from morphoscope.learning.identifier import Identifier, shipped_identifier_folder
from morphoscope.learning.pattern_bank import PatternBank, bank_of
from morphoscope.learning.photographed import TRAINING_SIDES, photographed, processed
from morphoscope.learning.recalibration import Pictures, measured, recalibrated
from morphoscope.learning.rough import processed_or_rough, rough
from morphoscope.learning.unpatterned import broad_noise, grains, single_pixels, unpatterned

NAMES = sorted(REGIONS)
BUBBLES = "bubbles"  # of Gray–Scott, at larger f, from holes in its other steady state
BUBBLES_F, BUBBLES_BEYOND = (0.085, 0.11), (-0.004, -0.0001)
Picture = NDArray[np.float64]
Process = Callable[[Picture, np.random.Generator, float], Picture]


def filtered(picture: Picture, random: np.random.Generator, scale: float) -> Picture:
    """One or two of: a median filter, an unsharp mask, few grey levels, blur along one direction."""
    for kind in random.choice(4, int(random.integers(1, 3)), replace=False):
        if kind == 0:
            picture = ndimage.median_filter(picture, size=2 * max(1, round(random.uniform(0.4, 1.2) * scale)) + 1)
        elif kind == 1:
            much = random.uniform(0.5, 3)
            fine = picture - ndimage.gaussian_filter(picture, random.uniform(0.5, 2.5) * scale)
            picture = np.clip(picture + much * fine, -0.3, 1.3)
        elif kind == 2:
            levels = int(random.integers(3, 9))
            picture = np.round(levels * np.clip(picture, 0, 1)) / levels
        else:
            length = max(2, round(random.uniform(1, 4) * scale))
            picture = ndimage.uniform_filter1d(picture, length, axis=int(random.integers(2)))
        picture = _unit(picture)
    return picture


#: By name: the seed of the points, points (of Gray–Scott, of others), pictures of a model, their seed, at most so many
#: windows, and by which each is changed, in turn.
SETS: dict[str, tuple[int, tuple[int, int], int, int, int, tuple[Process | None, ...]]] = {
    "training": (103, (128, 64), 180, 601, 1, (None, processed, rough)),
    "calibration": (101, (96, 48), 90, 501, 4, (None, processed, filtered)),
    "rough-calibration": (105, (128, 64), 36, 701, 2, (rough, rough, None)),
}
FEWER = {"may-leonard": 40, "oregonator": 40, "schnakenberg": 40, "swift-hohenberg": 40}  # points of seed 105
NONE = (("training", 120, 1), ("calibration", 40, 2))  # pictures of a part, windows
NONE_PARTS = tuple((801, number) for number in range(4))  # their seeds


def main() -> None:
    """Simulate, photograph, fit, measure; replaces the shipped identifier."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=shipped_identifier_folder())
    options = parser.parse_args()
    start = Identifier.open(options.start)
    made = {name: _pictures(options.runs, name, start) for name in SETS}
    none = _none_pictures(options.runs, start)
    training = Pictures.joined([made["training"], none["training"]])
    judged = Pictures.joined([made["calibration"], made["rough-calibration"], none["calibration"]])
    # where the method was chosen: points of one half calibrate, the others judge
    rows = np.where(judged.patterns < 0, np.arange(len(judged.patterns)), judged.patterns)
    odd = rows % 2 == 1
    halves = [judged.at(~odd), judged.at(odd)]
    print("shipped before:", measured(start, halves[1]))
    print("half calibrated:", measured(recalibrated(start, training, halves[0]), halves[1]))
    identifier = recalibrated(start, training, judged)
    identifier.provenance["readers"] = measured(identifier, judged)
    identifier.save(options.out, overwrite=True)


def _pictures(folder: Path, name: str, identifier: Identifier) -> Pictures:
    """Pictures of all models, each as the identifier reads it."""
    path = folder / f"{name}.npz"
    if path.exists():
        return Pictures.load(path)
    points, counts, each, seed, windows, processes = SETS[name]
    parts = []
    with reporter().task(name, len(NAMES), "models") as task:
        for number, model in enumerate(NAMES):
            bank = _bank(folder / name, model, points, counts)
            random = np.random.default_rng([seed, number])
            count = each * (2 if model == "gray-scott" else 1)
            repeats = count // len(bank.frames) + 1
            chosen = np.concatenate([random.permutation(len(bank.frames)) for _ in range(repeats)])[:count]
            places = np.unique(bank.points, axis=0, return_inverse=True)[1].reshape(-1)
            shown = [
                _photograph(bank.frames[row, -1], random, processes[turn % len(processes)])
                for turn, row in enumerate(chosen.tolist())
            ]
            found = np.stack([identifier.embedding(canonical_views(picture, windows)) for picture in shown])
            parts.append(Pictures(found, np.full(count, number), places[chosen]))
            task.advance(1, model)
    made = Pictures.joined(parts)
    made.save(path)
    return made


def _photograph(field: NDArray[np.floating], random: np.random.Generator, process: Process | None) -> Picture:
    share = 0.0 if process is None else 1.0
    return np.asarray(photographed(field.astype(np.float32), random, TRAINING_SIDES, share, process)[0])


def _bank(folder: Path, model: str, seed: int, counts: tuple[int, int]) -> PatternBank:
    def bank(name: str, plan: Plan) -> PatternBank:
        morphoscope.ensemble(plan, folder / name, storage="float16", workers=1)
        return bank_of(Ensemble(folder / name), tuple(REGIONS[model].ranges))

    if model != "gray-scott":
        count = FEWER.get(model, counts[1]) if seed == SETS["rough-calibration"][0] else counts[1]
        return bank(model, plan_of(model, count, seed=seed, replicates=1))
    own = bank(model, plan_of(model, counts[0], seed=seed, replicates=1))
    return own if seed == SETS["calibration"][0] else own.joined([bank(BUBBLES, _bubbles(seed))])


def _bubbles(seed: int, points: int = 32) -> Plan:
    """Gray–Scott at larger f, from discs of the trivial steady state in the other one."""
    unit = qmc.Sobol(2, scramble=True, rng=np.random.default_rng(seed)).random(points)
    low, high = np.array([BUBBLES_F, BUBBLES_BEYOND]).T
    rows = [{"f": float(f), "k": math.sqrt(f) / 2 - f + float(b)} for f, b in low + (high - low) * unit]
    times = REGIONS["gray-scott"].times
    return morphoscope.scan_plan(
        "gray-scott", points=rows, replicates=1, until=times[-1], times=times, initial="inverse:count=25,radius=5",
        seed=seed,
    )  # fmt: skip


def _none_pictures(folder: Path, identifier: Identifier) -> dict[str, Pictures]:
    paths = {name: folder / f"none-{name}.npz" for name, *_ in NONE}
    if not all(path.exists() for path in paths.values()):
        points, counts, *_ = SETS["training"]
        fields = [_bank(folder / "training", model, points, counts).frames[:, -1] for model in NAMES]
        rows: dict[str, list[NDArray[np.float32]]] = {name: [] for name in paths}
        for part in NONE_PARTS:
            random = np.random.default_rng(part)
            for name, count, windows in NONE:
                for picture in _without_pattern(count, fields, random):
                    rows[name].append(identifier.embedding(canonical_views(picture, windows)))
        for name, own in rows.items():
            Pictures(np.stack(own), np.full(len(own), len(NAMES)), np.full(len(own), -1)).save(paths[name])
    return {name: Pictures.load(path) for name, path in paths.items()}


def _without_pattern(count: int, fields: list[NDArray[np.floating]], random: np.random.Generator) -> Iterator[Picture]:
    """Half of them noise in a band or in single pixels and grains, half of any kind; half of all photographed."""
    own = (broad_noise, broad_noise, single_pixels, grains)
    for number in range(count):
        side = int(random.integers(*TRAINING_SIDES)) // 16 * 16
        if number % 2 == 0:
            picture = _unit(own[number // 2 % 4](random, side))
        else:
            several = fields[int(random.integers(len(fields)))]
            picture = unpatterned(random, side, several[int(random.integers(len(several)))].astype(np.float32))
        if random.random() < 0.5:
            picture = np.asarray(
                photographed(picture.astype(np.float32), random, TRAINING_SIDES, 0.3, processed_or_rough)[0]
            )
        yield picture


def _unit(picture: Picture) -> Picture:
    return np.asarray((picture - picture.min()) / max(float(np.ptp(picture)), 1e-12))


if __name__ == "__main__":
    main()
